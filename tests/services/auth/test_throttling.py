"""How often one may be wrong, with Valkey, after it forgot, and without it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from taxlien.services.auth import service

WRONG = "wrong password entirely"


async def log_in(client: Any, email: str, password: str = WRONG, **fields: Any) -> Any:
    body = {"email": email, "password": password, **fields}
    return await client.post("/v1/auth/login", json=body)


@pytest.fixture(params=["valkey", "valkey forgets", "valkey away"])
async def forget(
    request: pytest.FixtureRequest, auth_settings: Any, auth_database: Any
) -> AsyncIterator[Any]:
    """Call it between attempts: nothing happens, or Valkey loses its memory; or it never was there."""
    if request.param == "valkey away":
        auth_settings.setenv("TAXLIEN_CACHE_URL", "redis://127.0.0.1:1/0")
    auth_settings.setenv("TAXLIEN_AUTH_THROTTLE_PER_ACCOUNT", "3")
    auth_settings.setenv("TAXLIEN_AUTH_THROTTLE_PER_ADDRESS", "6")
    await service.close()
    settings = service.settings()
    redis = Redis.from_url(request.getfixturevalue("stack_environment")["TAXLIEN_CACHE_URL"])

    async def happen() -> None:
        if request.param == "valkey forgets":
            names = [key async for key in redis.scan_iter(f"{settings.cache_namespace}:*")]
            if names:
                await redis.delete(*names)

    yield happen
    await redis.aclose()


async def test_account_is_closed_to_guesses_after_so_many(
    new_client: Any, sign_up_verified: Any, forget: Any
) -> None:
    person = await sign_up_verified()
    statuses = []
    for _ in range(5):
        answer = await log_in(new_client(), person.email)  # each from another address
        statuses.append(answer.status_code)
        await forget()
    assert statuses == [401, 401, 401, 429, 429]
    assert 1 <= int(answer.headers["retry-after"]) <= 900
    assert answer.json()["code"] == "too_many_attempts"
    right = await log_in(new_client(), person.email, person.password)
    assert right.status_code == 429


async def test_unknown_address_is_closed_alike(new_client: Any, forget: Any) -> None:
    statuses = []
    for _ in range(5):
        statuses.append((await log_in(new_client(), "nobody@example.com")).status_code)
        await forget()
    assert statuses == [401, 401, 401, 429, 429]


async def test_one_address_that_tries_many_accounts_is_closed(
    app_client: Any, new_client: Any, forget: Any
) -> None:
    statuses = []
    for n in range(8):
        statuses.append((await log_in(app_client, f"person-{n}@example.com")).status_code)
        await forget()
    assert statuses == [401] * 6 + [429] * 2
    assert (await log_in(new_client(), "person-0@example.com")).status_code == 401


async def test_right_password_forgives_the_wrong_ones_before(
    app_client: Any, sign_up_verified: Any, forget: Any
) -> None:
    person = await sign_up_verified()
    for _ in range(2):
        for _ in range(2):
            assert (await log_in(app_client, person.email)).status_code == 401
            await forget()
        assert (await log_in(app_client, person.email, person.password)).status_code == 200


async def test_known_device_gets_in_while_strangers_keep_failing(
    new_client: Any, sign_up_verified: Any, forget: Any
) -> None:
    person = await sign_up_verified()
    owner = new_client()
    bearer = await owner.sign_in(person)
    for _ in range(4):
        await log_in(new_client(), person.email)
        await forget()
    assert (await log_in(new_client(), person.email, person.password)).status_code == 429
    token = bearer.device_token
    known = await log_in(owner, person.email, person.password, device_token=token)
    assert known.status_code == 200
    statuses = []
    for _ in range(4):
        statuses.append((await log_in(new_client(), person.email, device_token=token)).status_code)
        await forget()
    assert statuses == [401, 401, 401, 429]


async def test_guesses_sent_side_by_side_do_not_outrun_the_count(
    new_client: Any, sign_up_verified: Any, forget: Any
) -> None:
    person = await sign_up_verified()
    answers = await asyncio.gather(*(log_in(new_client(), person.email) for _ in range(12)))
    assert sorted(a.status_code for a in answers) == [401] * 3 + [429] * 9


async def test_failures_older_than_the_window_count_no_more(
    new_client: Any, auth_database: Any, sign_up_verified: Any, forget: Any, auth_settings: Any
) -> None:
    person = await sign_up_verified()
    for _ in range(4):
        await log_in(new_client(), person.email)
    await auth_database.rows("UPDATE auth.sign_in_attempts SET at = at - interval '16 minutes'")
    auth_settings.setenv("TAXLIEN_AUTH_CACHE_NAMESPACE", "auth-test-after-the-window")
    await service.close()
    assert (await log_in(new_client(), person.email, person.password)).status_code == 200


async def test_nothing_readable_is_kept_of_who_failed(
    app_client: Any, auth_database: Any, auth_settings: Any
) -> None:
    await log_in(app_client, "somebody@example.com")
    rows = await auth_database.rows("SELECT subject FROM auth.sign_in_attempts")
    assert len(rows) == 2
    assert "somebody" not in str(rows)
    assert app_client.address not in str(rows)


async def test_change_of_password_is_throttled_too(
    app_client: Any, signed_in: Any, forget: Any
) -> None:
    body = {"current_password": WRONG, "new_password": "another good passphrase 7"}
    statuses = []
    for _ in range(4):
        statuses.append((await app_client.post("/v1/auth/change-password", json=body)).status_code)
        await forget()
    assert statuses == [401, 401, 401, 429]
