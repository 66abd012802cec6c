"""The code that proves a number is its user's: what is sent, and when the next may be."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from uuid import UUID

import phonenumbers

from taxlien.kit.errors import InvalidInput

PHONE_CODE = "phone_code"
"""The kind of its messages; no user chooses about it, and none is told of it elsewhere."""
CODE_LIFE = timedelta(minutes=10)
MOST_GUESSES = 5
MOST_CODES = 3
"""Codes for one user in a day: text messages cost, and somebody earns by their being sent."""
CODES_PER = timedelta(hours=24)

_WORDS = {
    "en": "{code} is your TAXLIEN.online code. Nobody of ours will ever ask you for it.",
    "ru": "{code} — код TAXLIEN.online. Никому его не сообщайте.",
    "es": "{code} es su código de TAXLIEN.online. No lo comparta con nadie.",
}


def new_code() -> str:
    """Return six digits."""
    return f"{secrets.randbelow(1_000_000):06}"


def code_hash(user_id: UUID, code: str) -> bytes:
    """Return what is kept of a code."""
    return hashlib.sha256(f"{user_id}\n{code}".encode()).digest()


def fits(kept: bytes, user_id: UUID, code: str) -> bool:
    """Say whether ``code`` is the one that was sent."""
    return hmac.compare_digest(kept, code_hash(user_id, code))


def code_words(language: str, code: str) -> str:
    """Return the text message."""
    return _WORDS[language].format(code=code)


def number_of(text: str) -> str:
    """Return a number as in E.164; without ``+`` it is one of the US. Raises ``InvalidInput``."""
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        raise InvalidInput("phone", "is not a telephone number") from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise InvalidInput("phone", "is not a number that can get text messages")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
