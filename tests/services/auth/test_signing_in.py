"""Signing in with a password."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from taxlien.interfaces.auth import DeviceAdded, EmailVerificationRequested
from taxlien.services.auth import service

PASSWORD = "violet harbour kettle 42"


async def log_in(client: Any, email: str, password: str, **fields: Any) -> Any:
    body = {"email": email, "password": password, **fields}
    return await client.post("/v1/auth/login", json=body)


async def test_a_verified_person_signs_in_and_is_told_who_they_are(
    app_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    bearer = await app_client.sign_in(person)
    found = (await app_client.get("/v1/auth/me")).json()
    assert found["user_id"] == str(person.user_id)
    assert found["session_id"] == str(bearer.session_id)
    assert (found["email"], found["roles"], found["tier"]) == (person.email, ["investor"], "free")
    assert found["email_verified"] is True
    assert "password_hash" not in found


async def test_address_is_found_however_it_is_written(
    app_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified("ada@example.com")
    answer = await log_in(app_client, " ADA@Example.Com ", person.password)
    assert answer.status_code == 200


async def test_wrong_password_unknown_address_and_no_password_are_told_alike(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    without = await sign_up_verified()
    await auth_database.rows(
        "UPDATE auth.accounts SET password_hash = NULL WHERE user_id = :id", id=without.user_id
    )
    tries = [
        (person.email, "wrong password entirely"),
        ("nobody@example.com", person.password),
        (without.email, person.password),
        ("not an address\u0000", person.password),
    ]
    answers = [await log_in(app_client, *one) for one in tries]
    bodies = [{**a.json(), "request_id": None} for a in answers]
    assert [a.status_code for a in answers] == [401] * 4
    assert bodies == [bodies[0]] * 4
    assert bodies[0]["code"] == "wrong_credentials"


async def test_unverified_account_is_told_so_only_after_the_right_password(
    app_client: Any, auth_database: Any
) -> None:
    await app_client.post(
        "/v1/auth/signup", json={"email": "ada@example.com", "password": PASSWORD}
    )
    wrong = await log_in(app_client, "ada@example.com", "wrong password entirely")
    right = await log_in(app_client, "ada@example.com", PASSWORD)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    assert (right.status_code, right.json()["code"]) == (403, "email_not_verified")
    token = await auth_database.mailed_token(EmailVerificationRequested)
    await app_client.post("/v1/auth/verify-email", json={"token": token})
    assert (await log_in(app_client, "ada@example.com", PASSWORD)).status_code == 200


async def test_disabled_account_is_told_so_only_after_the_right_password(
    app_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await auth_database.rows("UPDATE auth.accounts SET status = 'disabled'")
    wrong = await log_in(app_client, person.email, "wrong password entirely")
    right = await log_in(app_client, person.email, person.password)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    assert (right.status_code, right.json()["code"]) == (403, "account_disabled")


async def test_hash_is_renewed_at_sign_in_when_its_parameters_changed(
    app_client: Any, auth_database: Any, auth_settings: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    auth_settings.setenv("TAXLIEN_AUTH_ARGON2_MEMORY_KIB", "512")
    await service.close()
    await log_in(app_client, person.email, "wrong password entirely")
    [(before,)] = await auth_database.rows("SELECT password_hash FROM auth.accounts")
    await app_client.sign_in(person)
    [(after,)] = await auth_database.rows("SELECT password_hash FROM auth.accounts")
    assert "m=256," in before
    assert "m=512," in after
    await app_client.sign_in(person)


async def test_password_typed_in_another_unicode_form_is_the_same(
    app_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified(password="caf\u00e9 violet harbour \ufb01n")
    answer = await log_in(app_client, person.email, "cafe\u0301 violet harbour fin")
    assert answer.status_code == 200


async def test_nothing_that_was_sent_before_signing_in_survives_it(
    new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    """Session fixation: ids and tokens a stranger planted mean nothing after the victim signs in."""
    person = await sign_up_verified()
    planted = "planted-by-a-stranger-0123456789-0123456789"
    victim = new_client()
    cookies = {"cookie": f"taxlien_refresh={planted}; taxlien_device={planted}"}
    headers = {"x-session-id": "01910000-0000-7000-8000-000000000000", **cookies}
    answer = await victim.post(
        "/v1/auth/login",
        json={"email": person.email, "password": person.password, "device_token": planted},
        headers=headers,
    )
    found = answer.json()
    assert planted not in answer.text
    assert found["device_token"]
    assert found["session_id"] != "01910000-0000-7000-8000-000000000000"
    refused = await victim.post("/v1/auth/refresh", json={"refresh_token": planted})
    assert refused.status_code == 401
    second = await victim.sign_in(person)
    assert str(second.session_id) != found["session_id"]


async def test_device_that_is_known_gets_no_new_token_and_no_mail(
    new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    client = new_client()
    first = await client.sign_in(person)
    again = await client.sign_in(person, device_token=first.device_token)
    assert first.device_token
    assert again.device_token == ""
    assert await auth_database.events_of(DeviceAdded) == []
    assert await auth_database.count("devices") == 1


async def test_new_device_of_an_account_that_had_one_is_told_to_its_owner(
    new_client: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await new_client().sign_in(person)
    stranger = new_client()
    stranger.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0) Gecko Firefox/140.0"
    await stranger.sign_in(person)
    [event] = await auth_database.events_of(DeviceAdded)
    assert (event.user_id, event.email) == (person.user_id, person.email)
    assert (event.device_name, event.address) == ("Firefox on Windows", stranger.address)


async def test_device_token_of_another_account_is_not_known_here(
    new_client: Any, sign_up_verified: Any
) -> None:
    one, other = await sign_up_verified(), await sign_up_verified()
    client = new_client()
    first = await client.sign_in(one)
    second = await client.sign_in(other, device_token=first.device_token)
    assert second.device_token not in {"", first.device_token}


@pytest.mark.parametrize(
    "extra", [{"roles": ["admin"]}, {"session_id": "x"}, {"methods": ["totp"]}]
)
async def test_login_takes_no_other_field(app_client: Any, extra: dict[str, Any]) -> None:
    answer = await log_in(app_client, "ada@example.com", PASSWORD, **extra)
    assert answer.status_code == 422


async def test_hashes_that_no_place_is_left_for_are_refused_at_once(
    app_client: Any, auth_settings: Any, sign_up_verified: Any
) -> None:
    """Memory stays bounded: so many hash, so many wait, and everybody else is told when to return."""
    person = await sign_up_verified()
    auth_settings.setenv("TAXLIEN_AUTH_ARGON2_AT_ONCE", "1")
    auth_settings.setenv("TAXLIEN_AUTH_ARGON2_WAITING", "1")
    auth_settings.setenv("TAXLIEN_AUTH_ARGON2_MEMORY_KIB", "65536")
    await service.close()
    answers = await asyncio.gather(
        *(log_in(app_client, f"{n}{person.email}", "wrong password entirely") for n in range(8))
    )
    statuses = sorted(a.status_code for a in answers)
    assert set(statuses) == {401, 429}
    assert all(a.headers["retry-after"] == "1" for a in answers if a.status_code == 429)
