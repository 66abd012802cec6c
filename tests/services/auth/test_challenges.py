"""Between the first and the second factor."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from taxlien.services.auth import repository, service
from taxlien.services.auth.logic.opaque import digest, new_token
from taxlien.services.auth.logic.refusals import ChallengeOver
from taxlien.services.auth.service import ChallengeRequired, DeviceFacts, SignedIn

DEVICE = DeviceFacts("curl/8", "10.9.9.9", "curl", None)


async def challenge_of(auth_database: Any, user_id: Any) -> str:
    """A challenge as ``after_first_factor`` stores it."""
    challenge = new_token()
    await auth_database.rows(
        "INSERT INTO auth.login_challenges (challenge_sha256, user_id, method, expires_at)"
        " VALUES (:sha, :id, 'password', now() + interval '5 minutes')",
        sha=digest(challenge),
        id=user_id,
    )
    return challenge


async def test_account_without_a_second_factor_is_let_in(
    auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    async with auth_database.database.session() as session:
        account = await repository.get_account(session, person.user_id)
        assert account is not None
        outcome = await service.after_first_factor(session, account, DEVICE, method="google")
    assert isinstance(outcome, SignedIn)
    [(methods,)] = await auth_database.rows("SELECT methods FROM auth.sessions")
    assert methods == ["google"]


async def test_account_with_a_second_factor_gets_a_challenge_and_no_token(
    auth_database: Any, sign_up_verified: Any, app_client: Any
) -> None:
    person = await sign_up_verified()
    await auth_database.rows(
        "INSERT INTO auth.totp_secrets (user_id, secret, confirmed_at)"
        " SELECT user_id, 'x', now() FROM auth.accounts"
    )
    body = {"email": person.email, "password": person.password}
    found = (await app_client.post("/v1/auth/login", json=body)).json()
    assert set(found) == {"challenge", "methods", "expires_in"}
    assert "totp" in found["methods"]
    assert await auth_database.count("sessions") == 0
    async with auth_database.database.session() as session:
        account = await repository.get_account(session, person.user_id)
        assert account is not None
        outcome = await service.after_first_factor(session, account, DEVICE, method="google")
        assert isinstance(outcome, ChallengeRequired)
        assert (await service.finish_challenge(session, outcome.challenge)) is account


async def test_challenge_is_finished_once(auth_database: Any, sign_up_verified: Any) -> None:
    person = await sign_up_verified()
    challenge = await challenge_of(auth_database, person.user_id)

    async def finish() -> object:
        async with auth_database.database.session() as session:
            return (await service.finish_challenge(session, challenge)).user_id

    found = await asyncio.gather(*(finish() for _ in range(4)), return_exceptions=True)
    assert found.count(person.user_id) == 1
    assert sum(isinstance(one, ChallengeOver) for one in found) == 3


async def test_challenge_can_be_tried_five_times(auth_database: Any, sign_up_verified: Any) -> None:
    person = await sign_up_verified()
    challenge = await challenge_of(auth_database, person.user_id)
    for _ in range(5):
        async with auth_database.database.session() as session:
            assert (await service.try_challenge(session, challenge)).user_id == person.user_id
    with pytest.raises(ChallengeOver):
        async with auth_database.database.session() as session:
            await service.try_challenge(session, challenge)


@pytest.mark.parametrize("step", [service.try_challenge, service.finish_challenge])
async def test_challenge_of_another_day_is_over(
    auth_database: Any, sign_up_verified: Any, step: Any
) -> None:
    person = await sign_up_verified()
    challenge = await challenge_of(auth_database, person.user_id)
    await auth_database.rows("UPDATE auth.login_challenges SET expires_at = now()")
    for one in (challenge, "never given"):
        with pytest.raises(ChallengeOver):
            async with auth_database.database.session() as session:
                await step(session, one)


async def test_new_password_ends_what_was_half_done(
    auth_database: Any, sign_up_verified: Any, app_client: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    await challenge_of(auth_database, person.user_id)
    body = {"current_password": person.password, "new_password": "another good passphrase 7"}
    assert (await app_client.post("/v1/auth/change-password", json=body)).status_code == 204
    assert await auth_database.count("login_challenges") == 0
