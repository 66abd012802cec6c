"""Signing keys: published before they sign, kept until their last token died, sealed at rest."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.auth import service
from taxlien.services.auth.logic.key_schedule import (
    KeyRules,
    KeyTimes,
    forgotten,
    next_start,
    signing_now,
)
from taxlien.services.auth.tasks import keep_keys_and_tokens

START = datetime(2026, 1, 1, tzinfo=UTC)
RULES = KeyRules(timedelta(days=30), timedelta(days=1), timedelta(minutes=16))


@given(st.lists(st.integers(min_value=1, max_value=60 * 24 * 20), min_size=1, max_size=60))
def test_whenever_the_keys_are_looked_at_every_living_token_has_its_key(
    pauses: list[int],
) -> None:
    """However late rounds come: a key is published a day before it signs, and outlives its tokens."""
    now, made = START, 0
    keys: list[KeyTimes] = []
    published: dict[str, datetime] = {}
    last_signed: dict[str, datetime] = {}
    for pause in pauses:
        start = next_start(keys, now, RULES)
        if start is not None:
            made += 1
            keys.append(KeyTimes(f"key-{made}", start))
            published[f"key-{made}"] = now
        old = forgotten(keys, now, RULES)
        for kid in old:
            assert last_signed.get(kid, START) + RULES.tokens_live < now
        keys = [key for key in keys if key.kid not in old]
        later = now + timedelta(minutes=pause)
        for moment in (now, now + (later - now) / 2, later):
            signing = signing_now(keys, moment)
            assert signing is not None
            last_signed[signing.kid] = moment
            if signing.kid != "key-1":
                assert moment - published[signing.kid] >= RULES.published_ahead
        now = later
    assert len(keys) <= 3


async def kids(client: Any) -> list[str]:
    anonymous = {"x-gateway-secret": ""}
    answer = await client.get("/v1/auth/.well-known/jwks.json", headers=anonymous)
    assert answer.headers["cache-control"] == "public, max-age=300"
    return [key["kid"] for key in answer.json()["keys"]]


async def rotate(auth_database: Any) -> None:
    async with auth_database.database.session() as session:
        await service.rotate_keys(session)


async def age(auth_database: Any, days: float) -> None:
    await auth_database.rows(
        "UPDATE auth.signing_keys SET signs_from = signs_from - make_interval(secs => :s)",
        s=days * 86_400,
    )


def kid_of(client: Any) -> str:
    header = client.access_token.split(".")[0]
    return str(json.loads(base64.urlsafe_b64decode(header + "=="))["kid"])


async def test_key_set_is_public_and_shows_no_private_part(
    app_client: Any, auth_database: Any
) -> None:
    answer = await app_client.get(
        "/v1/auth/.well-known/jwks.json", headers={"x-gateway-secret": ""}
    )
    [key] = answer.json()["keys"]
    assert set(key) == {"kty", "crv", "kid", "x", "use", "alg"}
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")


async def test_next_key_is_published_before_it_signs_and_the_old_one_after(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    first = kid_of(app_client)
    old_token = app_client.access_token
    await age(auth_database, 29.5)
    await rotate(auth_database)
    published = await kids(app_client)
    assert published[0] == first
    assert len(published) == 2
    await app_client.sign_in(person)
    assert kid_of(app_client) == first  # the next key only waits
    await age(auth_database, 1)
    await app_client.sign_in(person)
    assert kid_of(app_client) == published[1]
    await rotate(auth_database)
    app_client.access_token = old_token
    assert (await app_client.get("/v1/auth/me")).status_code == 200  # its key is still published
    await age(auth_database, 0.02)
    await rotate(auth_database)
    app_client.access_token = None
    assert await kids(app_client) == [published[1]]


async def test_many_workers_make_one_key(app_client: Any, auth_database: Any) -> None:
    await asyncio.gather(*(rotate(auth_database) for _ in range(5)))
    assert len(await kids(app_client)) == 1


async def test_private_keys_are_sealed_to_their_own_row(
    app_client: Any, auth_database: Any
) -> None:
    await rotate(auth_database)
    [(kid, sealed)] = await auth_database.rows("SELECT kid, sealed_private FROM auth.signing_keys")
    opened = auth_database.keyring.open(bytes(sealed), f"auth.signing_key:{kid}")
    assert b'"d"' in opened
    assert b'"d"' not in bytes(sealed)


async def test_background_job_makes_the_first_key_and_forgets_what_is_over(
    app_client: Any, auth_database: Any, signed_in: Any
) -> None:
    await app_client.post("/v1/auth/forgot-password", json={"email": "x@example.com"})
    for statement in (
        "UPDATE auth.sessions SET revoked_at = now() - interval '31 days'",
        "UPDATE auth.sign_in_attempts SET at = now() - interval '2 days'",
        "INSERT INTO auth.mail_tokens (token_sha256, user_id, purpose, expires_at)"
        " SELECT 'x', user_id, 'reset_password', now() - interval '1 second' FROM auth.accounts",
        "INSERT INTO auth.login_challenges (challenge_sha256, user_id, method, expires_at)"
        " SELECT 'x', user_id, 'password', now() - interval '1 second' FROM auth.accounts",
        "DELETE FROM auth.signing_keys",
    ):
        await auth_database.rows(statement)
    stop = asyncio.Event()
    job = asyncio.create_task(keep_keys_and_tokens(auth_database.database, stop))
    tables = ("sessions", "refresh_tokens", "mail_tokens", "login_challenges", "sign_in_attempts")
    deadline = time.monotonic() + 20
    while left := [table for table in tables if await auth_database.count(table)]:
        assert time.monotonic() < deadline, left
        await asyncio.sleep(0.02)
    stop.set()
    await job
    assert await auth_database.count("signing_keys") == 1
    assert await auth_database.count("accounts") == 1
