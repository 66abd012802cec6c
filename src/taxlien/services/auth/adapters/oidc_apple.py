"""Sign in with Apple: OpenID Connect with a client secret we sign, answers by form, and a name said once."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from joserfc import jwt
from joserfc.jwk import ECKey

from taxlien.services.auth.adapters.oidc import OidcConfig, OidcProvider, identity_of
from taxlien.services.auth.logic.oauth import Identity

_SECRET_SECONDS = 300


class AppleKey(NamedTuple):
    """What Apple knows us by. ``private_key`` is the PEM text of the .p8 file it gave out."""

    team_id: str
    key_id: str
    private_key: str


class AppleProvider(OidcProvider):
    """Apple. ``config.client_secret`` is not used: each exchange gets one signed for it."""

    def __init__(self, config: OidcConfig, key: AppleKey) -> None:
        super().__init__(config)
        self._key = key

    def _extra(self) -> dict[str, str]:
        # Apple requires it where a name or an address is asked for.
        return {"response_mode": "form_post"}

    def _client_secret(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._key.team_id,
            "iat": now,
            "exp": now + _SECRET_SECONDS,
            "aud": self._config.issuer,
            "sub": self._config.client_id,
        }
        key = ECKey.import_key(self._key.private_key)
        return jwt.encode({"alg": "ES256", "kid": self._key.key_id}, claims, key)

    def _identity(self, claims: dict[str, Any], answer: Mapping[str, str]) -> Identity:
        return identity_of(claims, name_of(answer.get("user", "")))


def name_of(user: str) -> str | None:
    """Return the name in the ``user`` field of Apple's form, which it sends at the first sign-in only.

    The field is not signed: it may name a new account, and nothing else. Its address is not read.
    """
    try:
        name = json.loads(user)["name"]
        parts = [name.get("firstName"), name.get("lastName")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return " ".join(part for part in parts if isinstance(part, str) and part) or None
