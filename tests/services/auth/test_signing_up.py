"""Signing up: who gets an account, and what strangers cannot learn or take over by it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from taxlien.interfaces.auth import (
    EmailVerificationRequested,
    EmailVerified,
    SignUpRepeated,
    UserSignedUp,
)
from taxlien.services.auth import service

PASSWORD = "violet harbour kettle 42"


async def sign_up(client: Any, email: str, password: str = PASSWORD, **fields: Any) -> Any:
    body = {"email": email, "password": password, **fields}
    return await client.post("/v1/auth/signup", json=body)


async def test_sign_up_makes_an_unverified_account_and_asks_for_a_mail(
    app_client: Any, auth_database: Any
) -> None:
    answer = await sign_up(
        app_client, "Ada.Lovelace@Example.COM", language="ru", full_name="Ada\u202e\x07"
    )
    assert answer.status_code == 202
    assert answer.headers["cache-control"] == "no-store"
    signed_up, mail = await auth_database.events()
    assert isinstance(signed_up, UserSignedUp)
    assert isinstance(mail, EmailVerificationRequested)
    assert (signed_up.email, signed_up.email_verified) == ("Ada.Lovelace@example.com", False)
    assert (signed_up.method, signed_up.language, signed_up.full_name) == ("password", "ru", "Ada")
    assert mail.user_id == signed_up.user_id
    [row] = await auth_database.rows(
        "SELECT email_key, password_hash, email_verified_at, roles, tier FROM auth.accounts"
    )
    assert row[0] == "ada.lovelace@example.com"
    assert row[1].startswith("$argon2id$")
    assert row[2:] == (None, ["investor"], "free")


async def test_neither_token_nor_password_is_stored_readable(
    app_client: Any, auth_database: Any
) -> None:
    await sign_up(app_client, "ada@example.com")
    token = await auth_database.mailed_token(EmailVerificationRequested)
    stored = await auth_database.rows(
        "SELECT t::text, a::text FROM auth.mail_tokens t, auth.accounts a"
    )
    assert PASSWORD not in str(stored)
    assert token not in str(stored)
    assert hashlib.sha256(token.encode()).hexdigest() in str(stored)


async def test_known_address_gets_the_same_answer_and_its_owner_a_mail(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified("ada@example.com")
    known = await sign_up(app_client, "ADA@example.com", "another good passphrase 7")
    [event] = await auth_database.events()
    unknown = await sign_up(app_client, "bob@example.com", "another good passphrase 7")
    assert isinstance(event, SignUpRepeated)
    assert (event.user_id, event.email) == (person.user_id, "ada@example.com")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert set(known.headers) == set(unknown.headers)
    await app_client.sign_in(person)  # the password is still the owner's


async def test_two_addresses_that_differ_in_case_or_form_are_one_account(
    app_client: Any, auth_database: Any
) -> None:
    for email in ("Jos\u00e9@b\u00fccher.example.com", "JOSE\u0301@B\u00dcCHER.example.com"):
        assert (await sign_up(app_client, email)).status_code == 202
    assert await auth_database.count("accounts") == 1


async def test_dots_and_tags_make_different_accounts(app_client: Any, auth_database: Any) -> None:
    for email in ("ada@example.com", "a.da@example.com", "ada+liens@example.com"):
        await sign_up(app_client, email)
    assert await auth_database.count("accounts") == 3


async def test_verification_token_works_once(app_client: Any, auth_database: Any) -> None:
    await sign_up(app_client, "ada@example.com")
    token = await auth_database.mailed_token(EmailVerificationRequested)
    first = await app_client.post("/v1/auth/verify-email", json={"token": token})
    second = await app_client.post("/v1/auth/verify-email", json={"token": token})
    assert (first.status_code, first.json()) == (200, {"email_verified": True})
    assert (second.status_code, second.json()["errors"][0]["field"]) == (422, "token")
    assert len(await auth_database.events_of(EmailVerified)) == 1


async def test_expired_verification_token_is_refused(app_client: Any, auth_database: Any) -> None:
    await sign_up(app_client, "ada@example.com")
    token = await auth_database.mailed_token(EmailVerificationRequested)
    await auth_database.rows("UPDATE auth.mail_tokens SET expires_at = now()")
    answer = await app_client.post("/v1/auth/verify-email", json={"token": token})
    assert answer.status_code == 422


async def test_reset_token_does_not_verify_and_the_other_way_round(
    app_client: Any, auth_database: Any
) -> None:
    await sign_up(app_client, "ada@example.com")
    token = await auth_database.mailed_token(EmailVerificationRequested)
    body = {"token": token, "new_password": "another good passphrase 7"}
    assert (await app_client.post("/v1/auth/reset-password", json=body)).status_code == 422


async def test_password_of_a_stranger_who_signed_up_first_is_worth_nothing(
    app_client: Any, auth_database: Any
) -> None:
    """Somebody signs up with another's address and waits for its owner to verify it."""
    await sign_up(app_client, "ada@example.com", "the stranger's own secret 1")
    strangers = await auth_database.mailed_token(EmailVerificationRequested)
    await sign_up(app_client, "ada@example.com", "the owner's own secret 2")
    owners = await auth_database.mailed_token(EmailVerificationRequested)
    await sign_up(app_client, "ada@example.com", "the stranger's own secret 3")
    await app_client.post("/v1/auth/verify-email", json={"token": owners})
    tried = {
        password: (
            await app_client.post(
                "/v1/auth/login", json={"email": "ada@example.com", "password": password}
            )
        ).status_code
        for password in (
            "the stranger's own secret 1",
            "the owner's own secret 2",
            "the stranger's own secret 3",
        )
    }
    assert list(tried.values()) == [401, 200, 401]
    late = await app_client.post("/v1/auth/verify-email", json={"token": strangers})
    assert late.status_code == 422


