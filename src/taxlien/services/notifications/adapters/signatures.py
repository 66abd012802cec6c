"""Signatures by which providers prove that a report is theirs."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key


def sendgrid_signed(public_key: str, signature: str, timestamp: str, body: bytes) -> bool:
    """Say whether SendGrid signed ``body``: ECDSA with SHA-256 over the timestamp and the raw body."""
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
        raw = base64.b64decode(signature, validate=True)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return False
        key.verify(raw, timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return True


def twilio_signed(
    auth_token: str, signature: str, url: str, fields: Sequence[tuple[str, str]]
) -> bool:
    """Say whether Twilio signed a form: HMAC-SHA1 over its address, then names and values in order."""
    signed = url + "".join(name + value for name, value in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest), signature.encode())
