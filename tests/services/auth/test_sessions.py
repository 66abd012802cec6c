"""Sign-ins that are ended are over at once, and Valkey is never believed more than PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from taxlien.services.auth import repository, service
from taxlien.services.auth.adapters import current


@pytest.fixture
async def valkey(stack_environment: dict[str, str], auth_database: Any) -> AsyncIterator[Any]:
    redis = Redis.from_url(stack_environment["TAXLIEN_CACHE_URL"])
    yield redis
    await redis.aclose()


async def names(valkey: Any) -> list[bytes]:
    namespace = service.settings().cache_namespace
    return [key async for key in valkey.scan_iter(f"{namespace}:*")]


async def test_active_sign_in_is_vouched_for_by_valkey(
    app_client: Any, auth_database: Any, signed_in: Any, valkey: Any
) -> None:
    await app_client.get("/v1/auth/me")
    key = f"{service.settings().cache_namespace}:session:{signed_in.session_id}"
    assert await valkey.get(key) == b"1"
    assert 0 < await valkey.ttl(key) <= 30


async def test_flush_of_valkey_logs_nobody_out_and_lets_nobody_in(
    new_client: Any, sign_up_verified: Any, valkey: Any
) -> None:
    person = await sign_up_verified()
    stays, leaves = new_client(), new_client()
    kept, ended = await stays.sign_in(person), await leaves.sign_in(person)
    await stays.get("/v1/auth/me")
    await leaves.post("/v1/auth/logout")
    await valkey.delete(*await names(valkey))
    assert (await stays.get("/v1/auth/me")).status_code == 200
    assert (await leaves.get("/v1/auth/me")).status_code == 401
    answers = [
        await client.post("/v1/auth/refresh", json={"refresh_token": bearer.refresh_token})
        for client, bearer in ((stays, kept), (leaves, ended))
    ]
    assert [a.status_code for a in answers] == [200, 401]


async def test_without_valkey_everything_works_and_ends_as_before(
    new_client: Any, auth_settings: Any, sign_up_verified: Any
) -> None:
    auth_settings.setenv("TAXLIEN_CACHE_URL", "redis://127.0.0.1:1/0")
    await service.close()
    person = await sign_up_verified()
    client = new_client()
    bearer = await client.sign_in(person)
    assert (await client.get("/v1/auth/me")).status_code == 200
    body = {"refresh_token": bearer.refresh_token}
    assert (await client.post("/v1/auth/refresh", json=body)).status_code == 200
    assert (await client.post("/v1/auth/logout")).status_code == 204
    assert (await client.get("/v1/auth/me")).status_code == 401


async def test_end_that_is_rolled_back_ends_nothing(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    await app_client.get("/v1/auth/me")

    class Broken(Exception):
        pass

    async def end_and_break() -> None:
        async with auth_database.database.session() as session:
            await service.end_sessions(session, [signed_in.session_id], "test")
            raise Broken

    with pytest.raises(Broken):
        await end_and_break()
    assert (await app_client.get("/v1/auth/me")).status_code == 200


async def test_reader_that_looked_before_the_end_cannot_bring_a_sign_in_back(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    """It read "active" in PostgreSQL, then the end was committed, and only then it tells Valkey."""
    async with auth_database.database.session() as reader:
        found = await repository.is_active(
            reader, signed_in.session_id, signed_in.user_id, datetime.now(UTC)
        )
    async with auth_database.database.session() as session:
        await service.end_sessions(session, [signed_in.session_id], "test")
    await current.session_cache().vouch(signed_in.session_id)
    assert found is True
    assert (await app_client.get("/v1/auth/me")).status_code == 401


async def test_session_of_another_user_is_not_ones_own(
    app_client: Any, new_client: Any, sign_up_verified: Any
) -> None:
    """A header pair that no token has: the gateway never sends it, and it would not help."""
    one, other = await sign_up_verified(), await sign_up_verified()
    mine = await app_client.sign_in(one)
    theirs = await new_client().sign_in(other)
    forged = {"x-user-id": str(mine.user_id), "x-session-id": str(theirs.session_id)}
    assert (await app_client.get("/v1/auth/me", headers=forged)).status_code == 401


@pytest.mark.parametrize("session_id", ["", "nonsense", "01910000-0000-7000-8000-000000000000"])
async def test_caller_without_a_sign_in_of_theirs_is_refused(
    app_client: Any, signed_in: Any, session_id: str
) -> None:
    answer = await app_client.get("/v1/auth/me", headers={"x-session-id": session_id})
    assert (answer.status_code, answer.json()["code"]) == (401, "session_ended")


async def test_user_headers_without_the_gateways_secret_are_nobodys(
    app_client: Any, signed_in: Any
) -> None:
    for secret in ("", "guess"):
        answer = await app_client.get("/v1/auth/me", headers={"x-gateway-secret": secret})
        assert answer.status_code == 401