async def test_resend_sends_only_to_who_waits_and_says_the_same_to_all(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    await sign_up_verified("verified@example.com")
    await sign_up(app_client, "waiting@example.com")
    await auth_database.events()
    answers = [
        await app_client.post("/v1/auth/resend-verification", json={"email": email})
        for email in ("verified@example.com", "waiting@example.com", "nobody@example.com")
    ]
    assert {(a.status_code, a.content) for a in answers} == {(202, answers[0].content)}
    [event] = await auth_database.events()
    assert isinstance(event, EmailVerificationRequested)
    assert event.email == "waiting@example.com"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short 1!", "10 to 128"),
        ("x" * 129, "128"),
        ("password123", "weak"),
        ("lovelace1234", "weak"),
        ("taxlien2026", "weak"),
    ],
)
async def test_password_that_is_easy_to_guess_is_refused_by_name_of_its_field(
    app_client: Any, auth_database: Any, password: str, why: str
) -> None:
    answer = await sign_up(app_client, "ada.lovelace@example.com", password, full_name="Lovelace")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["field"] == "password"
    assert why in error["message"]
    assert password not in answer.text
    assert await auth_database.count("accounts") == 0


async def test_password_of_the_breached_list_is_refused(
    app_client: Any, auth_settings: Any, auth_database: Any, tmp_path: Path
) -> None:
    breached = "correct giraffe vessel 9"
    hashes = [hashlib.sha1(f"{n}".encode()).hexdigest().upper() for n in range(500)]
    hashes.append(hashlib.sha1(breached.encode()).hexdigest().upper())
    file = tmp_path / "pwned.txt"
    file.write_text("".join(f"{line}:{n}\r\n" for n, line in enumerate(sorted(hashes))))
    auth_settings.setenv("TAXLIEN_AUTH_BREACHED_PASSWORDS", str(file))
    await service.close()
    refused = await sign_up(app_client, "ada@example.com", breached)
    accepted = await sign_up(app_client, "ada@example.com", f"{breached}!")
    assert "breach" in refused.json()["errors"][0]["message"]
    assert accepted.status_code == 202


@pytest.mark.parametrize("email", ["ada", "a@b", "a@localhost", "a@b\u0000.com", "x" * 300, "@"])
async def test_what_is_no_address_is_refused(app_client: Any, email: str) -> None:
    answer = await sign_up(app_client, email)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "email")


@pytest.mark.parametrize(
    "extra",
    [
        {"roles": ["admin"]},
        {"tier": "enterprise"},
        {"email_verified": True},
        {"user_id": "0192"},
        {"status": "active"},
        {"synthetic": True},
    ],
)
async def test_sign_up_takes_no_field_that_is_not_the_persons_to_set(
    app_client: Any, auth_database: Any, extra: dict[str, Any]
) -> None:
    answer = await sign_up(app_client, "ada@example.com", **extra)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(extra))
    assert await auth_database.count("accounts") == 0


async def test_mails_to_one_address_are_limited_whether_it_has_an_account_or_not(
    app_client: Any, auth_settings: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    auth_settings.setenv("TAXLIEN_AUTH_MAILS_PER_HOUR", "3")
    await service.close()
    seen = {}
    for email in (person.email, "nobody@example.com"):
        statuses = [
            (await app_client.post("/v1/auth/forgot-password", json={"email": email})).status_code
            for _ in range(4)
        ]
        seen[email] = statuses
    assert seen["nobody@example.com"] == [202, 202, 202, 429]
    assert seen[person.email] == [202, 202, 429, 429]  # signing up was the first mail


async def test_flood_of_sign_ups_is_stopped_before_it_costs_hashes(
    app_client: Any, auth_settings: Any, auth_database: Any
) -> None:
    auth_settings.setenv("TAXLIEN_AUTH_THROTTLE_PER_ADDRESS", "3")
    await service.close()
    answers = [await sign_up(app_client, f"flood{n}@example.com") for n in range(5)]
    assert [a.status_code for a in answers] == [202, 202, 202, 429, 429]
    assert await auth_database.count("accounts") == 3
