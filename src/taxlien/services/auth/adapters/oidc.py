"""Signing in at another provider: what every provider can do, and OpenID Connect as Google speaks it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, Protocol, cast

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]
    AsyncOAuth2Client,
)
from joserfc import jws, jwt
from joserfc.errors import JoseError

from taxlien.services.auth.adapters.oidc_metadata import Metadata, ProviderFailed
from taxlien.services.auth.logic.device_names import clean_text
from taxlien.services.auth.logic.oauth import Identity, Secrets

ALGORITHMS = ("RS256", "ES256")
"""What ID tokens may be signed with. Not among them: ``none``, and HMAC, whose key we would share."""

LEEWAY_SECONDS = 60
TIMEOUT_SECONDS = 5.0

_LONGEST_SUBJECT = 255  # by the specification
_LONGEST_EMAIL = 254
_LONGEST_NAME = 200


class SignInRefused(Exception):
    """The person, or the provider, said no. Nothing is wrong."""


class SignInProvider(Protocol):
    """Another provider that can say who somebody is."""

    async def authorization_url(self, secrets: Secrets, redirect_uri: str) -> str:
        """Return where the browser goes. Raises ``ProviderFailed``."""
        ...

    async def identify(
        self, secrets: Secrets, redirect_uri: str, answer: Mapping[str, str]
    ) -> Identity:
        """Return who signed in, given the parameters the browser brought back.

        Raises ``SignInRefused``, and ``ProviderFailed`` where the answer does not hold.
        """
        ...


class OidcConfig(NamedTuple):
    """What we are to an OpenID provider. ``issuer`` is where its discovery document is, too."""

    name: str
    issuer: str
    client_id: str
    client_secret: str
    scope: str = "openid email profile"


class OidcProvider:
    """An OpenID provider found by discovery: authorization code, PKCE S256, state, nonce, signed ID token."""

    def __init__(self, config: OidcConfig, *, metadata: Metadata | None = None) -> None:
        self._config = config
        self._metadata = metadata or Metadata(config.issuer)

    async def authorization_url(self, secrets: Secrets, redirect_uri: str) -> str:
        """See ``SignInProvider``."""
        endpoint = await self._metadata.endpoint("authorization_endpoint")
        async with self._client(self._client_secret()) as client:
            return authorization_url(
                client, endpoint, secrets, redirect_uri, nonce=secrets.nonce, **self._extra()
            )

    async def identify(
        self, secrets: Secrets, redirect_uri: str, answer: Mapping[str, str]
    ) -> Identity:
        """See ``SignInProvider``."""
        code = code_of(answer, issuer=self._config.issuer)
        endpoint = await self._metadata.endpoint("token_endpoint")
        async with self._client(self._client_secret()) as client:
            token = await fetch_token(client, endpoint, code, secrets, redirect_uri)
        id_token = token.get("id_token")
        if not isinstance(id_token, str):
            raise ProviderFailed("the token answer has no ID token")
        return self._identity(await self._claims(id_token, secrets.nonce), answer)

    def _extra(self) -> dict[str, str]:
        """Return parameters of the authorization request beside those of every provider."""
        return {}

    def _client_secret(self) -> str:
        return self._config.client_secret

    def _identity(self, claims: dict[str, Any], answer: Mapping[str, str]) -> Identity:
        """Return who ``claims`` speak of; ``answer`` is what the browser brought and is not signed."""
        name = claims.get("name")
        return identity_of(claims, name if isinstance(name, str) else None)

    def _client(self, secret: str) -> AsyncOAuth2Client:
        return oauth_client(self._config.client_id, secret, self._config.scope)

    async def _claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that is of this provider, for us, for this sign-in, and now."""
        key = await self._metadata.key(_key_id(id_token))
        try:
            claims = jwt.decode(id_token, key, algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._config.issuer},
                aud={"essential": True, "value": self._config.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            raise ProviderFailed(f"the ID token does not hold: {type(error).__name__}") from error
        party = claims.get("azp", self._config.client_id)
        audience = claims["aud"]
        others = isinstance(audience, list) and len(audience) > 1 and "azp" not in claims
        if party != self._config.client_id or others:
            raise ProviderFailed("the ID token was issued to somebody else")
        return claims


def oauth_client(client_id: str, client_secret: str, scope: str) -> AsyncOAuth2Client:
    """Return Authlib's client for one exchange: it holds the tokens of that exchange alone."""
    return AsyncOAuth2Client(
        client_id,
        client_secret,
        token_endpoint_auth_method="client_secret_post",  # noqa: S106
        scope=scope,
        code_challenge_method="S256",
        timeout=TIMEOUT_SECONDS,
        verify=_tls(),
        trust_env=False,
        follow_redirects=False,
    )


def authorization_url(
    client: AsyncOAuth2Client, endpoint: str, secrets: Secrets, redirect_uri: str, **extra: str
) -> str:
    """Return the address at which a provider asks the person."""
    url, _ = client.create_authorization_url(
        endpoint,
        state=secrets.state,
        code_verifier=secrets.verifier,
        redirect_uri=redirect_uri,
        **extra,
    )
    return cast(str, url)


async def fetch_token(
    client: AsyncOAuth2Client, endpoint: str, code: str, secrets: Secrets, redirect_uri: str
) -> dict[str, Any]:
    """Exchange a code. It is never sent twice: a provider may take the second time for a theft."""
    try:
        token = await client.fetch_token(
            endpoint,
            grant_type="authorization_code",
            code=code,
            code_verifier=secrets.verifier,
            redirect_uri=redirect_uri,
        )
    except (AuthlibBaseError, httpx2.HTTPError, ValueError) as error:
        # Its text may quote what the provider wrote, so only its kind is told.
        raise ProviderFailed(f"the code was not exchanged: {type(error).__name__}") from error
    return dict(token)


def code_of(answer: Mapping[str, str], *, issuer: str) -> str:
    """Return the code a browser brought back. Raises ``SignInRefused`` where it brought an error."""
    if answer.get("error"):
        raise SignInRefused
    if answer.get("iss", issuer) != issuer:  # RFC 9207
        raise ProviderFailed("the answer names another issuer")
    code = answer.get("code", "")
    if not code:
        raise ProviderFailed("the answer has no code")
    return code


def identity_of(claims: Mapping[str, Any], full_name: str | None) -> Identity:
    """Return who ``claims`` speak of. Apple writes ``email_verified`` as a text, sometimes.

    Raises ``ProviderFailed`` for a subject that OpenID Connect does not allow.
    """
    subject = str(claims["sub"])
    if not (0 < len(subject) <= _LONGEST_SUBJECT and subject.isascii() and subject.isprintable()):
        raise ProviderFailed("the subject is not one")
    email = claims.get("email")
    known = isinstance(email, str) and email.isprintable() and 0 < len(email) <= _LONGEST_EMAIL
    said = claims.get("email_verified")
    verified = said is True or said == "true"
    name = clean_text(full_name or "", _LONGEST_NAME)
    return Identity(subject, email if known else None, verified, name or None)


def _key_id(token: str) -> str | None:
    """Return the name of the key a token says it is signed with, before anything is checked."""
    try:
        header = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, RecursionError):
        raise ProviderFailed("the ID token is malformed") from None
    found = header.get("kid")
    return found if isinstance(found, str) else None


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)
