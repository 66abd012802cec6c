"""Queries filed under one token, and quick ways to pass over most of them.

A drawer of many queries keeps bitmaps, one bit a query: for every value of a choice, who accepts it; for
each piece of a number's range, whose bounds overlap it; and for words, who asks for one of them beside
what all are filed under. The intersection for a lien's values is a few
operations on long integers, whatever the number of queries. What it leaves are candidates, and queries
added since the bitmaps were made.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set

from .conditions import AllOf, AnyOf, Condition, Is, Within, beginning_token, required, token
from .facts import BEGUN_FIELDS, CHOICES, WORD_FIELDS, LienFacts

LARGE = 24
"""From so many queries on, a drawer keeps bitmaps."""

_PIECES = 64
_MOST_VALUES = 256
_FEW = 8
_MOST_TOKENS = 24
_OF_WORDS = (
    *(token(field, "") for field in WORD_FIELDS),
    *(beginning_token(field, "") for field in BEGUN_FIELDS),
)

ConditionAt = Callable[[int], Condition | None]


class Drawer:
    """The slots of queries filed under one token."""

    __slots__ = ("_bitmaps", "_slots")

    def __init__(self, slots: Iterable[int]) -> None:
        self._slots = array("I", slots)
        self._bitmaps: _Bitmaps | None = None

    def add(self, slot: int) -> None:
        """File one more query."""
        self._slots.append(slot)

    def candidates(
        self, facts: LienFacts, present: Set[int], condition_at: ConditionAt
    ) -> Iterator[int]:
        """Yield slots of queries that the lien may answer. ``present`` are the hashes of its tokens;
        ``condition_at`` reads a query, None: gone.
        """
        slots = self._slots
        if len(slots) < LARGE:
            yield from slots
            return
        known = self._bitmaps.count if self._bitmaps else 0
        if self._bitmaps is None or len(slots) - known > max(LARGE, known // 4):
            self._build(condition_at)
            slots = self._slots
        bitmaps = self._bitmaps
        if bitmaps is None:
            yield from slots
            return
        for place in bitmaps.candidates(facts, present):
            yield slots[place]
        yield from slots[bitmaps.count :]

    def _build(self, condition_at: ConditionAt) -> None:
        """Make the bitmaps, and let go of queries that are gone."""
        read = [(slot, condition_at(slot)) for slot in self._slots]
        there = [(slot, condition) for slot, condition in read if condition is not None]
        self._slots = array("I", [slot for slot, _ in there])
        large = len(there) >= LARGE
        self._bitmaps = _Bitmaps([condition for _, condition in there]) if large else None


class _Bitmaps:
    """What conditions at places 0, 1, 2 ... require at least, by field."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self.count = len(conditions)
        accepted: dict[str, dict[int, list[str]]] = {}
        bounds: dict[str, dict[int, Within]] = {}
        for place, condition in enumerate(conditions):
            for part in condition.parts if isinstance(condition, AllOf) else (condition,):
                if isinstance(part, Within):
                    bounds.setdefault(part.field, {}).setdefault(place, part)
                elif (choice := _choice(part)) is not None:
                    field, values = choice
                    accepted.setdefault(field, {}).setdefault(place, values)
        self._choices = {name: _Choice(self.count, found) for name, found in accepted.items()}
        self._ranges = {name: _Range(self.count, found) for name, found in bounds.items()}
        self._beside = _Beside(conditions)

    def candidates(self, facts: LienFacts, present: Set[int]) -> Iterator[int]:
        """Yield the places of conditions that may hold."""
        left = self._beside.asking(present)
        for name, choice in self._choices.items():
            left &= choice.accepting(facts.choice(name))
            if not left:
                return
        for name, pieces in self._ranges.items():
            left &= pieces.overlapping(facts.number(name))
            if not left:
                return
        yield from _places(left)


