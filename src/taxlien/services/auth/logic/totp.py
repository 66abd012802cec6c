"""Codes of an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds), and the QR to set it up."""

from __future__ import annotations

import hmac

import pyotp
import segno

STEP_SECONDS = 30
WINDOW = 1
"""Steps before and after the current one whose code is taken: clocks of phones differ."""

_SECRET_LETTERS = 32  # base32: 160 bits, what RFC 4226 recommends


def new_secret() -> str:
    """Return a random secret of 160 bits in base32, as apps take it when it is typed."""
    return pyotp.random_base32(_SECRET_LETTERS)


def step_of(secret: str, code: str, now: float, *, after: int = -1) -> int | None:
    """Return the step that ``code`` belongs to, or None where it is of no step around ``now``.

    ``now`` is seconds since 1970. Steps up to ``after`` do not count: their codes may have been used.
    Every step of the window is compared, whichever fits, so that time tells nothing.
    """
    current = int(now) // STEP_SECONDS
    otp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    typed = code.encode("utf-8", "surrogatepass")
    found = None
    for step in range(current - WINDOW, current + WINDOW + 1):
        right = hmac.compare_digest(otp.generate_otp(step).encode(), typed)
        if right and step > after:
            found = step
    return found


def as_typed(text: str) -> str:
    """Return a code without the spaces and hyphens that people type into it."""
    return text.replace(" ", "").replace("-", "")


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the ``otpauth://`` address that an authenticator app reads."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(
        name=account, issuer_name=issuer
    )


def qr_svg(uri: str) -> str:
    """Return ``uri`` as a QR code: an SVG document without scripts or addresses, to be shown inline."""
    return segno.make_qr(uri, error="m").svg_inline(scale=4, border=4, light="white")
