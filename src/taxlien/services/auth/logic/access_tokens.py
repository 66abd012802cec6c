"""Access tokens: JWTs signed with Ed25519 (``alg`` EdDSA), and how they are to be checked."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from taxlien.kit.errors import Unauthenticated
from taxlien.kit.ids import new_id

ALGORITHM = "EdDSA"
TYPE = "at+jwt"
LEEWAY_SECONDS = 30
_MAX_LENGTH = 8_192
_HEADER = frozenset({"alg", "kid", "typ"})


class _OnlyEdDsa(JWSRegistry):
    """Knows one algorithm: no token can make it use another.

    RFC 9864 prefers the name ``Ed25519`` for the same signature, of which the library warns; gateways read
    ``EdDSA`` only, so far.
    """

    algorithms: ClassVar[dict[str, Any]] = {}  # type: ignore[misc]


_EDDSA = copy(JWSRegistry.algorithms[ALGORITHM])
_EDDSA.security_warning = None
_OnlyEdDsa.algorithms[ALGORITHM] = _EDDSA
_registry = _OnlyEdDsa(algorithms=[ALGORITHM])


class Subject(NamedTuple):
    """Whom an access token speaks of."""

    user_id: UUID
    session_id: UUID
    email: str
    email_verified: bool
    tier: str
    roles: tuple[str, ...]


class Issue(NamedTuple):
    """Who issues a token, for whom, and when."""

    issuer: str
    audience: str
    at: datetime
    seconds: int


def new_signing_key(kid: str) -> OKPKey:
    """Return a new Ed25519 key."""
    return OKPKey.generate_key("Ed25519", parameters={"kid": kid}, private=True)


def signing_key(kid: str, private: bytes) -> OKPKey:
    """Return the key that ``private_part`` gave."""
    return OKPKey.import_key({**json.loads(private), "kid": kid})


def private_part(key: OKPKey) -> bytes:
    """Return a key whole, as JSON, to be sealed."""
    return json.dumps(key.as_dict(private=True)).encode()


def public_jwk(kid: str, public_x: str) -> dict[str, str]:
    """Return a key as a key set publishes it."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "kid": kid,
        "x": public_x,
        "use": "sig",
        "alg": ALGORITHM,
    }


def sign_access_token(key: OKPKey, subject: Subject, issue: Issue) -> str:
    """Return a signed token that says who ``subject`` is, for ``issue.seconds``."""
    issued = int(issue.at.timestamp())
    claims: dict[str, Any] = {
        "iss": issue.issuer,
        "aud": issue.audience,
        "iat": issued,
        "exp": issued + issue.seconds,
        "jti": str(new_id()),
        "sub": str(subject.user_id),
        "sid": str(subject.session_id),
        "user_id": str(subject.user_id),
        "email": subject.email,
        "email_verified": subject.email_verified,
        "tier": subject.tier,
        "roles": list(subject.roles),
        "roles_text": ",".join(subject.roles),  # Envoy copies a text into a header, not an array
    }
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    return jwt.encode(header, claims, key, registry=_registry)


def verify_access_token(
    token: str, key_set: Mapping[str, Any], *, issuer: str, audience: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of a good token. Raises ``Unauthenticated``, with the same words for every fault.

    ``key_set`` is the JSON of ``/v1/auth/.well-known/jwks.json``. Only EdDSA is accepted, only from a key
    of the set that the header names exactly, and only with a header that says nothing else: no key, address
    or extension that a token brings along is ever looked at.
    """
    header = _header_of(token)
    if header.get("alg") != ALGORITHM or not set(header) <= _HEADER or header.get("typ") != TYPE:
        raise _refused()
    kid = header.get("kid")
    jwk = next((k for k in key_set["keys"] if isinstance(kid, str) and k["kid"] == kid), None)
    if jwk is None or (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
        raise _refused()
    try:
        claims = jwt.decode(token, OKPKey.import_key(jwk), registry=_registry).claims
    except (JoseError, ValueError):
        raise _refused() from None
    if not isinstance(claims, dict) or not _is_current(claims, issuer, audience, now):
        raise _refused()
    return claims


def _is_current(claims: dict[str, Any], issuer: str, audience: str, now: datetime) -> bool:
    issued, expires = claims.get("iat"), claims.get("exp")
    if type(issued) is not int or type(expires) is not int:
        return False
    moment = now.timestamp()
    in_time = issued - LEEWAY_SECONDS <= moment < expires + LEEWAY_SECONDS
    return in_time and claims.get("iss") == issuer and claims.get("aud") == audience


def _header_of(token: str) -> dict[str, Any]:
    part, separator, _ = token.partition(".")
    if len(token) > _MAX_LENGTH or not separator:
        raise _refused()
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise _refused() from None
    if not isinstance(header, dict):
        raise _refused()
    return header


def _refused() -> Unauthenticated:
    return Unauthenticated("The access token is not valid.")
