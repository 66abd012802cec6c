"""Which parts of a hit matched: texts cut into pieces, so that nobody has to put marks into HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from .spelling import typos_between, typos_forgiven
from .tokens import plain, tokens_of, without_zeros
from .words import Word, read_tokens, read_words

_SPAN = re.compile("#|[^\\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}`][^\\W_]+)*")
_SHORTEST_BEGUN = 2
_SHORTEST_NUMBER = 3


class Fragment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of a text as it is shown, and whether it matched. Pieces in a row are the whole text."""

    text: str
    hit: bool = False


Highlights = dict[str, list[Fragment]]
"""Name of a field of an item -> its pieces; only fields that matched somewhere."""


class _Shown(msgspec.Struct):
    """The fields of an item that words are looked for in."""

    parcel_id: str | None = None
    certificate_number: str | None = None
    address: str | None = None
    city: str | None = None
    county: str | None = None
    zip_code: str | None = None


_shown = msgspec.json.Decoder(_Shown)
_TEXTS = ("address", "city", "county", "zip_code")
_NUMBERS = ("parcel_id", "certificate_number")


class Highlighter:
    """Marks what one question matched. ``near`` tells that typos were forgiven."""

    def __init__(self, text: str, *, near: bool) -> None:
        words = [word for piece in read_words(text) for word in piece if word.written != "#"]
        self._exact = {form for word in words for form in (*word.forms, word.written)}
        last = words[-1].written if words else ""
        self._begun = last if len(last) >= _SHORTEST_BEGUN else ""
        self._near = [(w.written, n) for w in words if near and (n := typos_forgiven(w.written))]
        self._digits = any(c.isdecimal() for c in plain(text))
        self._numbers = sorted(_numbers_of(text), key=len, reverse=True)

    def marked(self, item: bytes | msgspec.Raw) -> Highlights:
        """Return the pieces of every field of ``item`` (JSON) that matched."""
        shown = _shown.decode(item)
        found: Highlights = {}
        for name in _TEXTS:
            if text := getattr(shown, name):
                self._mark(found, name, text, self._words_in(text))
        for name in _NUMBERS:
            if self._digits and (text := getattr(shown, name)):
                self._mark(found, name, text, self._number_in(text) or self._words_in(text))
        return found

    @staticmethod
    def _mark(found: Highlights, name: str, text: str, spans: Sequence[tuple[int, int]]) -> None:
        if not spans:
            return
        pieces: list[Fragment] = []
        at = 0
        for start, end in spans:
            if start > at:
                pieces.append(Fragment(text[at:start]))
            pieces.append(Fragment(text[start:end], hit=True))
            at = end
        if at < len(text):
            pieces.append(Fragment(text[at:]))
        found[name] = pieces

    def _words_in(self, text: str) -> list[tuple[int, int]]:
        """Return where words that match begin and end."""
        found: list[tuple[int, int]] = []
        for word, start, end in _words_of(text):
            if self._matches(word) and (not found or start >= found[-1][1]):
                found.append((start, end))
        return found

    def _matches(self, word: Word) -> bool:
        if word.written in self._exact or not self._exact.isdisjoint(word.forms):
            return True
        if self._begun and word.written.startswith(self._begun):
            return True
        return any(
            typos_between(written, form, typos) <= typos
            for written, typos in self._near
            for form in (word.written, word.forms[0])
        )

    def _number_in(self, text: str) -> list[tuple[int, int]]:
        """Return where the longest number that was asked for lies, whatever stands between its parts."""
        places = [at for at, sign in enumerate(text) if sign.isalnum()]
        joined = "".join(text[at] for at in places).lower()
        if len(joined) != len(places):
            return []
        for number in self._numbers:
            at = joined.find(number)
            if at >= 0:
                start = 0 if not joined[:at].strip("0") else at
                return [(places[start], places[at + len(number) - 1] + 1)]
        return []


@lru_cache(maxsize=16_384)
def _words_of(text: str) -> tuple[tuple[Word, int, int], ...]:
    """Return the words of a text and where each begins and ends."""
    spans: list[tuple[int, int]] = []
    tokens: list[str] = []
    for match in _SPAN.finditer(text):
        for token in tokens_of(match[0]):
            tokens.append(token)
            spans.append(match.span())
    found = []
    at = 0
    for word in read_tokens(tokens):
        found.append((word, spans[at][0], spans[at + word.length - 1][1]))
        at += word.length
    return tuple(found)


def _numbers_of(text: str) -> Iterator[str]:
    """Yield what may be numbers of the question, without punctuation: its pieces, and all of it."""
    pieces = ["".join(tokens_of(piece)) for piece in plain(text).split()]
    numbers = [piece for piece in pieces if any(c.isdecimal() for c in piece)]
    for number in (*numbers, "".join(numbers)):
        if len(without_zeros(number)) >= _SHORTEST_NUMBER and "#" not in number:
            yield without_zeros(number)


def highlights(text: str, items: Sequence[msgspec.Raw], *, near: bool) -> list[Highlights]:
    """Return what ``text`` matched in each of ``items``, in their order."""
    highlighter = Highlighter(text, near=near)
    return [highlighter.marked(item) for item in items]
