"""What a short form in a question is: some of its words that say a filter, and the chip it becomes.

Forms are looked for in a text whose words are parted by single spaces. ``GAP`` stands for words that
were understood already: what is next to them is likelier to be a form than part of an address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

import msgspec

from .street_names import DIRECTIONS, FULL, ORDINALS, SUFFIX_WORDS, TWO_NAMES, UNIT_WORDS

GAP = "\x00"
BEGIN = rf"(?<![^\s{GAP}])(?:(?:and|or|with|having|plus|&) )?"
END = r"[,;.!?]*(?!\S)"
"""A form is of whole words; one that joins it to others, and punctuation after it, belong to it."""

_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_EDGES = ",;.!?()#"


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A filter that was understood from words of a question, to be shown and taken away.

    ``field`` and ``value`` are a parameter of ``GET /v1/search`` and its value, ``label`` is for people,
    ``text`` the words it came from, ``without`` the question without them. Chips of the same words go
    together. ``applied`` is false where a parameter, or later words, say otherwise. ``relative`` tells
    that the words mean another day on another day.
    """

    field: str
    value: str
    label: str
    text: str = ""
    without: str = ""
    applied: bool = True
    relative: bool = False


class Form(NamedTuple):
    """Where in a text a form stands, and what it says."""

    start: int
    end: int
    chips: tuple[Chip, ...]


Rule = Callable[[str, date | None], Iterator[Form]]
"""Finds forms in a text; the day is today in UTC, None where days that depend on it are no forms."""


def chip(field: str, value: object, label: str, *, relative: bool = False) -> Chip:
    """Return a chip whose words are not known yet."""
    return Chip(field=field, value=str(value), label=label, relative=relative)


def word_before(text: str, at: int) -> str:
    """Return the word that ends before ``at``: empty at the beginning, ``GAP`` after words understood."""
    return text[:at].rstrip().rpartition(" ")[2]


def word_after(text: str, at: int) -> str:
    """Return the word that begins after ``at``: empty at the end, ``GAP`` before words understood."""
    return text[at:].lstrip().partition(" ")[0]


def free(word: str) -> bool:
    """Tell whether nothing stands there, or only what was understood."""
    return word in ("", GAP)


def ends_street(word: str) -> bool:
    """Tell whether a word makes a street or a unit of what stands before it: RD, N, APT, 22ND."""
    bare = word.strip(_EDGES)
    full = TWO_NAMES[bare][0] if bare in TWO_NAMES else FULL.get(bare, bare)
    named = full in SUFFIX_WORDS or full in DIRECTIONS or full in UNIT_WORDS
    return named or full in ORDINALS or _ORDINAL.fullmatch(bare) is not None


def labels_number(word: str) -> bool:
    """Tell whether the number after a word is that of a unit, a parcel or a certificate."""
    bare = word.strip(",;.!?()")
    return FULL.get(bare, bare) in UNIT_WORDS or bare in _NUMBER_LABELS


_NUMBER_LABELS = frozenset("parcel apn pin folio account certificate cert number no # lot".split())  # noqa: SIM905
