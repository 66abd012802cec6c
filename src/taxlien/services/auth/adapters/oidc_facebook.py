"""Facebook: OAuth 2 with PKCE, and the Graph API where OpenID Connect would have an ID token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx2

from taxlien.services.auth.adapters.oidc import (
    authorization_url,
    code_of,
    fetch_token,
    identity_of,
    oauth_client,
)
from taxlien.services.auth.adapters.oidc_metadata import ProviderFailed
from taxlien.services.auth.logic.oauth import Identity, Secrets

ISSUER = "https://www.facebook.com"


class FacebookConfig(NamedTuple):
    """What we are to Facebook. ``dialog_url`` and ``graph_url`` carry the version, such as ``/v25.0``.

    Facebook does not say whether an address was confirmed: ``email_verified`` is what we believe.
    """

    client_id: str
    client_secret: str
    dialog_url: str
    graph_url: str
    email_verified: bool


class FacebookProvider:
    """See ``SignInProvider``. There is no nonce: the token comes from Facebook itself, for this code."""

    def __init__(self, config: FacebookConfig) -> None:
        self._config = config

    async def authorization_url(self, secrets: Secrets, redirect_uri: str) -> str:
        """See ``SignInProvider``."""
        async with self._client() as client:
            return authorization_url(client, self._config.dialog_url, secrets, redirect_uri)

    async def identify(
        self, secrets: Secrets, redirect_uri: str, answer: Mapping[str, str]
    ) -> Identity:
        """See ``SignInProvider``."""
        code = code_of(answer, issuer=ISSUER)
        async with self._client() as client:
            endpoint = f"{self._config.graph_url}/oauth/access_token"
            token = await fetch_token(client, endpoint, code, secrets, redirect_uri)
            me = await self._me(client, str(token.get("access_token", "")))
        if not isinstance(me.get("id"), str) or not me["id"]:
            raise ProviderFailed("the Graph API does not say who signed in")
        name = me.get("name")
        claims = {
            "sub": me["id"],
            "email": me.get("email"),
            "email_verified": self._config.email_verified,
        }
        return identity_of(claims, name if isinstance(name, str) else None)

    async def _me(self, client: httpx2.AsyncClient, access_token: str) -> dict[str, Any]:
        """Ask who the token is of. The proof shows that we hold the app's secret, not just a token."""
        proof = hmac.new(
            self._config.client_secret.encode(), access_token.encode(), hashlib.sha256
        ).hexdigest()
        try:
            answer = await client.get(
                f"{self._config.graph_url}/me",
                params={"fields": "id,name,email", "appsecret_proof": proof},
            )
            answer.raise_for_status()
            found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderFailed(f"the Graph API failed: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderFailed("the Graph API does not say who signed in")
        return found

    def _client(self) -> Any:
        return oauth_client(
            self._config.client_id, self._config.client_secret, "email,public_profile"
        )
