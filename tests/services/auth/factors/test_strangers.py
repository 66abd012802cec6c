"""Nothing about how an account is guarded is open to who is not signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/auth/totp"),
        ("POST", "/v1/auth/totp/confirm"),
        ("DELETE", "/v1/auth/totp"),
        ("POST", "/v1/auth/recovery-codes"),
        ("GET", "/v1/auth/passkeys"),
        ("POST", "/v1/auth/passkeys/register"),
        ("DELETE", f"/v1/auth/passkeys/{UUID(int=1)}"),
        ("DELETE", "/v1/auth/oauth/google"),
        ("POST", "/v1/auth/oauth/google/link"),
    ],
)
async def test_a_stranger_changes_nothing(new_client: Any, method: str, path: str) -> None:
    assert (await new_client().request(method, path, json={})).status_code == 401
