"""How text becomes words to find liens by: the same for what is indexed and for what is asked.

Whatever a county or a person writes short comes out as one full word (``N 22nd Av`` and ``North 22nd
Avenue`` are the same), accents and apostrophes are gone, numbers have no leading zeros. Engines index
what ``address_words``, ``place_words`` and ``number_words`` return, as words that need no further
analysis, and look for what ``read_words`` returns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from .street_names import (
    DIRECTIONS,
    FULL,
    HIGHWAYS,
    NEED_ROAD_WORD,
    ORDINALS,
    ROAD_WORDS,
    STATES_TOO,
    SUFFIX_WORDS,
    TENS,
    TWO_NAMES,
    UNIT_WORDS,
    ordinal,
)
from .tokens import plain, tokens_of, without_zeros

MAX_WORDS = 12
STREET_BEGINS = "^"
"""Stands before the first word of a street in its pairs: MAIN ST begins with MAIN, E MAIN ST does not."""

Role = Literal["name", "number", "suffix", "direction", "unit", "noise"]

_ORDINAL = re.compile(r"(\d{1,3})(?:st|nd|rd|th)")
_ROAD_NUMBER = re.compile(r"\d{1,4}[a-z]?")
_UNASKED = frozenset(("county", "parish", "borough", "cnty", "#"))
_NUMBER_LABELS = frozenset("parcel apn pin folio account certificate cert number no".split())  # noqa: SIM905
_LONGEST_ROAD_OWNER = 2


class Word(NamedTuple):
    """One word that must be found. ``forms`` are what the index may have, likeliest first.

    ``written`` is the word as it stood, plain. Words of the role ``noise`` need not be there: people
    say "Polk County", an address does not. ``length`` is how many tokens it was read from.
    """

    forms: tuple[str, ...]
    written: str
    role: Role
    length: int = 1


class IndexedText(NamedTuple):
    """The words of a text, and neighbours as one word each, for engines that rank by them."""

    words: tuple[str, ...]
    pairs: tuple[str, ...]


def address_words(text: str) -> IndexedText:
    """Return what to index of an address."""
    head, _, rest = text.partition(" ")
    if not (head.isascii() and head.isdecimal() and " " in rest):
        indexed, first = _address_words(text)
        begins = tuple(f"{STREET_BEGINS}_{form}" for form in first)
        return IndexedText(indexed.words, (*begins, *indexed.pairs))
    # A street is read once, not for each of its houses.
    house = without_zeros(head)
    street, first = _address_words(rest, housed=True)
    pairs = [f"{before}_{form}" for before in (house, STREET_BEGINS) for form in first]
    return IndexedText((house, *street.words), (*pairs, *street.pairs))


@lru_cache(maxsize=65_536)
def _address_words(text: str, *, housed: bool = False) -> tuple[IndexedText, tuple[str, ...]]:
    """Return what to index, and the forms of the first word."""
    forms = [word.forms for word in _read(tokens_of(text), asked=False, housed=housed)]
    return _indexed(forms), forms[0] if forms else ()


def place_words(text: str) -> IndexedText:
    """Return what to index of a city, county, state and ZIP code. ZIP codes keep their zeros."""
    head, _, zip_code = text.rpartition(" ")
    if not (head and zip_code.isascii() and zip_code.isdecimal()):
        return _place_words(text)
    place = _place_words(head)
    return IndexedText((*place.words, zip_code), place.pairs)


@lru_cache(maxsize=8192)
def _place_words(text: str) -> IndexedText:
    tokens = tokens_of(text)
    return _indexed([_place_forms(t, i + 1 < len(tokens)) for i, t in enumerate(tokens)])


def _place_forms(token: str, followed: bool) -> tuple[str, ...]:
    if token in TWO_NAMES:
        return TWO_NAMES[token] if followed else TWO_NAMES[token][:1]
    full = FULL.get(token, token)
    return (full, token) if token in STATES_TOO else (full,)


def _indexed(forms: Sequence[tuple[str, ...]]) -> IndexedText:
    words = dict.fromkeys(form for alternatives in forms for form in alternatives)
    pairs = dict.fromkeys(
        f"{one}_{two}" for before, after in pairwise(forms) for one in before for two in after
    )
    return IndexedText(tuple(words), tuple(pairs))


@lru_cache(maxsize=64)  # one question is read to find by, to mark hits and to be counted
def read_words(text: str) -> tuple[tuple[Word, ...], ...]:
    """Return the words of a question by the pieces that spaces part, at most ``MAX_WORDS`` in all.

    A word read from several pieces (``twenty first``) stands in the first of them.
    """
    pieces = [tokens_of(piece) for piece in plain(text).split()]
    starts = [index for index, piece in enumerate(pieces) for _ in piece]
    words = _read([token for piece in pieces for token in piece], asked=True)
    found: list[list[Word]] = [[] for _ in pieces]
    at = 0
    for word in words[:MAX_WORDS]:
        found[starts[at]].append(word)
        at += word.length
    return tuple(tuple(piece) for piece in found if piece)


def read_tokens(tokens: Sequence[str]) -> list[Word]:
    """Return the words of tokens with every form they could have, as for a question."""
    return _read(tokens, asked=True)


def begun_ordinals(written: str) -> list[str]:
    """Return the ordinals whose name begins so: ``fir`` may become ``first``, which is ``1st``."""
    return [ordinal(n) for name, n in ORDINALS.items() if name.startswith(written)]


def _read(tokens: Sequence[str], *, asked: bool, housed: bool = False) -> list[Word]:
    """Read tokens from left to right, by the longest that mean something together.

    ``housed`` tells that a house number stands before them.
    """
    found: list[Word] = []
    while (at := sum(word.length for word in found)) < len(tokens):
        rest = tokens[at:]
        found += _road(rest, asked) or [_word(rest, asked, first=not (found or housed))]
    return found


def _road(tokens: Sequence[str], asked: bool) -> list[Word] | None:
    """Read a numbered road. However it is written it is indexed as ``sr highway 50``."""
    for length in range(_LONGEST_ROAD_OWNER, 0, -1):
        owner = HIGHWAYS.get(tuple(tokens[:length]))
        if owner is None:
            continue
        words, rest = tokens[:length], tokens[length:]
        worded = [token for token in rest[:1] if _full(token) in ROAD_WORDS]
        number = rest[len(worded) : len(worded) + 1]
        if not number or not _ROAD_NUMBER.fullmatch(number[0]):
            continue
        if not worded and words[0] in NEED_ROAD_WORD:
            continue
        return [
            Word(
                (owner,) if asked or worded else (owner, "highway"),
                "".join(words),
                "direction",
                length,
            ),
            *(Word(("highway",), token, "suffix") for token in worded),
            Word((without_zeros(number[0]),), number[0], "number"),
        ]
    return None


def _word(tokens: Sequence[str], asked: bool, *, first: bool) -> Word:
    """Read one word from the beginning of ``tokens``."""
    token, after = tokens[0], tokens[1] if len(tokens) > 1 else ""
    if token.isdecimal():
        return _number(token, after, asked, alone=first and len(tokens) <= 2, first=first)
    if match := _ORDINAL.fullmatch(token):
        return Word((ordinal(int(match[1])),), token, "number")
    if token in TENS and ORDINALS.get(after, 10) < 10:
        return Word((ordinal(TENS[token] + ORDINALS[after]),), token + after, "number", 2)
    if token in ORDINALS:
        return Word((ordinal(ORDINALS[token]), token), token, "name")
    if len(token) == 1 and f"{token}{after}" in ("ne", "nw", "se", "sw"):
        return Word((FULL[token + after],), token + after, "direction", 2)
    if token in ("mc", "o") and len(after) > 2 and after.isalpha() and not _of_a_kind(after):
        return Word((token + after,), token + after, "name", 2)
    if token in TWO_NAMES:
        both = asked or (bool(after) and after.isalpha() and not _of_a_kind(after))
        return Word(TWO_NAMES[token][: 1 + both], token, "suffix")
    if asked and (token in _UNASKED or (token in _NUMBER_LABELS and _numbered(tokens))):
        return Word((FULL.get(token, token),), token, "noise")
    full = FULL.get(token, token)
    forms = (full, token) if asked and token in STATES_TOO else (full,)
    return Word(forms, token, _role(full))


def _number(token: str, after: str, asked: bool, *, alone: bool, first: bool) -> Word:
    """Read a number. One before a street's suffix is an ordinal unless it is the house's."""
    number = without_zeros(token)
    if len(number) > 3:
        return Word((number,), token, "number")
    nth = ordinal(int(number))
    if after and nth == number + after and not (first and after in TWO_NAMES):
        return Word((nth,), token + after, "number", 2)
    if asked:
        return Word((number, nth), token, "number")
    if _full(after) not in SUFFIX_WORDS or (first and not alone):
        return Word((number,), token, "number")
    return Word((number, nth) if first else (nth,), token, "number")


def _numbered(tokens: Sequence[str]) -> bool:
    return any(c.isdecimal() for token in tokens[1:3] for c in token)


def _full(token: str) -> str:
    return TWO_NAMES[token][0] if token in TWO_NAMES else FULL.get(token, token)


def _of_a_kind(token: str) -> bool:
    """Tell whether a word ends the name of a street: a suffix, a direction or a unit."""
    return _role(_full(token)) != "name"


def _role(full: str) -> Role:
    if full in SUFFIX_WORDS:
        return "suffix"
    if full in DIRECTIONS:
        return "direction"
    if full in UNIT_WORDS:
        return "unit"
    return "number" if any(c.isdecimal() for c in full) else "name"
