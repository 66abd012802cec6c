"""Refresh tokens: rotation, replay, cookies, and the end of sign-ins."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from taxlien.interfaces.auth import RefreshTokenReused
from taxlien.services.auth import service

COOKIE = {"x-requested-with": "taxlien"}


async def refresh(client: Any, token: str, **fields: Any) -> Any:
    return await client.post("/v1/auth/refresh", json={"refresh_token": token, **fields})


async def age_use(auth_database: Any, seconds: int = 60) -> None:
    """Let the exchanges so far have happened earlier than a grace for lost answers reaches."""
    await auth_database.rows(
        "UPDATE auth.refresh_tokens SET used_at = used_at - make_interval(secs => :s)", s=seconds
    )


async def test_refresh_gives_a_new_pair_of_the_same_sign_in(
    app_client: Any, signed_in: Any
) -> None:
    answer = await refresh(app_client, signed_in.refresh_token)
    found = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert found["session_id"] == str(signed_in.session_id)
    assert found["refresh_token"] != signed_in.refresh_token
    app_client.access_token = found["access_token"]
    assert (await app_client.get("/v1/auth/me")).status_code == 200
    assert (await refresh(app_client, found["refresh_token"])).status_code == 200


async def test_refresh_tokens_are_stored_as_hashes_only(signed_in: Any, auth_database: Any) -> None:
    stored = await auth_database.rows(
        "SELECT r::text, d::text FROM auth.refresh_tokens r, auth.devices d"
    )
    assert signed_in.refresh_token not in str(stored)
    assert signed_in.device_token not in str(stored)


async def test_used_token_that_returns_ends_its_family_and_tells_the_owner(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    newer = (await refresh(app_client, signed_in.refresh_token)).json()["refresh_token"]
    await age_use(auth_database)
    await auth_database.events()
    replayed = await refresh(app_client, signed_in.refresh_token)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "refresh_refused")
    [event] = await auth_database.events()
    assert isinstance(event, RefreshTokenReused)
    assert event.user_id == signed_in.user_id
    assert (await refresh(app_client, newer)).status_code == 401
    assert (await app_client.get("/v1/auth/me")).json()["code"] == "session_ended"
    assert await auth_database.events() == []  # told once


async def test_replay_ends_only_its_own_family(
    new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    one, other = new_client(), new_client()
    first, second = await one.sign_in(person), await other.sign_in(person)
    await refresh(one, first.refresh_token)
    await age_use(auth_database)
    await refresh(one, first.refresh_token)
    assert (await one.get("/v1/auth/me")).status_code == 401
    assert (await refresh(other, second.refresh_token)).status_code == 200


@pytest.fixture
async def grace(auth_settings: Any) -> None:
    """A used token may return for ten seconds without ending its sign-in."""
    auth_settings.setenv("TAXLIEN_AUTH_REFRESH_GRACE_SECONDS", "10")
    await service.close()


async def test_used_token_that_returns_at_once_is_a_theft_unless_a_grace_is_set(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    newer = (await refresh(app_client, signed_in.refresh_token)).json()["refresh_token"]
    assert (await refresh(app_client, signed_in.refresh_token)).status_code == 401
    assert len(await auth_database.events_of(RefreshTokenReused)) == 1
    assert (await refresh(app_client, newer)).status_code == 401


async def test_within_the_grace_a_lost_answer_costs_no_sign_in_and_gives_nothing_twice(
    app_client: Any, auth_database: Any, signed_in: Any, grace: None
) -> None:
    newer = (await refresh(app_client, signed_in.refresh_token)).json()["refresh_token"]
    again = await refresh(app_client, signed_in.refresh_token)
    assert again.status_code == 401
    assert "access_token" not in again.json()
    assert await auth_database.events_of(RefreshTokenReused) == []
    assert (await refresh(app_client, newer)).status_code == 200


async def test_after_the_grace_a_used_token_ends_its_family(
    app_client: Any, auth_database: Any, signed_in: Any, grace: None
) -> None:
    newer = (await refresh(app_client, signed_in.refresh_token)).json()["refresh_token"]
    await age_use(auth_database)
    await refresh(app_client, signed_in.refresh_token)
    assert len(await auth_database.events_of(RefreshTokenReused)) == 1
    assert (await refresh(app_client, newer)).status_code == 401


async def test_of_two_refreshes_at_once_exactly_one_wins(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    answers = await asyncio.gather(
        *(refresh(app_client, signed_in.refresh_token) for _ in range(6))
    )
    assert sorted(a.status_code for a in answers) == [200, 401, 401, 401, 401, 401]
    assert len(await auth_database.events_of(RefreshTokenReused)) == 1


async def test_within_the_grace_the_winner_of_many_refreshes_stays_signed_in(
    app_client: Any, signed_in: Any, grace: None
) -> None:
    answers = await asyncio.gather(
        *(refresh(app_client, signed_in.refresh_token) for _ in range(6))
    )
    [winner] = [a.json()["refresh_token"] for a in answers if a.status_code == 200]
    assert (await refresh(app_client, winner)).status_code == 200


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE auth.refresh_tokens SET expires_at = now()",
        "UPDATE auth.sessions SET expires_at = now()",
        "UPDATE auth.sessions SET revoked_at = now()",
        "UPDATE auth.accounts SET status = 'disabled'",
    ],
)
async def test_refresh_is_refused_when_token_sign_in_or_account_is_over(
    app_client: Any, auth_database: Any, signed_in: Any, spoil: str
) -> None:
    await auth_database.rows(spoil)
    answer = await refresh(app_client, signed_in.refresh_token)
    assert (answer.status_code, answer.json()["code"]) == (401, "refresh_refused")


@pytest.mark.parametrize("token", ["x", "A" * 43, "' OR 1=1 --", "\u0000"])
async def test_token_that_was_never_given_is_refused(app_client: Any, token: str) -> None:
    assert (await refresh(app_client, token)).status_code == 401


async def test_request_without_any_token_is_refused(app_client: Any) -> None:
    assert (await app_client.post("/v1/auth/refresh")).status_code == 401


async def test_refresh_carries_roles_and_tier_of_now(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    await auth_database.rows("UPDATE auth.accounts SET tier = 'premium', roles = '{developer}'")
    app_client.access_token = (await refresh(app_client, signed_in.refresh_token)).json()[
        "access_token"
    ]
    identity = await app_client._identity()
    assert (identity["x-tier"], identity["x-roles"]) == ("premium", "developer")


async def test_logout_ends_the_sign_in_at_once_though_the_access_token_runs_on(
    app_client: Any, signed_in: Any
) -> None:
    assert (await app_client.get("/v1/auth/me")).status_code == 200
    body = {"refresh_token": signed_in.refresh_token}
    assert (await app_client.post("/v1/auth/logout", json=body)).status_code == 204
    after = await app_client.get("/v1/auth/me")
    assert (after.status_code, after.json()["code"]) == (401, "session_ended")
    assert (await refresh(app_client, signed_in.refresh_token)).status_code == 401
    assert (await app_client.post("/v1/auth/logout", json=body)).status_code == 204


async def test_logout_by_access_token_ends_that_sign_in_alone(
    new_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    one, other = new_client(), new_client()
    await one.sign_in(person)
    await other.sign_in(person)
    assert (await one.post("/v1/auth/logout")).status_code == 204
    assert (await one.get("/v1/auth/me")).status_code == 401
    assert (await other.get("/v1/auth/me")).status_code == 200


async def test_logout_all_ends_every_sign_in(new_client: Any, sign_up_verified: Any) -> None:
    person = await sign_up_verified()
    clients = [new_client() for _ in range(3)]
    bearers = [await client.sign_in(person) for client in clients]
    assert (await clients[0].post("/v1/auth/logout-all")).status_code == 204
    for client, bearer in zip(clients, bearers, strict=True):
        assert (await client.get("/v1/auth/me")).status_code == 401
        assert (await refresh(client, bearer.refresh_token)).status_code == 401


async def test_browser_keeps_its_tokens_where_scripts_cannot_read_them(
    app_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    body = {"email": person.email, "password": person.password, "cookie": True}
    answer = await app_client.post("/v1/auth/login", json=body, headers=COOKIE)
    found = answer.json()
    assert (found["refresh_token"], found["device_token"]) == (None, None)
    cookies = answer.headers.get_list("set-cookie")
    assert [c.partition("=")[0] for c in cookies] == ["taxlien_refresh", "taxlien_device"]
    for cookie in cookies:
        for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/v1/auth"):
            assert word in cookie
    renewed = await app_client.post("/v1/auth/refresh", headers=COOKIE)
    assert renewed.status_code == 200
    assert renewed.json()["refresh_token"] is None
    out = await app_client.post("/v1/auth/logout", headers=COOKIE)
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert (await app_client.post("/v1/auth/refresh", headers=COOKIE)).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-requested-with": "XMLHttpRequest"},
        {**COOKIE, "origin": "https://evil.example"},
        {**COOKIE, "origin": "null"},
        {**COOKIE, "origin": "https://taxlien.test.evil.example"},
        {"origin": "https://taxlien.test"},
    ],
)
@pytest.mark.parametrize("path", ["refresh", "logout"])
async def test_cookies_are_refused_from_another_site(
    app_client: Any, sign_up_verified: Any, path: str, headers: dict[str, str]
) -> None:
    person = await sign_up_verified()
    body = {"email": person.email, "password": person.password, "cookie": True}
    assert (await app_client.post("/v1/auth/login", json=body, headers=headers)).status_code == 403
    await app_client.post("/v1/auth/login", json=body, headers=COOKIE)
    refused = await app_client.post(f"/v1/auth/{path}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "cross_site_refused")
    own = {**COOKIE, "origin": "https://taxlien.test"}
    assert (await app_client.post("/v1/auth/refresh", headers=own)).status_code == 200


async def test_refresh_beside_a_logout_leaves_nothing_that_works(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    for _ in range(8):
        bearer = await app_client.sign_in(person)
        renewed, _ = await asyncio.gather(
            refresh(app_client, bearer.refresh_token), app_client.post("/v1/auth/logout")
        )
        if renewed.status_code == 200:
            late = await refresh(app_client, renewed.json()["refresh_token"])
            assert late.status_code == 401
        assert (await app_client.get("/v1/auth/me")).status_code == 401
