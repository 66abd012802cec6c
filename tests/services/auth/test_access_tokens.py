"""Access tokens: what they say, and every way to forge one that was ever famous."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from taxlien.kit.errors import Unauthenticated
from taxlien.kit.ids import new_id
from taxlien.services.auth.logic.access_tokens import (
    Issue,
    Subject,
    new_signing_key,
    public_jwk,
    sign_access_token,
    verify_access_token,
)

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUBJECT = Subject(new_id(), new_id(), "ada@example.com", True, "premium", ("investor",))
KEY = new_signing_key("key-1")
KEY_SET = {"keys": [public_jwk("key-1", str(KEY.as_dict(private=False)["x"]))]}
HEADER = {"alg": "EdDSA", "kid": "key-1", "typ": "at+jwt"}


def signed(at: datetime = NOW, audience: str = "taxlien", issuer: str = "us") -> str:
    return sign_access_token(KEY, SUBJECT, Issue(issuer, audience, at, 900))


def verify(token: str, now: datetime = NOW) -> dict[str, Any]:
    return verify_access_token(token, KEY_SET, issuer="us", audience="taxlien", now=now)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def with_header(token: str, header: Any) -> str:
    _, payload, signature = token.split(".")
    return f"{part(header)}.{payload}.{signature}"


def encoded(key: Any, header: dict[str, Any]) -> str:
    claims = jwt.decode(signed(), KEY, algorithms=["EdDSA"]).claims
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def public_bytes() -> bytes:
    return base64.urlsafe_b64decode(KEY_SET["keys"][0]["x"] + "==")


def test_token_says_what_services_need() -> None:
    claims = verify(signed())
    assert set(claims) == {
        "iss", "aud", "iat", "exp", "jti", "sub", "sid",
        "user_id", "email", "email_verified", "tier", "roles", "roles_text",
    }  # fmt: skip
    assert claims["sub"] == claims["user_id"] == str(SUBJECT.user_id)
    assert claims["sid"] == str(SUBJECT.session_id)
    assert claims["exp"] - claims["iat"] == 900
    assert (claims["tier"], claims["roles"]) == ("premium", ["investor"])
    assert claims["roles_text"] == "investor"


def forged_tokens() -> dict[str, Callable[[], str]]:
    good = signed()
    header, payload, signature = good.split(".")
    other = OKPKey.generate_key("Ed25519", parameters={"kid": "key-1"}, private=True)
    swapped = part({**json.loads(base64.urlsafe_b64decode(payload + "==")), "roles": ["admin"]})
    named = {"kid": "key-1", "typ": "at+jwt"}
    return {
        "alg none": lambda: f"{part({**named, 'alg': 'none'})}.{payload}.",
        "alg None": lambda: f"{part({**named, 'alg': 'None'})}.{payload}.",
        "alg none with the signature": lambda: with_header(good, {**named, "alg": "none"}),
        "HS256 with the public key": lambda: encoded(
            OctKey.import_key(public_bytes()), {**named, "alg": "HS256"}
        ),
        "HS256 with the key as published": lambda: encoded(
            OctKey.import_key(KEY_SET["keys"][0]["x"].encode()), {**named, "alg": "HS256"}
        ),
        "HS256 with an empty key": lambda: with_header(good, {**named, "alg": "HS256"}),
        "RS256 with a key of theirs": lambda: encoded(
            RSAKey.generate_key(2048), {**named, "alg": "RS256"}
        ),
        "ES256 with a key of theirs": lambda: encoded(
            ECKey.generate_key("P-256"), {**named, "alg": "ES256"}
        ),
        "EdDSA with a key of theirs": lambda: encoded(other, HEADER),
        "another name of the algorithm": lambda: encoded(KEY, {**named, "alg": "Ed25519"}),
        "no algorithm": lambda: with_header(good, named),
        "algorithm in a list": lambda: with_header(good, {**named, "alg": ["EdDSA"]}),
        "kid of no key": lambda: encoded(KEY, {**HEADER, "kid": "key-2"}),
        "no kid": lambda: encoded(KEY, {"alg": "EdDSA", "typ": "at+jwt"}),
        "kid as a path": lambda: encoded(KEY, {**HEADER, "kid": "../../../dev/null"}),
        "kid as SQL": lambda: encoded(KEY, {**HEADER, "kid": "x' UNION SELECT 'key-1"}),
        "kid as a list": lambda: with_header(good, {**HEADER, "kid": ["key-1"]}),
        "kid in other case": lambda: encoded(KEY, {**HEADER, "kid": "KEY-1"}),
        "kid null": lambda: with_header(good, {**HEADER, "kid": None}),
        "a key brought along": lambda: encoded(
            other, {**HEADER, "jwk": other.as_dict(private=False)}
        ),
        "an address of keys": lambda: with_header(
            good, {**HEADER, "jku": "https://evil.example/jwks.json"}
        ),
        "a certificate brought along": lambda: with_header(good, {**HEADER, "x5c": ["MIIB"]}),
        "a critical extension": lambda: with_header(
            good, {**HEADER, "crit": ["b64"], "b64": False}
        ),
        "another type": lambda: encoded(KEY, {**HEADER, "typ": "JWT"}),
        "claims swapped": lambda: f"{header}.{swapped}.{signature}",
        "signature cut": lambda: good[:-4],
        "signature gone": lambda: f"{header}.{payload}.",
        "two parts": lambda: f"{header}.{payload}",
        "four parts": lambda: f"{good}.{signature}",
        "header is a list": lambda: with_header(good, [HEADER]),
        "header is deep": lambda: f"{'W' * 6000}.{payload}.{signature}",
        "nothing": lambda: "",
        "words": lambda: "not a token",
        "letters of no alphabet": lambda: "\u00e9.\u00e9.\u00e9",
        "too long": lambda: f"{header}.{payload * 50}.{signature}",
    }


@pytest.mark.parametrize("trick", sorted(forged_tokens()))
def test_forged_token_is_refused(trick: str) -> None:
    token = forged_tokens()[trick]()
    with pytest.raises(Unauthenticated, match="not valid"):
        verify(token)


@pytest.mark.parametrize(
    "token",
    [signed(audience="another"), signed(issuer="another"), signed(NOW + timedelta(minutes=5))],
)
def test_token_for_others_or_of_later_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        verify(token)


def test_token_is_good_until_its_time_is_over() -> None:
    token = signed()
    verify(token, NOW + timedelta(seconds=899))
    with pytest.raises(Unauthenticated):
        verify(token, NOW + timedelta(seconds=900 + 30))


@pytest.mark.parametrize("missing", ["exp", "iat", "iss", "aud"])
def test_token_without_a_claim_that_bounds_it_is_refused(missing: str) -> None:
    claims = dict(verify(signed()))
    del claims[missing]
    token = jwt.encode(HEADER, claims, KEY, algorithms=["EdDSA"])
    with pytest.raises(Unauthenticated):
        verify(token)


async def test_token_over_http_verifies_with_the_published_keys_alone(
    app_client: Any, signed_in: Any
) -> None:
    key_set = (await app_client.get("/v1/auth/.well-known/jwks.json")).json()
    claims = verify_access_token(
        signed_in.access_token,
        key_set,
        issuer="taxlien",
        audience="taxlien",
        now=datetime.fromtimestamp(time.time(), UTC),
    )
    assert claims["user_id"] == str(signed_in.user_id)
    assert claims["sid"] == str(signed_in.session_id)
