"""Masking of personal data and secrets in anything that is about to be logged or shown.

Masked: social security numbers, card numbers (known networks, Luhn), e-mail addresses, phone numbers,
bearer and API tokens, JWTs, private keys, passwords in URLs and in ``password=...``, and every value
under a key that names such a thing. Kept: parcel ids, PINs of any length, certificate numbers, FIPS
codes, amounts, dates and ids. Digits alone are ambiguous, so a number is masked by its punctuation
(``123-45-6789``), by a card network's prefix, length and checksum, or by the word before it; and it is
kept where the key or word before it says that it is a parcel's or a certificate's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

MASK = "[masked]"

_DEEPEST = 8

_SECRET_KEYS = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|secret|authorization|cookie|credentials?"
    r"|(?:api|access|secret|private|signing)[_-]?key|token|session[_-]?id|jwt|otp"
    r"|ssn|social[_-]?security(?:[_-]?number)?|tin|ein|itin|tax[_-]?payer[_-]?id"
    r"|e?mail|e[_-]mail|email[_-]?address|phone|phone[_-]?number|mobile|cell|fax|tel"
    r"|card|card[_-]?number|pan|cvv|cvc|iban|routing[_-]?number|bank[_-]?account|account[_-]?number"
    r"|owner|owner[_-]?names?|taxpayer|mailing[_-]?address|full[_-]?name|first[_-]?name|last[_-]?name)$",
    re.IGNORECASE,
)
_NUMBER_KEYS = re.compile(
    r"(?:^|_)(?:parcel|parcel_id|parcel_key|pin|apn|folio|certificate|certificate_number"
    r"|advertising_number|fips|county_fips|case_number)$",
    re.IGNORECASE,
)
# A quote, maybe escaped: JSON inside JSON inside a log line.
_QUOTE = r"\\{0,7}[\"']?"
_NUMBER_WORDS = re.compile(
    r"\b(?:parcel|pin|apn|folio|certificate|cert|advertising|fips)(?:[ _-]?(?:id|key|no|number))?"
    rf"{_QUOTE}\s{{0,2}}[.#:=]{{0,2}}\s{{0,2}}{_QUOTE}$",
    re.IGNORECASE,
)
_WORD_BEFORE = 40

# A number stands alone unless a letter or digit touches it, or it goes on behind a hyphen or a dot.
_ALONE = r"(?<![A-Za-z0-9])(?<!\d[-.])"
_ENDS = r"(?![A-Za-z0-9])(?![-.]\d)"

_CARD = re.compile(
    _ALONE + r"(?:\d{15,19}|\d{13}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?"
    r"|\d{4}([ -])\d{6}\2\d{4,5})" + _ENDS
)
_CARD_NETWORKS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(?:6011|64[4-9]\d|65\d{2}|62\d{2}|35(?:2[89]|[3-8]\d))\d{12,15}"  # Discover, UnionPay, JCB
    r"|(?:30[0-5]\d|3[689]\d{2})\d{10}"  # Diners Club
)
_SSN = re.compile(_ALONE + r"\d{3}([- ])\d{2}\1\d{4}" + _ENDS)
_PHONE = re.compile(
    r"(?<![A-Za-z0-9.])(?<!\d-)(?:\+?1[ .-]?)?"
    r"(?:\([2-9]\d{2}\)[ .-]?[2-9]\d{2}[ .-]?\d{4}|[2-9]\d{2}([ .-])[2-9]\d{2}\1\d{4})" + _ENDS
)
_PHONE_ABROAD = re.compile(r"(?<![A-Za-z0-9])\+[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)")
_LABELLED_NUMBER = re.compile(
    r"\b(ssn|social security(?: number| no)?|itin|tin|phone(?: number| no)?|tel(?:ephone)?|mobile"
    r"|cell|fax|sms to|call|card(?: number| no)?|credit card|pan)"
    rf"(\.?{_QUOTE}(?:\s+is)?\s{{0,2}}[.#:=-]{{0,2}}\s{{0,2}}{_QUOTE})(\(?\d[\d ().-]{{5,24}}\d)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_URL_PASSWORD = re.compile(
    r"(?<=://)(?:[^\s/?#:\"'<>]{0,100}:(?!\d{1,5}(?:[/?#\s]|$))[^\s\"']{0,300}|[^\s/?#\"'<>]+)@"
)
_BEARER = re.compile(r"\b(bearer|basic|token|apikey)(\s+)[\w.~+/=-]{6,}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?")
_API_TOKEN = re.compile(
    r"\b(?:(?:sk|pk|rk)_(?:live|test)_|whsec_|gh[pousr]_|github_pat_|glpat-|npm_|pypi-|xox[abprs]-"
    r"|SG\.|AIza|ya29\.|tl_)[\w.-]{8,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_ASSIGNED = re.compile(
    r"((?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key"
    r"|private[_-]?key|authorization|cookie|session[_-]?id|credentials?)\\{0,7}[\"']?\s{0,3}[:=]\s{0,3})"
    r"(?!\[masked)"
    r"(\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|\\{1,7}\"(?:(?!\\{1,7}\").)*"
    r"|[^\s\"'&]+)",
    re.IGNORECASE,
)
# Cheap looks, at the text in lower case, that spare most texts the patterns above.
_SECRET_WORDS = re.compile(r"pass|pwd|secret|token|key|auth|cookie|session|credential|bearer|basic")
_TOKEN_STARTS = re.compile(
    r"[spr]k_|whsec_|gh[pousr]_|github_|glpat-|npm_|pypi-|xox|sg\.|aiza|ya29\.|tl_|akia|asia|eyj"
)
_LABEL_WORDS = re.compile(r"ssn|social|tin|phone|tel|mobile|cell|fax|sms|call|card|pan")
_NINE_DIGITS = re.compile(r"\d(?:[ ().-]{0,3}\d){8}")
_SHORT = 100


def mask_text(text: str) -> str:
    """Return ``text`` with personal data and secrets replaced by ``[masked]``."""
    # Most of what is logged is said again and again: names of events, routes, services.
    return _mask_short(text) if len(text) <= _SHORT else _mask_any(text)


def _mask_any(text: str) -> str:
    lowered = text.lower()
    text = _mask_secrets(text, lowered)
    if "@" in text:
        text = _EMAIL.sub(MASK, text)
    if _LABEL_WORDS.search(lowered):
        text = _LABELLED_NUMBER.sub(rf"\1\2{MASK}", text)
    return _mask_numbers(text) if _NINE_DIGITS.search(text) else text


_mask_short = lru_cache(maxsize=4096)(_mask_any)


def mask_value(value: object, key: str = "") -> Any:
    """Return ``value`` masked, with plain types inside: what JSON can hold. ``key`` is its name."""
    return _mask(value, key, _DEEPEST)


@lru_cache(maxsize=4096)
def _kind_of(key: str) -> str:
    """Return ``secret``, ``number`` (a parcel's or certificate's) or nothing, for a field's name."""
    if _SECRET_KEYS.search(key):
        return "secret"
    return "number" if _NUMBER_KEYS.search(key) else ""


