"""Text as plain runs of letters and digits: lower case, no accents, no apostrophes, no leading zeros."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST_WORD = 40

_NOT_COMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_APOSTROPHES = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`´ʻʼ]")
_INITIALS = re.compile(r"\b([a-z])\.\s?(?=[a-z]\b)")
_TOKEN = re.compile(r"#|[^\W_]+")
_NUMBER_PART = re.compile(r"[^\W_]+")
_FUSED_ROAD = re.compile(r"(us|sr|sh|cr|fm|hwy|rte?)(\d{1,4}[a-z]?)")


def plain(text: str) -> str:
    """Return ``text`` in lower case, without accents and apostrophes, its digits 0 to 9."""
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text).casefold())
        text = "".join(
            str(unicodedata.decimal(c)) if c.isdecimal() else c
            for c in parts
            if not unicodedata.combining(c)
        ).translate(_NOT_COMPOSED)
    text = (_APOSTROPHES.sub("", text) if "'" in text or "`" in text else text).lower()
    return _INITIALS.sub(r"\1", text) if "." in text else text


def tokens_of(text: str) -> list[str]:
    """Return runs of letters and digits, and ``#``; a road and its number (US27) are two."""
    found: list[str] = []
    for token in _TOKEN.findall(plain(text)):
        road = _FUSED_ROAD.fullmatch(token)
        found += road.groups() if road else (token[:LONGEST_WORD],)
    return found


def without_zeros(token: str) -> str:
    """Return a number as it is compared: 00427 and 427 are one."""
    return token.lstrip("0") or "0" if token[:1] == "0" and token.isdecimal() else token


def number_words(numbers: str) -> list[str]:
    """Return the words of parcel ids and certificate numbers (parted by spaces) to index.

    Of ``0427-05-6``: its parts, the whole without punctuation, and the whole with its parts kept
    apart, all without leading zeros.
    """
    found: set[str] = set()
    for number in plain(numbers).split():
        if number.isalnum():
            found.add(without_zeros(number[:LONGEST_WORD]))
            continue
        parts = _NUMBER_PART.findall(number)
        shorter = [without_zeros(part[:LONGEST_WORD]) for part in parts]
        found.update(shorter)
        if len(parts) > 1:
            found.add(joined(parts))
            found.add("-".join(shorter)[:LONGEST_WORD])
    return sorted(found)


def joined(parts: Iterable[str]) -> str:
    """Return a number without its punctuation."""
    return without_zeros("".join(parts)[:LONGEST_WORD])


def apart(parts: Sequence[str]) -> str:
    """Return a number by its parts, whatever zeros they are filled up with: 4-27 is 004-0027."""
    return "-".join(without_zeros(part) for part in parts)[:LONGEST_WORD]