class _Beside:
    """Who asks for which words beside what it is filed under: the next part that fewest liens meet."""

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._count = len(conditions)
        # By hash, which takes a third of the memory: where two are equal, one more query is tried.
        asked: dict[int, list[int]] = {}
        asking = []
        for place, condition in enumerate(conditions):
            if tokens := _words_beside(condition):
                asking.append(place)
                for name in tokens:
                    asked.setdefault(hash(name), []).append(place)
        self._asked = {name: tuple(places) for name, places in asked.items()}
        self._others = ((1 << self._count) - 1) & ~_bits(self._count, asking)

    def asking(self, present: Set[int]) -> int:
        """Return the bitmap of who asks for one of the words that are present, or for none."""
        found = [place for name in self._asked.keys() & present for place in self._asked[name]]
        return self._others | _bits(self._count, found) if found else self._others


def _words_beside(condition: Condition) -> tuple[str, ...]:
    for anchors in required(condition)[1:]:
        tokens = anchors.tokens
        if len(tokens) <= _MOST_TOKENS and all(name.startswith(_OF_WORDS) for name in tokens):
            return tokens
    return ()


class _Choice:
    """Who accepts which value of one field."""

    def __init__(self, count: int, accepted: Mapping[int, Sequence[str]]) -> None:
        asked = _bits(count, accepted)
        self._others = ((1 << count) - 1) & ~asked
        places: dict[str, list[int]] = {}
        for place, values in accepted.items():
            for value in values:
                places.setdefault(value, []).append(place)
        # With very many values this would take more memory than it saves time.
        self._by_value: dict[str, int] | None = None
        if len(places) <= _MOST_VALUES:
            self._by_value = {v: self._others | _bits(count, found) for v, found in places.items()}
        self._all = (1 << count) - 1

    def accepting(self, value: str | None) -> int:
        """Return the bitmap of who accepts a value."""
        if self._by_value is None:
            return self._all
        return self._others if value is None else self._by_value.get(value, self._others)


class _Range:
    """Whose bounds of one number overlap which piece of its range."""

    def __init__(self, count: int, bounds: Mapping[int, Within]) -> None:
        ends = sorted({e for b in bounds.values() for e in (b.low, b.high) if e is not None})
        step = -(-len(ends) // _PIECES)
        self._cuts = ends[:: max(step, 1)]
        self._others = ((1 << count) - 1) & ~_bits(count, bounds)
        # Piece by piece, a query's bit is turned on where its bounds begin, and off behind their end.
        turns: list[list[int]] = [[] for _ in range(len(self._cuts) + 2)]
        for place, within in bounds.items():
            turns[0 if within.low is None else self._piece(within.low)].append(place)
            turns[
                1 + (len(self._cuts) if within.high is None else self._piece(within.high))
            ].append(place)
        on = 0
        self._pieces: list[int] = []
        for turned in turns[:-1]:
            on ^= _bits(count, turned)
            self._pieces.append(on | self._others)

    def _piece(self, value: float) -> int:
        return bisect_right(self._cuts, value)

    def overlapping(self, value: float | None) -> int:
        """Return the bitmap of whose bounds a value may be within."""
        return self._others if value is None else self._pieces[self._piece(value)]


def _choice(part: Condition) -> tuple[str, list[str]] | None:
    """Return field and values of a condition that one choice has one of some values."""
    parts = part.parts if isinstance(part, AnyOf) else (part,)
    fields = {p.field if isinstance(p, Is) else "" for p in parts}
    if len(fields) != 1 or (field := fields.pop()) not in CHOICES:
        return None
    return field, [p.value for p in parts if isinstance(p, Is)]


def _bits(count: int, places: Iterable[int]) -> int:
    """Return a bitmap with the bits of ``places``."""
    found = bytearray(count // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


def _places(bits: int) -> Iterator[int]:
    """Yield the places of the bits, lowest first."""
    if bits.bit_count() <= _FEW:
        while bits:
            lowest = bits & -bits
            yield lowest.bit_length() - 1
            bits ^= lowest
        return
    size = bits.bit_length() // 64 + 1
    for number, word in enumerate(memoryview(bits.to_bytes(size * 8, "little")).cast("Q")):
        rest = word
        while rest:
            lowest = rest & -rest
            yield number * 64 + lowest.bit_length() - 1
            rest ^= lowest