def _mask(value: object, key: str, depth: int) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    kind = _kind_of(key) if key else ""
    if kind == "secret":
        return MASK
    if isinstance(value, int):
        # Shorter than any number of a person; else as its digits would be.
        short = -100_000_000 < value < 100_000_000
        return value if short or kind or mask_text(str(value)) == str(value) else MASK
    if isinstance(value, (Decimal, date, time, timedelta, UUID)):
        return str(value)
    if depth > 0 and isinstance(value, Mapping):
        return {mask_text(str(k)): _mask(item, str(k), depth - 1) for k, item in value.items()}
    if depth > 0 and isinstance(value, (list, tuple, set, frozenset)):
        return [_mask(item, key, depth - 1) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = bytes(value).decode("utf-8", "replace")
    said = value if isinstance(value, str) else str(value)
    return _mask_secrets(said, said.lower()) if kind == "number" else mask_text(said)


def _mask_secrets(text: str, lowered: str) -> str:
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(MASK, text)
    if "://" in text:
        text = _URL_PASSWORD.sub(f"{MASK}@", text)
    if _TOKEN_STARTS.search(lowered):
        text = _API_TOKEN.sub(MASK, _JWT.sub(MASK, text))
    if _SECRET_WORDS.search(lowered):
        text = _ASSIGNED.sub(rf"\1{MASK}", _BEARER.sub(rf"\1\2{MASK}", text))
    return text


def _mask_numbers(text: str) -> str:
    text = _SSN.sub(_unless_ours(), text)
    text = _CARD.sub(_unless_ours(_is_card), text)
    text = _PHONE.sub(_unless_ours(), text)
    if "+" in text:
        text = _PHONE_ABROAD.sub(_unless_ours(), text)
    return text


def _unless_ours(
    also: Callable[[str], bool] | None = None,
) -> Callable[[re.Match[str]], str]:
    """Return a replacement that keeps numbers after the word of a parcel or certificate."""

    def replace(match: re.Match[str]) -> str:
        found = match.group()
        if also is not None and not also(found):
            return found
        before = match.string[max(0, match.start() - _WORD_BEFORE) : match.start()]
        return found if _NUMBER_WORDS.search(before) else MASK

    return replace


def _is_card(found: str) -> bool:
    digits = found.replace(" ", "").replace("-", "")
    return bool(_CARD_NETWORKS.fullmatch(digits)) and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
