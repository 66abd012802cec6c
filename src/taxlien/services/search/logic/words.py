"""How text becomes words to find liens by: the same for what is indexed and for what is asked.

Whatever a county or a person writes short comes out as one full word (``N 22nd Av`` and ``North 22nd
Avenue`` are the same), accents and apostrophes are gone, numbers have no leading zeros. Engines index
what ``address_words``, ``place_words`` and ``number_words`` return, as words that need no further
analysis, and look for what ``read_question`` returns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import msgspec

from .street_names import (
    DIRECTIONS,
    FULL,
    HIGHWAYS,
    ORDINALS,
    ROAD_WORDS,
    STATES_TOO,
    SUFFIX_WORDS,
    TENS,
    TWO_NAMES,
    UNIT_WORDS,
    ordinal,
)

LONGEST_WORD = 40
MAX_WORDS = 12

Role = Literal["name", "number", "suffix", "direction", "unit", "noise"]

_NOT_COMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_APOSTROPHES = re.compile("['\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}`´ʻʼ]")
_INITIALS = re.compile(r"\b([a-z])\.\s?(?=[a-z]\b)")
_TOKEN = re.compile(r"#|[^\W_]+")
_FUSED_ROAD = re.compile(r"(us|sr|sh|cr|fm|i|hwy|rte?)(\d{1,4}[a-z]?)")
_ORDINAL = re.compile(r"0*(\d{1,3})(?:st|nd|rd|th)")
_SHORT_NUMBER = re.compile(r"\d{1,3}")
_ORDINAL_ENDINGS = frozenset(("st", "nd", "rd", "th"))
_LABELS = frozenset(("county", "parish", "borough", "cnty"))
_JOINED_PREFIXES = frozenset(("mc", "o"))


class Word(msgspec.Struct, frozen=True):
    """One word that must be found. ``forms`` are what the index may have, likeliest first.

    ``written`` is the word as it stood, in lower case without accents; ``start`` and ``end`` tell which
    tokens it was read from. ``optional`` words say little: they only help to choose.
    """

    forms: tuple[str, ...]
    written: str
    role: Role
    start: int
    end: int

    @property
    def optional(self) -> bool:
        """Tell whether a lien may lack this word: people say "Polk County", its address does not."""
        return self.role == "noise"


def plain(text: str) -> str:
    """Return ``text`` in lower case, without accents and apostrophes, its digits 0 to 9."""
    if not text.isascii():
        parts = unicodedata.normalize("NFKD", text.casefold())
        text = "".join(
            str(unicodedata.decimal(c)) if c.isdecimal() else c
            for c in parts
            if not unicodedata.combining(c)
        ).translate(_NOT_COMPOSED)
    text = _APOSTROPHES.sub("", text.lower())
    return _INITIALS.sub(r"\1", text) if "." in text else text


def tokens_of(text: str) -> list[str]:
    """Return runs of letters and digits, and ``#``."""
    return [token[:LONGEST_WORD] for token in _TOKEN.findall(plain(text))]


def without_zeros(token: str) -> str:
    """Return a number as it is compared: 00427 and 427 are one."""
    return token.lstrip("0") or "0" if token[:1] == "0" and token.isdigit() else token


def address_words(text: str) -> list[str]:
    """Return the words of an address to index."""
    return list(_address_words(text)) if text else []


@lru_cache(maxsize=1024)
def _address_words(text: str) -> tuple[str, ...]:
    return tuple(form for word in _read(tokens_of(text), asked=False) for form in word.forms)


@lru_cache(maxsize=8192)
def place_words(text: str) -> tuple[str, ...]:
    """Return the words of a city, county, state and ZIP code to index. ZIP codes keep their zeros."""
    found: list[str] = []
    tokens = tokens_of(text)
    for index, token in enumerate(tokens):
        if token.isdigit():
            found.append(token)
            continue
        found += _place_forms(token, tokens[index + 1 : index + 2])
    return tuple(dict.fromkeys(found))


def _place_forms(token: str, after: Sequence[str]) -> tuple[str, ...]:
    if token in TWO_NAMES:
        first, second = TWO_NAMES[token]
        return (second, first) if after else (first,)
    full = FULL.get(token, token)
    return (full, token) if token in STATES_TOO else (full,)


def number_words(numbers: str) -> list[str]:
    """Return the words of parcel ids and certificate numbers (parted by spaces) to index.

    Of ``0427-05-6``: its parts, the whole without punctuation, and the whole with its parts kept
    apart; each with and without leading zeros.
    """
    found: list[str] = []
    for number in numbers.split():
        found += _number_words(plain(number))
    return list(dict.fromkeys(found))


def _number_words(number: str) -> tuple[str, ...]:
    if number.isalnum():
        return (without_zeros(number[:LONGEST_WORD]),)
    parts = [part[:LONGEST_WORD] for part in _TOKEN.findall(number) if part != "#"]
    shorter = [without_zeros(part) for part in parts]
    if len(parts) < 2:
        return tuple(shorter)
    return (*shorter, joined(parts), apart(parts))


def joined(parts: Iterable[str]) -> str:
    """Return a number without its punctuation."""
    return without_zeros("".join(parts)[:LONGEST_WORD])


def apart(parts: Iterable[str]) -> str:
    """Return a number by its parts, whatever zeros they are filled up with: 4-27 is 004-0027."""
    return "-".join(without_zeros(part) for part in parts)[:LONGEST_WORD]


def pairs_of(words: Sequence[str]) -> list[str]:
    """Return neighbouring words as one: an engine that has them ranks ``12 oak street`` rightly."""
    return [f"{one} {two}" for one, two in pairwise(words)]


def read_words(text: str) -> list[Word]:
    """Return the words of a question, at most ``MAX_WORDS``."""
    return _read(tokens_of(text), asked=True)[:MAX_WORDS]


def _read(tokens: Sequence[str], *, asked: bool) -> list[Word]:
    """Read tokens from left to right, by the longest that means something together."""
    tokens = _split_roads(tokens)
    found: list[Word] = []
    at = 0
    while at < len(tokens):
        forms, role, length = _next_word(tokens, at, asked=asked)
        if forms:
            written = "".join(tokens[at : at + length])
            found.append(Word(forms, written, role, at, at + length))
        at += length
    return found
