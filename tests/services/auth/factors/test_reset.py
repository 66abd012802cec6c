"""A forgotten password is replaced by mail; the second factor is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from taxlien.interfaces.auth import PasswordResetRequested

NEW = "another good passphrase 7"


async def test_a_reset_opens_no_account_whose_second_factor_is_not_shown(
    app_client: Any,
    new_client: Any,
    auth_database: Any,
    enable_totp: Callable[[], Awaitable[Any]],
) -> None:
    """Who reads the mails has one factor. The answer to the reset itself signs nobody in either."""
    guarded = await enable_totp()
    thief = new_client()
    await thief.post("/v1/auth/forgot-password", json={"email": guarded.email})
    token = await auth_database.mailed_token(PasswordResetRequested)
    body = {"token": token, "new_password": NEW}
    answer = await thief.post("/v1/auth/reset-password", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "set-cookie" not in answer.headers
    login = await thief.post("/v1/auth/login", json={"email": guarded.email, "password": NEW})
    assert login.status_code == 200
    assert "access_token" not in login.json()
    assert login.json()["methods"] == ["totp", "recovery_code"]
    challenge = {"challenge": login.json()["challenge"]}
    known = challenge | {"method": "totp", "code": guarded.confirmed_with}
    assert (await thief.post("/v1/auth/login/second-factor", json=known)).status_code == 401
    right = challenge | {"method": "recovery_code", "code": guarded.recovery_codes[0]}
    assert (await thief.post("/v1/auth/login/second-factor", json=right)).status_code == 200
