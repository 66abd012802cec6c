"""Authenticator apps and recovery codes, from setting up to a sign-in that needs them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from taxlien.interfaces.auth import SecondFactorChanged
from taxlien.services.auth import service

EnableTotp = Callable[..., Awaitable[Any]]


def code_at(secret: str, steps: int = 0) -> str:
    """The code of now, or of some steps later."""
    return pyotp.TOTP(secret).at(int(time.time()), counter_offset=steps)


def wrong_code(secret: str) -> str:
    """Six digits that are no code of this minute or the next ones."""
    near = {code_at(secret, steps) for steps in range(-3, 6)}
    return next(code for code in ("000000", "111111", "222222", *map(str, range(100_000, 100_020)))
                if code not in near)  # fmt: skip


async def challenge_of(client: Any, guarded: Any) -> dict[str, Any]:
    body = {"email": guarded.email, "password": guarded.password}
    answer = await client.post("/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    assert "access_token" not in answer.json()
    return dict(answer.json())


async def second_factor(client: Any, challenge: str, method: str, code: str) -> Any:
    body = {"challenge": challenge, "method": method, "code": code}
    return await client.post("/v1/auth/login/second-factor", json=body)


async def test_an_app_that_was_set_up_is_asked_for_at_the_next_sign_in(
    new_client: Any, enable_totp: EnableTotp
) -> None:
    guarded = await enable_totp()
    client = new_client()
    asked = await challenge_of(client, guarded)
    assert asked["methods"] == ["totp", "recovery_code"]
    answer = await second_factor(client, asked["challenge"], "totp", code_at(guarded.secret, 1))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    client.access_token = answer.json()["access_token"]
    me = (await client.get("/v1/auth/me")).json()
    assert me["user_id"] == str(guarded.user_id)
    assert me["second_factors"] == ["totp", "recovery_code"]


async def test_the_session_remembers_both_factors(
    auth_database: Any, new_client: Any, enable_totp: EnableTotp
) -> None:
    guarded = await enable_totp()
    client = new_client()
    asked = await challenge_of(client, guarded)
    answer = await second_factor(client, asked["challenge"], "totp", code_at(guarded.secret, 1))
    [(methods,)] = await auth_database.rows(
        "SELECT methods FROM auth.sessions WHERE session_id = :id", id=answer.json()["session_id"]
    )
    assert methods == ["password", "totp"]


async def test_what_is_shown_to_set_up_holds_the_secret_and_nothing_of_it_is_stored_plainly(
    app_client: Any, signed_in: Any, auth_database: Any
) -> None:
    begun = (await app_client.post("/v1/auth/totp")).json()
    assert begun["secret"] in begun["uri"]
    assert begun["uri"].startswith("otpauth://totp/TAXLIEN.online:")
    assert begun["qr_svg"].startswith("<svg")
    [(sealed,)] = await auth_database.rows("SELECT pending_secret FROM auth.totp_secrets")
    assert begun["secret"].encode() not in bytes(sealed)
    secret = auth_database.keyring.open(bytes(sealed), f"auth.totp:{signed_in.user_id}")
    assert secret.decode() == begun["secret"]


async def test_an_app_that_was_not_confirmed_is_not_asked_for(
    app_client: Any, new_client: Any, sign_up_verified: Any
) -> None:
    person = await sign_up_verified()
    await app_client.sign_in(person)
    assert (await app_client.post("/v1/auth/totp")).status_code == 200
    await new_client().sign_in(person)


async def test_a_wrong_first_code_confirms_nothing(app_client: Any, signed_in: Any) -> None:
    begun = (await app_client.post("/v1/auth/totp")).json()
    refused = await app_client.post(
        "/v1/auth/totp/confirm", json={"code": wrong_code(begun["secret"])}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_code")
    assert (await app_client.get("/v1/auth/me")).json()["second_factors"] == []


async def test_confirming_without_beginning_or_too_late_is_refused(
    app_client: Any, signed_in: Any, auth_database: Any
) -> None:
    refused = await app_client.post("/v1/auth/totp/confirm", json={"code": "123456"})
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_confirm")
    begun = (await app_client.post("/v1/auth/totp")).json()
    await auth_database.rows("UPDATE auth.totp_secrets SET pending_until = now()")
    late = await app_client.post("/v1/auth/totp/confirm", json={"code": code_at(begun["secret"])})
    assert (late.status_code, late.json()["code"]) == (409, "nothing_to_confirm")


async def test_a_code_works_once(new_client: Any, enable_totp: EnableTotp) -> None:
    guarded = await enable_totp()
    client = new_client()
    code = code_at(guarded.secret, 1)
    first = await challenge_of(client, guarded)
    second = await challenge_of(client, guarded)
    assert (await second_factor(client, first["challenge"], "totp", code)).status_code == 200
    replayed = await second_factor(client, second["challenge"], "totp", code)
    assert (replayed.status_code, replayed.json()["code"]) == (401, "wrong_second_factor")


async def test_the_code_that_confirmed_the_app_signs_nobody_in(
    new_client: Any, enable_totp: EnableTotp
) -> None:
    guarded = await enable_totp()
    client = new_client()
    asked = await challenge_of(client, guarded)
    replayed = await second_factor(client, asked["challenge"], "totp", guarded.confirmed_with)
    assert replayed.status_code == 401


async def test_of_twenty_sign_ins_with_one_code_at_once_one_succeeds(
    new_client: Any, enable_totp: EnableTotp, auth_settings: Any
) -> None:
    auth_settings.setenv("TAXLIEN_AUTH_THROTTLE_PER_ACCOUNT", "1000")
    guarded = await enable_totp()
    clients = [new_client() for _ in range(20)]
    asked = [await challenge_of(client, guarded) for client in clients]
    code = code_at(guarded.secret, 1)
    answers = await asyncio.gather(
        *(
            second_factor(client, one["challenge"], "totp", code)
            for client, one in zip(clients, asked, strict=True)
        )
    )
    assert sorted(a.status_code for a in answers) == [200] + [401] * 19


async def test_a_challenge_works_once(new_client: Any, enable_totp: EnableTotp) -> None:
    guarded = await enable_totp()
    client = new_client()
    challenge = (await challenge_of(client, guarded))["challenge"]
    code = guarded.recovery_codes
    assert (await second_factor(client, challenge, "recovery_code", code[0])).status_code == 200
    again = await second_factor(client, challenge, "recovery_code", code[1])
    assert (again.status_code, again.json()["code"]) == (401, "challenge_over")


async def test_a_challenge_takes_five_answers_even_when_they_come_at_once(
    new_client: Any, enable_totp: EnableTotp
) -> None:
    guarded = await enable_totp()
    clients = [new_client() for _ in range(8)]
    challenge = (await challenge_of(clients[0], guarded))["challenge"]
    wrong = wrong_code(guarded.secret)
    answers = await asyncio.gather(
        *(second_factor(client, challenge, "totp", wrong) for client in clients)
    )
    codes = sorted(answer.json()["code"] for answer in answers)
    assert codes == ["challenge_over"] * 3 + ["wrong_second_factor"] * 5
    late = await second_factor(clients[0], challenge, "totp", code_at(guarded.secret, 1))
    assert late.json()["code"] == "challenge_over"


async def test_guessing_over_many_challenges_is_throttled_by_account(
    new_client: Any, enable_totp: EnableTotp
) -> None:
    """Each guess comes with a new challenge and from a new address; the account counts all of them."""
    guarded = await enable_totp()
    limit = service.settings().throttle_per_account
    wrong = wrong_code(guarded.secret)
    seen = []
    for _ in range(limit + 2):
        client = new_client()
        challenge = (await challenge_of(client, guarded))["challenge"]
        seen.append(await second_factor(client, challenge, "totp", wrong))
    assert [answer.status_code for answer in seen] == [401] * limit + [429] * 2
    assert int(seen[-1].headers["retry-after"]) > 3600, "a handful of guesses a day, not an hour"
    client = new_client()
    challenge = (await challenge_of(client, guarded))["challenge"]
    right = await second_factor(client, challenge, "totp", code_at(guarded.secret, 1))
    assert right.status_code == 429, "even the right code has to wait"


async def test_a_challenge_of_another_account_takes_no_code_of_mine(
    app_client: Any, new_client: Any, enable_totp: EnableTotp
) -> None:
    mine, theirs = await enable_totp(), await enable_totp()
    client = new_client()
    challenge = (await challenge_of(client, theirs))["challenge"]
    assert (
        await second_factor(client, challenge, "totp", code_at(mine.secret, 1))
    ).status_code == 401
    assert (
        await second_factor(client, challenge, "recovery_code", mine.recovery_codes[0])
    ).status_code == 401


async def test_an_unknown_challenge_is_refused_like_a_used_one(new_client: Any) -> None:
    refused = await second_factor(new_client(), "made-up", "totp", "123456")
    assert (refused.status_code, refused.json()["code"]) == (401, "challenge_over")


@pytest.mark.parametrize(
    "body",
    [
        {"challenge": "c", "method": "totp"},
        {"challenge": "c", "method": "passkey", "code": "123456"},
        {"challenge": "c", "method": "sms", "code": "123456"},
        {"challenge": "c", "method": "totp", "code": "1", "credential": {}},
        {"challenge": "c", "method": "totp", "code": "1" * 65},
    ],
)
async def test_a_malformed_answer_names_no_secret(new_client: Any, body: dict[str, Any]) -> None:
    refused = await new_client().post("/v1/auth/login/second-factor", json=body)
    assert refused.status_code == 422
    assert "123456" not in refused.text


async def test_each_recovery_code_works_once_and_its_owner_hears_how_many_are_left(
    new_client: Any, enable_totp: EnableTotp, auth_database: Any
) -> None:
    guarded = await enable_totp()
    await auth_database.events()
    client = new_client()
    for used, left in ((guarded.recovery_codes[3], 9), (guarded.recovery_codes[7], 8)):
        asked = await challenge_of(client, guarded)
        typed = used.upper().replace("-", " ")
        answer = await second_factor(client, asked["challenge"], "recovery_code", typed)
        assert answer.status_code == 200
        [told] = await auth_database.events_of(SecondFactorChanged)
        assert (told.factor, told.change, told.remaining) == ("recovery_codes", "used", left)
        assert told.email == guarded.email
        asked = await challenge_of(client, guarded)
        again = await second_factor(client, asked["challenge"], "recovery_code", used)
        assert again.status_code == 401


async def test_of_recovery_codes_only_hashes_are_stored(
    enable_totp: EnableTotp, auth_database: Any
) -> None:
    guarded = await enable_totp()
    assert len(set(guarded.recovery_codes)) == 10
    rows = await auth_database.rows("SELECT code_hash FROM auth.recovery_codes")
    stored = [bytes(code_hash) for (code_hash,) in rows]
    assert len(stored) == 10
    assert {len(one) for one in stored} == {32}


async def test_new_recovery_codes_take_a_proof_and_end_the_old_ones(
    app_client: Any, new_client: Any, enable_totp: EnableTotp
) -> None:
    guarded = await enable_totp()
    bare = await app_client.post("/v1/auth/recovery-codes")
    assert (bare.status_code, bare.json()["code"]) == (403, "proof_needed")
    wrong = await app_client.post("/v1/auth/recovery-codes", json={"password": "not it at all"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_proof")
    proof = {"code": code_at(guarded.secret, 1)}
    renewed = (await app_client.post("/v1/auth/recovery-codes", json=proof)).json()
    assert len(renewed["recovery_codes"]) == 10
    client = new_client()
    asked = await challenge_of(client, guarded)
    old = await second_factor(
        client, asked["challenge"], "recovery_code", guarded.recovery_codes[0]
    )
    assert old.status_code == 401
    new = await second_factor(
        client, asked["challenge"], "recovery_code", renewed["recovery_codes"][0]
    )
    assert new.status_code == 200


async def test_an_account_without_a_second_factor_gets_no_recovery_codes(
    app_client: Any, signed_in: Any
) -> None:
    refused = await app_client.post("/v1/auth/recovery-codes", json={"password": "whatever"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_second_factor")


async def test_disabling_takes_a_proof_and_takes_the_recovery_codes_along(
    app_client: Any, new_client: Any, enable_totp: EnableTotp, auth_database: Any
) -> None:
    guarded = await enable_totp()
    bare = await app_client.request("DELETE", "/v1/auth/totp")
    assert (bare.status_code, bare.json()["code"]) == (403, "proof_needed")
    await auth_database.events()
    proof = {"password": guarded.password}
    removed = await app_client.request("DELETE", "/v1/auth/totp", json=proof)
    assert removed.status_code == 204
    [told] = await auth_database.events_of(SecondFactorChanged)
    assert (told.factor, told.change) == ("totp", "removed")
    assert await auth_database.count("recovery_codes") == 0
    await new_client().sign_in(guarded)
    assert (await app_client.request("DELETE", "/v1/auth/totp")).status_code == 204


async def test_a_proof_by_code_uses_the_code_up(app_client: Any, enable_totp: EnableTotp) -> None:
    guarded = await enable_totp()
    proof = {"code": code_at(guarded.secret, 1)}
    assert (await app_client.post("/v1/auth/recovery-codes", json=proof)).status_code == 200
    again = await app_client.request("DELETE", "/v1/auth/totp", json=proof)
    assert (again.status_code, again.json()["code"]) == (403, "wrong_proof")


async def test_guessing_a_proof_is_throttled(app_client: Any, enable_totp: EnableTotp) -> None:
    guarded = await enable_totp()
    limit = service.settings().throttle_per_account
    proof = {"code": wrong_code(guarded.secret)}
    answers = [
        await app_client.request("DELETE", "/v1/auth/totp", json=proof) for _ in range(limit + 1)
    ]
    assert [a.status_code for a in answers] == [403] * limit + [429]


async def test_an_app_is_replaced_only_by_who_holds_the_second_factor(
    app_client: Any, new_client: Any, enable_totp: EnableTotp
) -> None:
    guarded = await enable_totp()
    for proof in ({}, {"password": guarded.password}):
        refused = await app_client.post("/v1/auth/totp", json=proof)
        assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")
    begun = await app_client.post("/v1/auth/totp", json={"code": code_at(guarded.secret, 1)})
    assert begun.status_code == 200
    secret = begun.json()["secret"]
    client = new_client()
    asked = await challenge_of(client, guarded)
    early = await second_factor(client, asked["challenge"], "totp", code_at(secret))
    assert early.status_code == 401, "the new app is not in use before it is confirmed"
    confirmed = await app_client.post("/v1/auth/totp/confirm", json={"code": code_at(secret)})
    assert confirmed.status_code == 200
    new = await second_factor(client, asked["challenge"], "totp", code_at(secret, 1))
    assert new.status_code == 200


async def test_an_old_sign_in_needs_a_proof_to_set_up_the_first_app(
    app_client: Any, signed_in: Any, auth_database: Any, sign_up_verified: Any
) -> None:
    await auth_database.rows(
        "UPDATE auth.sessions SET created_at = created_at - :age", age=timedelta(minutes=11)
    )
    refused = await app_client.post("/v1/auth/totp")
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_needed")


async def test_an_ended_sign_in_changes_no_factor(
    app_client: Any, new_client: Any, enable_totp: EnableTotp
) -> None:
    """The access token still runs; its sign-in was ended from another device."""
    guarded = await enable_totp()
    assert (await app_client.post("/v1/auth/logout-all")).status_code == 204
    proof = {"password": guarded.password}
    for method, path in (
        ("POST", "/v1/auth/totp"),
        ("DELETE", "/v1/auth/totp"),
        ("POST", "/v1/auth/recovery-codes"),
        ("POST", "/v1/auth/passkeys/register/options"),
    ):
        refused = await app_client.request(method, path, json=proof)
        assert (refused.status_code, refused.json()["code"]) == (401, "session_ended"), path


async def test_a_secret_sealed_with_an_older_key_still_works_and_is_sealed_again(
    new_client: Any, enable_totp: EnableTotp, auth_database: Any, auth_settings: Any
) -> None:
    guarded = await enable_totp()
    keys = "newer:" + "B" * 43 + "=," + "tests:" + "A" * 43 + "="
    auth_settings.setenv("TAXLIEN_SEALING_KEYS", keys)
    await service.close()
    client = new_client()
    asked = await challenge_of(client, guarded)
    answer = await second_factor(client, asked["challenge"], "totp", code_at(guarded.secret, 1))
    assert answer.status_code == 200
    [(sealed,)] = await auth_database.rows("SELECT secret FROM auth.totp_secrets")
    assert auth_database.keyring.key_of(bytes(sealed)) == "newer"
