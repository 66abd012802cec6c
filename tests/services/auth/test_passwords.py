"""Forgotten and changed passwords."""

from __future__ import annotations

import asyncio
from typing import Any

from taxlien.interfaces.auth import (
    EmailVerificationRequested,
    EmailVerified,
    PasswordChanged,
    PasswordResetRequested,
)

NEW = "another good passphrase 7"


async def ask(client: Any, email: str) -> Any:
    return await client.post("/v1/auth/forgot-password", json={"email": email})


async def reset(client: Any, token: str, password: str = NEW) -> Any:
    body = {"token": token, "new_password": password}
    return await client.post("/v1/auth/reset-password", json=body)


async def log_in(client: Any, email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return int((await client.post("/v1/auth/login", json=body)).status_code)


async def test_reset_sets_the_password_and_ends_every_sign_in(
    app_client: Any, new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    assert (await app_client.get("/v1/auth/me")).status_code == 200
    await ask(app_client, person.email)
    token = await auth_database.mailed_token(PasswordResetRequested)
    assert (await reset(new_client(), token)).status_code == 204
    [event] = await auth_database.events_of(PasswordChanged)
    assert event.user_id == person.user_id
    assert (await app_client.get("/v1/auth/me")).status_code == 401
    assert await log_in(app_client, person.email, person.password) == 401
    assert await log_in(app_client, person.email, NEW) == 200


async def test_reset_token_works_once_even_when_used_twice_at_once(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await ask(app_client, person.email)
    token = await auth_database.mailed_token(PasswordResetRequested)
    answers = await asyncio.gather(*(reset(app_client, token, f"{NEW}{n}") for n in range(4)))
    assert sorted(a.status_code for a in answers) == [204, 422, 422, 422]
    assert (await reset(app_client, token)).status_code == 422


async def test_every_other_reset_token_dies_with_the_first_that_is_used(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    tokens = []
    for _ in range(2):
        await ask(app_client, person.email)
        tokens.append(await auth_database.mailed_token(PasswordResetRequested))
    assert (await reset(app_client, tokens[1])).status_code == 204
    assert (await reset(app_client, tokens[0])).status_code == 422


async def test_reset_token_is_over_after_an_hour(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await ask(app_client, person.email)
    [mail] = await auth_database.events_of(PasswordResetRequested)
    assert (mail.expires_at - mail.at).total_seconds() == 3600
    await auth_database.rows("UPDATE auth.mail_tokens SET expires_at = now()")
    context = f"auth.mail_token:{person.user_id}"
    token = auth_database.keyring.open_text(mail.sealed_token, context)
    assert (await reset(app_client, token)).status_code == 422


async def test_weak_new_password_leaves_the_token_good(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await ask(app_client, person.email)
    token = await auth_database.mailed_token(PasswordResetRequested)
    weak = await reset(app_client, token, "password123")
    assert weak.json()["errors"][0]["field"] == "new_password"
    assert (await reset(app_client, token)).status_code == 204


async def test_forgotten_password_is_answered_alike_for_everybody(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person, disabled = await sign_up_verified(), await sign_up_verified()
    await auth_database.rows(
        "UPDATE auth.accounts SET status = 'disabled' WHERE user_id = :id", id=disabled.user_id
    )
    answers = [
        await ask(app_client, email)
        for email in (person.email, disabled.email, "nobody@example.com")
    ]
    assert {(a.status_code, a.content) for a in answers} == {(202, answers[0].content)}
    [event] = await auth_database.events()
    assert event.user_id == person.user_id


async def test_reset_verifies_the_address_it_was_sent_to(
    app_client: Any, auth_database: Any
) -> None:
    body = {"email": "ada@example.com", "password": "violet harbour kettle 42"}
    await app_client.post("/v1/auth/signup", json=body)
    await ask(app_client, "ada@example.com")
    events = await auth_database.events()
    assert any(isinstance(event, EmailVerificationRequested) for event in events)
    mail = next(event for event in events if isinstance(event, PasswordResetRequested))
    context = f"auth.mail_token:{mail.user_id}"
    token = auth_database.keyring.open_text(mail.sealed_token, context)
    assert (await reset(app_client, token)).status_code == 204
    assert len(await auth_database.events_of(EmailVerified)) == 1
    assert await log_in(app_client, "ada@example.com", NEW) == 200


async def test_reset_opens_an_account_that_guesses_had_closed(
    app_client: Any, new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    for _ in range(10):
        await log_in(new_client(), person.email, "wrong password entirely")
    assert await log_in(new_client(), person.email, person.password) == 429
    await ask(app_client, person.email)
    token = await auth_database.mailed_token(PasswordResetRequested)
    await reset(app_client, token)
    assert await log_in(new_client(), person.email, NEW) == 200


async def test_change_of_password_ends_every_other_sign_in(
    new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    here, there = new_client(), new_client()
    bearer = await here.sign_in(person)
    await there.sign_in(person)
    await auth_database.events()
    body = {"current_password": person.password, "new_password": NEW}
    assert (await here.post("/v1/auth/change-password", json=body)).status_code == 204
    assert len(await auth_database.events_of(PasswordChanged)) == 1
    assert (await here.get("/v1/auth/me")).status_code == 200
    token = {"refresh_token": bearer.refresh_token}
    assert (await here.post("/v1/auth/refresh", json=token)).status_code == 200
    assert (await there.get("/v1/auth/me")).status_code == 401
    assert await log_in(here, person.email, NEW) == 200


async def test_change_of_password_needs_the_one_of_now(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    body = {"current_password": "wrong password entirely", "new_password": NEW}
    refused = await app_client.post("/v1/auth/change-password", json=body)
    assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")
    assert await log_in(app_client, person.email, person.password) == 200


async def test_change_of_password_refuses_a_weak_one(
    app_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified("ada.lovelace@example.com")
    await app_client.sign_in(person)
    body = {"current_password": person.password, "new_password": "ada.lovelace1"}
    refused = await app_client.post("/v1/auth/change-password", json=body)
    assert refused.json()["errors"][0]["field"] == "new_password"
