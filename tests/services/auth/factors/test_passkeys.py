"""Passkeys over HTTP, with an authenticator in software."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from taxlien.interfaces.auth import SecondFactorChanged
from taxlien.services.auth import repository

ORIGIN = "https://taxlien.test"


@pytest.fixture(params=[-7, -8], ids=["ES256", "EdDSA"])
def phone(request: pytest.FixtureRequest, authenticator: Callable[..., Any]) -> Any:
    return authenticator(ORIGIN, algorithm=request.param)


@pytest.fixture
def key(authenticator: Callable[..., Any]) -> Any:
    return authenticator(ORIGIN)


async def register(client: Any, device: Any, name: str = "Phone", **proof: Any) -> dict[str, Any]:
    asked = await client.post("/v1/auth/passkeys/register/options", json=proof)
    assert asked.status_code == 200, asked.text
    body = {"credential": device.create(asked.json()["options"]), "name": name}
    answer = await client.post("/v1/auth/passkeys/register", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def sign_in(client: Any, device: Any, **how: Any) -> Any:
    options = (await client.post("/v1/auth/passkeys/login/options")).json()["options"]
    return await client.post(
        "/v1/auth/passkeys/login", json={"credential": device.get(options, **how)}
    )


async def test_a_passkey_signs_in_without_a_user_name_or_a_password(
    app_client: Any, new_client: Any, signed_in: Any, phone: Any, auth_database: Any
) -> None:
    await auth_database.events()
    made = await register(app_client, phone)
    assert made["passkey"]["name"] == "Phone"
    assert len(made["recovery_codes"]) == 10
    told = await auth_database.events_of(SecondFactorChanged)
    assert ("passkey", "added") in {(event.factor, event.change) for event in told}
    client = new_client()
    answer = await sign_in(client, phone)
    assert answer.status_code == 200, answer.text
    client.access_token = answer.json()["access_token"]
    assert (await client.get("/v1/auth/me")).json()["user_id"] == str(signed_in.user_id)
    [(methods,)] = await auth_database.rows(
        "SELECT methods FROM auth.sessions WHERE session_id = :id", id=answer.json()["session_id"]
    )
    assert methods == ["passkey"]


async def test_options_to_sign_in_name_nobody(new_client: Any) -> None:
    options = (await new_client().post("/v1/auth/passkeys/login/options")).json()["options"]
    assert options["rpId"] == "taxlien.test"
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")


async def test_a_question_is_answered_once(
    app_client: Any, new_client: Any, signed_in: Any, key: Any
) -> None:
    await register(app_client, key)
    client = new_client()
    options = (await client.post("/v1/auth/passkeys/login/options")).json()["options"]
    first = {"credential": key.get(options)}
    assert (await client.post("/v1/auth/passkeys/login", json=first)).status_code == 200
    for credential in (first["credential"], key.get(options)):
        again = await client.post("/v1/auth/passkeys/login", json={"credential": credential})
        assert (again.status_code, again.json()["code"]) == (401, "passkey_refused")


async def test_a_wrong_answer_uses_the_question_up(
    app_client: Any, new_client: Any, signed_in: Any, key: Any
) -> None:
    await register(app_client, key)
    client = new_client()
    options = (await client.post("/v1/auth/passkeys/login/options")).json()["options"]
    wrong = {"credential": key.get(options, verified=False)}
    assert (await client.post("/v1/auth/passkeys/login", json=wrong)).status_code == 401
    right = {"credential": key.get(options)}
    assert (await client.post("/v1/auth/passkeys/login", json=right)).status_code == 401


async def test_a_question_grows_too_old(
    app_client: Any, new_client: Any, signed_in: Any, key: Any, auth_database: Any
) -> None:
    await register(app_client, key)
    client = new_client()
    options = (await client.post("/v1/auth/passkeys/login/options")).json()["options"]
    await auth_database.rows("UPDATE auth.passkey_ceremonies SET expires_at = now()")
    late = {"credential": key.get(options)}
    assert (await client.post("/v1/auth/passkeys/login", json=late)).status_code == 401
    await client.post("/v1/auth/passkeys/login/options")
    assert await auth_database.count("passkey_ceremonies") == 1, "the old one was forgotten"


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"verified": False},
        {"user_handle": UUID(int=5).bytes},
    ],
    ids=["another page", "user not verified", "another user's handle"],
)
async def test_an_answer_that_is_not_for_us_is_refused(
    app_client: Any, new_client: Any, signed_in: Any, key: Any, how: dict[str, Any]
) -> None:
    await register(app_client, key)
    refused = await sign_in(new_client(), key, **how)
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_refused")


async def test_a_copied_passkey_is_refused_by_its_count(
    app_client: Any, new_client: Any, signed_in: Any, key: Any
) -> None:
    await register(app_client, key)
    assert (await sign_in(new_client(), key, sign_count=10)).status_code == 200
    for copied in (10, 9, 0):
        assert (await sign_in(new_client(), key, sign_count=copied)).status_code == 401
    assert (await sign_in(new_client(), key, sign_count=11)).status_code == 200


async def test_of_two_answers_with_the_same_count_at_once_one_is_taken(
    app_client: Any, new_client: Any, signed_in: Any, key: Any
) -> None:
    await register(app_client, key)
    clients = [new_client() for _ in range(6)]
    asked = await asyncio.gather(*(c.post("/v1/auth/passkeys/login/options") for c in clients))
    answers = await asyncio.gather(
        *(
            c.post(
                "/v1/auth/passkeys/login",
                json={"credential": key.get(one.json()["options"], sign_count=5)},
            )
            for c, one in zip(clients, asked, strict=True)
        )
    )
    assert sorted(a.status_code for a in answers) == [200] + [401] * 5


async def test_an_authenticator_that_does_not_count_signs_in_again_and_again(
    app_client: Any, new_client: Any, signed_in: Any, authenticator: Callable[..., Any]
) -> None:
    synced = authenticator(ORIGIN, counts=False)
    await register(app_client, synced)
    for _ in range(3):
        assert (await sign_in(new_client(), synced)).status_code == 200


async def test_a_password_is_not_enough_any_more_where_there_is_a_passkey(
    app_client: Any, new_client: Any, sign_up_verified: Any, key: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    await register(app_client, key)
    client = new_client()
    body = {"email": person.email, "password": person.password}
    asked = (await client.post("/v1/auth/login", json=body)).json()
    assert asked["methods"] == ["passkey", "recovery_code"]
    challenge = asked["challenge"]
    found = await client.post("/v1/auth/passkeys/login/options", json={"challenge": challenge})
    options = found.json()["options"]
    assert [one["type"] for one in options["allowCredentials"]] == ["public-key"]
    answer = {"challenge": challenge, "method": "passkey", "credential": key.get(options)}
    done = await client.post("/v1/auth/login/second-factor", json=answer)
    assert done.status_code == 200, done.text


async def test_an_answer_to_one_question_is_none_to_another(
    app_client: Any, new_client: Any, sign_up_verified: Any, key: Any
) -> None:
    """A sign-in with a passkey is no second factor, no proof and no registration, and the reverse."""
    person = await sign_up_verified()
    await app_client.sign_in(person)
    await register(app_client, key)
    client = new_client()
    body = {"email": person.email, "password": person.password}
    challenge = (await client.post("/v1/auth/login", json=body)).json()["challenge"]
    free = (await client.post("/v1/auth/passkeys/login/options")).json()["options"]
    answer = {"challenge": challenge, "method": "passkey", "credential": key.get(free)}
    assert (await client.post("/v1/auth/login/second-factor", json=answer)).status_code == 401
    bound = await client.post("/v1/auth/passkeys/login/options", json={"challenge": challenge})
    other = {"credential": key.get(bound.json()["options"])}
    assert (await client.post("/v1/auth/passkeys/login", json=other)).status_code == 401
    asked = (await app_client.post("/v1/auth/passkeys/proof/options")).json()["options"]
    other = {"credential": key.get(asked)}
    assert (await client.post("/v1/auth/passkeys/login", json=other)).status_code == 401


async def test_options_for_an_unknown_challenge_are_refused(new_client: Any) -> None:
    refused = await new_client().post(
        "/v1/auth/passkeys/login/options", json={"challenge": "made-up"}
    )
    assert (refused.status_code, refused.json()["code"]) == (401, "challenge_over")


async def test_a_passkey_of_somebody_else_completes_no_sign_in_of_mine(
    app_client: Any, new_client: Any, sign_up_verified: Any, authenticator: Callable[..., Any]
) -> None:
    mine, theirs = authenticator(ORIGIN), authenticator(ORIGIN)
    victim = await sign_up_verified()
    await app_client.sign_in(victim)
    await register(app_client, theirs)
    await app_client.sign_in(await sign_up_verified())
    await register(app_client, mine)
    client = new_client()
    body = {"email": victim.email, "password": victim.password}
    challenge = (await client.post("/v1/auth/login", json=body)).json()["challenge"]
    bound = await client.post("/v1/auth/passkeys/login/options", json={"challenge": challenge})
    options = {**bound.json()["options"], "allowCredentials": []}
    answer = {"challenge": challenge, "method": "passkey", "credential": mine.get(options)}
    assert (await client.post("/v1/auth/login/second-factor", json=answer)).status_code == 401


async def test_a_registration_is_bound_to_who_asked_for_it(
    app_client: Any, sign_up_verified: Any, key: Any
) -> None:
    await app_client.sign_in(await sign_up_verified())
    asked = await app_client.post("/v1/auth/passkeys/register/options")
    credential = key.create(asked.json()["options"])
    await app_client.sign_in(await sign_up_verified())
    refused = await app_client.post("/v1/auth/passkeys/register", json={"credential": credential})
    assert (refused.status_code, refused.json()["code"]) == (401, "passkey_refused")


async def test_a_registration_is_taken_once(app_client: Any, signed_in: Any, key: Any) -> None:
    asked = await app_client.post("/v1/auth/passkeys/register/options")
    body = {"credential": key.create(asked.json()["options"])}
    assert (await app_client.post("/v1/auth/passkeys/register", json=body)).status_code == 201
    assert (await app_client.post("/v1/auth/passkeys/register", json=body)).status_code == 401


async def test_a_credential_that_somebody_has_is_registered_to_nobody_else(
    app_client: Any, signed_in: Any, sign_up_verified: Any, key: Any
) -> None:
    await register(app_client, key)
    known = key.held[0].credential_id
    await app_client.sign_in(await sign_up_verified())
    asked = await app_client.post("/v1/auth/passkeys/register/options")
    stolen = {"credential": key.create(asked.json()["options"], credential_id=known)}
    refused = await app_client.post("/v1/auth/passkeys/register", json=stolen)
    assert (refused.status_code, refused.json()["code"]) == (409, "passkey_known")


async def test_an_old_sign_in_needs_a_proof_to_add_a_passkey(
    app_client: Any, sign_up_verified: Any, key: Any, auth_database: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    await auth_database.rows(
        "UPDATE auth.sessions SET created_at = created_at - :age", age=timedelta(minutes=11)
    )
    refused = await app_client.post("/v1/auth/passkeys/register/options")
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
    await register(app_client, key, password=person.password)


async def test_passkeys_are_listed_named_and_removed_by_their_owner_alone(
    app_client: Any, new_client: Any, sign_up_verified: Any, authenticator: Callable[..., Any]
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    first = (await register(app_client, authenticator(ORIGIN), "Phone"))["passkey"]
    second = await register(app_client, authenticator(ORIGIN), "Key")
    assert second["recovery_codes"] == [], "ten are there already"
    path = f"/v1/auth/passkeys/{first['passkey_id']}"
    stranger = new_client()
    await stranger.sign_in(await sign_up_verified())
    assert (await stranger.get("/v1/auth/passkeys")).json() == {"passkeys": []}
    assert (await stranger.patch(path, json={"name": "Mine"})).status_code == 404
    assert (await stranger.request("DELETE", path, json={"password": "x"})).status_code == 404
    renamed = await app_client.patch(path, json={"name": "Old\u200b phone\n"})
    assert renamed.json()["name"] == "Old phone"
    listed = (await app_client.get("/v1/auth/passkeys")).json()["passkeys"]
    assert [one["name"] for one in listed] == ["Old phone", "Key"]
    bare = await app_client.request("DELETE", path)
    assert (bare.status_code, bare.json()["code"]) == (403, "proof_needed")
    removed = await app_client.request("DELETE", path, json={"password": person.password})
    assert removed.status_code == 204
    listed = (await app_client.get("/v1/auth/passkeys")).json()["passkeys"]
    assert [one["name"] for one in listed] == ["Key"]


async def test_a_passkey_proves_who_asks_and_removing_the_last_one_ends_the_second_factor(
    app_client: Any, new_client: Any, sign_up_verified: Any, key: Any, auth_database: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    made = (await register(app_client, key))["passkey"]
    asked = (await app_client.post("/v1/auth/passkeys/proof/options")).json()["options"]
    proof = {"credential": key.get(asked)}
    path = f"/v1/auth/passkeys/{made['passkey_id']}"
    assert (await app_client.request("DELETE", path, json=proof)).status_code == 204
    assert await auth_database.count("recovery_codes") == 0
    assert (await sign_in(new_client(), key)).status_code == 401
    await new_client().sign_in(person)


async def test_the_only_way_to_sign_in_is_not_removed(
    app_client: Any, signed_in: Any, key: Any, auth_database: Any
) -> None:
    made = (await register(app_client, key))["passkey"]
    await auth_database.rows("UPDATE auth.accounts SET password_hash = NULL")
    asked = (await app_client.post("/v1/auth/passkeys/proof/options")).json()["options"]
    path = f"/v1/auth/passkeys/{made['passkey_id']}"
    refused = await app_client.request("DELETE", path, json={"credential": key.get(asked)})
    assert (refused.status_code, refused.json()["code"]) == (409, "last_way_to_sign_in")


async def test_a_disabled_account_signs_in_with_nothing(
    app_client: Any, new_client: Any, signed_in: Any, key: Any, auth_database: Any
) -> None:
    await register(app_client, key)
    await auth_database.rows("UPDATE auth.accounts SET status = 'disabled'")
    refused = await sign_in(new_client(), key)
    assert (refused.status_code, refused.json()["code"]) == (403, "account_disabled")


async def test_an_account_has_a_limited_number_of_passkeys(
    app_client: Any,
    sign_up_verified: Any,
    authenticator: Callable[..., Any],
    auth_settings: pytest.MonkeyPatch,
) -> None:
    auth_settings.setenv("TAXLIEN_AUTH_PASSKEYS_PER_ACCOUNT", "2")
    await app_client.sign_in(await sign_up_verified())
    for _ in range(2):
        await register(app_client, authenticator(ORIGIN))
    refused = await app_client.post("/v1/auth/passkeys/register/options")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_passkeys")


async def test_a_passkey_sets_the_cookies_of_a_browser_only_for_our_own_pages(
    app_client: Any, new_client: Any, signed_in: Any, key: Any
) -> None:
    await register(app_client, key)
    client = new_client()
    options = (await client.post("/v1/auth/passkeys/login/options")).json()["options"]
    body = {"credential": key.get(options), "cookie": True}
    refused = await client.post("/v1/auth/passkeys/login", json=body)
    assert refused.status_code == 403
    taken = await client.post(
        "/v1/auth/passkeys/login", json=body, headers={"x-requested-with": "taxlien"}
    )
    assert taken.json()["refresh_token"] is None
    assert "taxlien_refresh" in taken.headers["set-cookie"]


async def test_passkeys_are_part_of_what_is_exported_and_erased(
    app_client: Any, signed_in: Any, key: Any, auth_database: Any
) -> None:
    made = (await register(app_client, key))["passkey"]
    async with auth_database.database.session() as session:
        rows = await repository.personal_rows(session, signed_in.user_id)
    assert rows["passkeys"][0]["passkey_id"] == UUID(made["passkey_id"])
    assert "public_key" not in rows["passkeys"][0]
    assert len(rows["recovery_codes"]) == 10
    assert "code_hash" not in rows["recovery_codes"][0]
