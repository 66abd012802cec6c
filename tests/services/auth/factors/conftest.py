"""An authenticator in software: real CBOR, COSE keys and signatures, as a phone makes them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import cbor2
import pyotp
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Held:
    """A credential as the authenticator holds it."""

    credential_id: bytes
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    rp_id: str
    user_handle: bytes
    sign_count: int = 0

    def cose_key(self) -> bytes:
        public = self.key.public_key()
        if isinstance(public, ed25519.Ed25519PublicKey):
            return cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public.public_bytes_raw()})
        numbers = public.public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass
class Authenticator:
    """Answers options as a browser with an authenticator would; arguments make it misbehave."""

    origin: str
    algorithm: int = -7
    counts: bool = True
    held: list[Held] = field(default_factory=list)

    def create(
        self,
        options: dict[str, Any],
        *,
        origin: str | None = None,
        rp_id: str | None = None,
        verified: bool = True,
        credential_id: bytes | None = None,
    ) -> dict[str, Any]:
        """``navigator.credentials.create``: make a credential, attestation none."""
        assert self.algorithm in [one["alg"] for one in options["pubKeyCredParams"]]
        known = {one["id"] for one in options["excludeCredentials"]}
        assert not known & {b64(one.credential_id) for one in self.held}, "InvalidStateError"
        curve = ec.generate_private_key(ec.SECP256R1())
        held = Held(
            credential_id or os.urandom(32),
            ed25519.Ed25519PrivateKey.generate() if self.algorithm == -8 else curve,
            rp_id or options["rp"]["id"],
            unb64(options["user"]["id"]),
        )
        self.held.append(held)
        flags = USER_PRESENT | ATTESTED | (USER_VERIFIED if verified else 0)
        id_length = len(held.credential_id).to_bytes(2, "big")
        data = self._head(held, flags) + bytes(16) + id_length
        data += held.credential_id + held.cose_key()
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = self._client_data("webauthn.create", options["challenge"], origin)
        response = {
            "clientDataJSON": b64(client_data),
            "attestationObject": b64(attestation),
            "transports": ["internal", "hybrid"],
        }
        return self._credential(held, response)

    def get(
        self,
        options: dict[str, Any],
        *,
        origin: str | None = None,
        verified: bool = True,
        sign_count: int | None = None,
        user_handle: bytes | None = None,
    ) -> dict[str, Any]:
        """``navigator.credentials.get``: sign with the newest credential that may."""
        allowed = {one["id"] for one in options.get("allowCredentials", [])}
        held = next(
            one
            for one in reversed(self.held)
            if one.rp_id == options["rpId"] and (not allowed or b64(one.credential_id) in allowed)
        )
        if sign_count is not None:
            held.sign_count = sign_count
        elif self.counts:
            held.sign_count += 1
        data = self._head(held, USER_PRESENT | (USER_VERIFIED if verified else 0))
        client_data = self._client_data("webauthn.get", options["challenge"], origin)
        response = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(data),
            "signature": b64(held.sign(data + hashlib.sha256(client_data).digest())),
            "userHandle": b64(user_handle or held.user_handle),
        }
        return self._credential(held, response)

    def _head(self, held: Held, flags: int) -> bytes:
        rp_hash = hashlib.sha256(held.rp_id.encode()).digest()
        return rp_hash + bytes((flags,)) + held.sign_count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, origin: str | None) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": origin or self.origin}
        return json.dumps({**said, "crossOrigin": False}).encode()

    @staticmethod
    def _credential(held: Held, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": b64(held.credential_id),
            "rawId": b64(held.credential_id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        }


@pytest.fixture
def authenticator() -> Callable[..., Authenticator]:
    """``authenticator(origin, algorithm=-7, counts=True)``: a new, empty authenticator."""
    return Authenticator


class Guarded(NamedTuple):
    """Somebody whose sign-in needs a second factor."""

    user_id: UUID
    email: str
    password: str
    secret: str
    confirmed_with: str
    recovery_codes: list[str]


@pytest.fixture
def enable_totp(
    app_client: Any, sign_up_verified: Callable[..., Awaitable[Any]]
) -> Callable[..., Awaitable[Guarded]]:
    """``await enable_totp()``: a new person with an authenticator app, signed in on ``app_client``."""

    async def enable() -> Guarded:
        person = await sign_up_verified()
        await app_client.sign_in(person)
        begun = (await app_client.post("/v1/auth/totp")).json()
        code = pyotp.TOTP(begun["secret"]).now()
        confirmed = await app_client.post("/v1/auth/totp/confirm", json={"code": code})
        assert confirmed.status_code == 200, confirmed.text
        codes = confirmed.json()["recovery_codes"]
        return Guarded(person.user_id, person.email, person.password, begun["secret"], code, codes)

    return enable
