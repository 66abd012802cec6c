"""What may stand in a profile: names as people write them, telephone numbers as E.164."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

from taxlien.kit.errors import InvalidInput

MAX_NAME = 255
HOME_REGION = "US"

_MARKS = frozenset(" '’ʼ`.,-‐‑·()")
# Mail programs turn such words into links; a name is greeted in mails that we send.
_LINK = re.compile(r"\bwww\.|\w\.[a-z]{2,}\b")


def full_name_of(text: str) -> str:
    """Return a name in NFC with single spaces. Raises ``InvalidInput``.

    Letters and marks of any script, digits, spaces, apostrophes, hyphens, dots, commas and brackets.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InvalidInput("full_name", "is empty; null removes it")
    if len(name) > MAX_NAME:
        raise InvalidInput("full_name", f"is longer than {MAX_NAME} characters")
    if not all(_fits_name(character) for character in name):
        raise InvalidInput("full_name", "has characters that names are not written with")
    if not any(unicodedata.category(character).startswith("L") for character in name):
        raise InvalidInput("full_name", "has no letters")
    if _LINK.search(name):
        raise InvalidInput("full_name", "looks like an address on the web")
    return name


def _fits_name(character: str) -> bool:
    return (
        character in _MARKS or unicodedata.category(character)[0] in "LM" or character.isdecimal()
    )


def phone_of(text: str) -> str:
    """Return a number as E.164, such as ``+13025550123``; without ``+`` it is one of the US.

    Raises ``InvalidInput`` for what cannot be called.
    """
    if len(text) > 40:
        raise InvalidInput("phone", "is too long")
    try:
        number = phonenumbers.parse(text, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise InvalidInput("phone", "is not a telephone number") from None
    if not phonenumbers.is_valid_number(number):
        raise InvalidInput("phone", "is not a number that can be called")
    if number.extension:
        raise InvalidInput("phone", "has an extension, which cannot receive messages")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
