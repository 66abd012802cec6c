"""What must hold of a lien for a search to find it, as a tree of small conditions.

A condition is plain data: it can be kept as bytes, asked of a lien's facts, and asked which single words
(``token``) a lien must have for it to hold at all. ``meaning`` makes it of a question.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Union

import msgspec

from .cells import cover
from .geography import Box, Circle

PREFIX = 5
"""Longest beginning of a word that queries are looked up by."""
SHORTEST_PREFIX = 3
CELL = "cell"
"""The field of the cells that a lien lies in, one of each level."""

_CELLS_FILED = 32
_CELL_COST = 3.0 * 4**10  # a cell of level 10 is half a county


class Facts(Protocol):
    """What is known of one lien."""

    def has(self, field: str, value: str) -> bool:
        """Tell whether ``value`` is one of the lien's values of ``field``."""
        ...

    def begun(self, field: str, beginning: str) -> bool:
        """Tell whether a value of ``field`` begins so."""
        ...

    def number(self, field: str) -> float | None:
        """Return a number; None where it is not known."""
        ...


class Anchors(msgspec.Struct, frozen=True):
    """Tokens of which a lien must have one, and a guess at how often liens do (less is better)."""

    tokens: tuple[str, ...]
    cost: float


class Is(msgspec.Struct, frozen=True, tag="is", array_like=True, gc=False):
    """A field has this value. ``cost`` guesses in how many of a thousand liens it does."""

    field: str
    value: str
    cost: float = 1.0

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        return facts.has(self.field, self.value)

    def anchors(self) -> Anchors | None:
        """Return the one token."""
        return Anchors((token(self.field, self.value),), self.cost)


class Begins(msgspec.Struct, frozen=True, tag="begins", array_like=True, gc=False):
    """A value of a field begins with ``value``, which has at least ``SHORTEST_PREFIX`` characters."""

    field: str
    value: str
    cost: float = 1.0

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        return facts.begun(self.field, self.value)

    def anchors(self) -> Anchors | None:
        """Return the token of the first characters; none where there are too few."""
        if len(self.value) < SHORTEST_PREFIX:
            return None
        return Anchors((beginning_token(self.field, self.value[:PREFIX]),), 2 * self.cost)


class Within(msgspec.Struct, frozen=True, tag="within", array_like=True, gc=False):
    """A number is known and lies in inclusive bounds; None is open."""

    field: str
    low: float | None = None
    high: float | None = None

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        value = facts.number(self.field)
        return (
            value is not None
            and (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
        )

    def anchors(self) -> Anchors | None:
        """A number has no token."""
        return None


class Inside(msgspec.Struct, frozen=True, tag="inside", array_like=True, gc=False):
    """The lien's place is known and lies in an area."""

    area: Circle | Box
    field = "spot"

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        spot = facts.number(self.field)
        return spot is not None and self.area.holds(int(spot))

    def anchors(self) -> Anchors | None:
        """Return the tokens of a few cells that cover the area."""
        found = cover(self.area, _CELLS_FILED)
        cells = (*found.inside, *found.edge)
        shares = (4.0 ** -int(cell.partition(".")[0], 16) for cell in cells)
        return Anchors(tuple(token(CELL, cell) for cell in cells), _CELL_COST * sum(shares))


class AnyOf(msgspec.Struct, frozen=True, tag="any", array_like=True):
    """At least one part holds; without parts, never."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        for part in self.parts:  # noqa: SIM110 - a loop costs half of what a generator does
            if part.holds(facts):
                return True
        return False

    def anchors(self) -> Anchors | None:
        """Return the tokens of all parts together; none where a part has none."""
        found = [part.anchors() for part in self.parts]
        tokens: dict[str, None] = {}
        for anchors in found:
            if anchors is None:
                return None
            tokens.update(dict.fromkeys(anchors.tokens))
        return Anchors(tuple(tokens), sum(anchors.cost for anchors in found if anchors))


class AllOf(msgspec.Struct, frozen=True, tag="all", array_like=True):
    """Every part holds; without parts, always."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        for part in self.parts:  # noqa: SIM110 - as above
            if not part.holds(facts):
                return False
        return True

    def anchors(self) -> Anchors | None:
        """Return the tokens of the part that fewest liens have."""
        found = [anchors for part in self.parts if (anchors := part.anchors()) is not None]
        return min(found, key=lambda anchors: anchors.cost, default=None)


class Not(msgspec.Struct, frozen=True, tag="not", array_like=True):
    """The part does not hold."""

    part: Condition

    def holds(self, facts: Facts) -> bool:
        """Tell whether it is so."""
        return not self.part.holds(facts)

    def anchors(self) -> Anchors | None:
        """What is not there has no token."""
        return None


Condition = Union[Is, Begins, Within, Inside, AnyOf, AllOf, Not]  # noqa: UP007 - names itself

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Condition] = msgspec.msgpack.Decoder(Condition)


def all_of(parts: Sequence[Condition]) -> Condition:
    """Return the condition that every part holds."""
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def any_of(parts: Sequence[Condition]) -> Condition:
    """Return the condition that a part holds."""
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def required(condition: Condition) -> list[Anchors]:
    """Return the tokens of every part that must hold and has some; those that fewest liens have first."""
    found: list[Anchors] = []
    for part in condition.parts if isinstance(condition, AllOf) else (condition,):
        if isinstance(part, AllOf):
            found += required(part)
        elif (anchors := part.anchors()) is not None:
            found.append(anchors)
    return sorted(found, key=lambda anchors: anchors.cost)


def packed(condition: Condition) -> bytes:
    """Return a condition as bytes, to keep a hundred thousand of them."""
    return _encoder.encode(condition)


def unpacked(kept: bytes) -> Condition:
    """Return the condition that ``packed`` was given."""
    return _decoder.decode(kept)


def token(field: str, value: str) -> str:
    """Return what a field's value is looked up by."""
    return f"{field}={value}"


def beginning_token(field: str, beginning: str) -> str:
    """Return what the beginning of a field's value is looked up by."""
    return f"{field}^{beginning}"
