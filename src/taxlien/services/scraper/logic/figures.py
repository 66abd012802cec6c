"""Figures of a run: what a million records looked like, in a few kilobytes.

Every worker keeps figures of what it read; ``merge`` adds them up, in any order to the same. Numbers are
kept as histograms on a log scale (20 bins a decade: a quantile is right within 6 %), years and months as
they are, texts as their shapes, codes as their counts. No value of a person is in them.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from .facts import Fact
from .natures import NATURE, Nature, Scalar, fields_of, impossible, shape_of

BINS_A_DECADE = 20
MAX_CHOICES = 64
OTHER = "(other)"
_LOWEST, _HIGHEST = -3 * BINS_A_DECADE, 13 * BINS_A_DECADE
ZERO_BIN = _LOWEST - 1
NEGATIVE_BIN = _LOWEST - 2
_LOGARITHMIC: frozenset[Nature] = frozenset({"money", "value", "rate", "size", "count"})
_CHOSEN: frozenset[Nature] = frozenset({"choice", "truth", "place", "zip"})
_LEAST_TEXT = 4
_LEAST_AMOUNT = 100


class FieldFigures(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One field over all records of a kind. ``present`` counts records that have it.

    ``same_as`` counts records where it holds just what another field holds.
    """

    present: int = 0
    impossible: int = 0
    bins: dict[int, int] = {}
    choices: dict[str, int] = {}
    shapes: dict[str, int] = {}
    same_as: dict[str, int] = {}


class RunFigures(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A whole run, or a worker's share of it. ``day`` is the county's own day, for what cannot be yet.

    Observe every fact of the source, those of unchanged pages too: figures of only what changed would say
    nothing about the whole.
    """

    day: date
    pages: int = 0
    errors: dict[str, int] = {}
    promised: int = 0
    read: int = 0
    short_pages: int = 0
    not_found: int = 0
    repeats: int = 0
    by_position: int = 0
    records: dict[str, int] = {}
    fields: dict[str, FieldFigures] = {}

    @property
    def total(self) -> int:
        """Return how many records of all kinds there are."""
        return sum(self.records.values())

    def observe(self, fact: Fact) -> None:
        """Add one fact."""
        _add(self.records, fact.kind)
        self.repeats += fact.repeats
        self.by_position += fact.by_position
        seen: dict[Scalar, str] = {}
        for name, value in fields_of(fact.observed):
            figures = self.fields.setdefault(f"{fact.kind}.{name}", FieldFigures())
            figures.present += 1
            figures.impossible += impossible(name, value, self.day)
            _place(figures, NATURE[name], value)
            if _telling(value):
                other = seen.setdefault(value, name)
                if other != name:
                    _add(figures.same_as, other)

    def page(self, *, read: int, promised: int | None = None, not_found: bool = False) -> None:
        """Add a page that was read; ``promised`` is how many records it announced itself.

        ``not_found`` says that the site does not know what it was asked for.
        """
        self.pages += 1
        self.not_found += not_found
        if promised is not None:
            self.promised += promised
            self.read += read
            self.short_pages += read < promised

    def error(self, kind: str) -> None:
        """Add a page that could not be fetched or read."""
        self.pages += 1
        _add(self.errors, kind)

    def merge(self, other: RunFigures) -> None:
        """Add another worker's figures of the same run."""
        for name in (
            "pages",
            "promised",
            "read",
            "short_pages",
            "not_found",
            "repeats",
            "by_position",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        _add_all(self.errors, other.errors)
        _add_all(self.records, other.records)
        for name, theirs in other.fields.items():
            ours = self.fields.setdefault(name, FieldFigures())
            ours.present += theirs.present
            ours.impossible += theirs.impossible
            _add_all(ours.bins, theirs.bins)
            _add_all(ours.shapes, theirs.shapes)
            _add_all(ours.same_as, theirs.same_as)
            for choice, count in theirs.choices.items():
                _choose(ours.choices, choice, count)

    def share(self, field: str) -> float:
        """Return the share of records of its kind that have ``field`` (``lien.face_amount``), 0 to 1."""
        records = self.records.get(field.partition(".")[0], 0)
        figures = self.fields.get(field)
        return figures.present / records if figures and records else 0.0

    def document(self) -> dict[str, Any]:
        """Return the figures as JSON holds them; ``figures_of`` reads them back."""
        return dict(msgspec.to_builtins(self, str_keys=True))


def figures_of(document: object) -> RunFigures:
    """Read what ``document()`` gave. Raises ``msgspec.ValidationError``."""
    return msgspec.convert(document, RunFigures, strict=False)


def quantile(bins: dict[int, int], q: float) -> Decimal | None:
    """Return the value below which a share ``q`` lies, of a histogram on the log scale."""
    wanted = q * sum(bins.values())
    passed = 0
    for place in sorted(bins):
        passed += bins[place]
        if passed >= wanted and passed:
            return middle_of(place)
    return None


def middle_of(place: int) -> Decimal:
    """Return the middle of a bin, rounded to cents; 0 for the bins of zero and below."""
    if place <= ZERO_BIN:
        return Decimal(0)
    return round(Decimal(10 ** ((place + 0.5) / BINS_A_DECADE)), 2)


def _place(figures: FieldFigures, nature: Nature, value: Scalar) -> None:
    if isinstance(value, str):
        _add(figures.shapes, shape_of(value))
    if nature in _CHOSEN:
        _choose(figures.choices, str(value)[:80], 1)
    elif isinstance(value, date):
        _add(figures.bins, min(max(value.year, 1800), 2200) * 12 + value.month - 1)
    elif isinstance(value, int | float | Decimal):
        _add(figures.bins, _bin(nature, value))


def _bin(nature: Nature, value: float | Decimal) -> int:
    number = float(value)
    if nature == "year":
        return int(min(max(number, 1500), 2300))
    if nature == "degrees":
        return math.floor(min(max(number, -400.0), 400.0) * 10) if number == number else 0
    if not number > 0:  # so that not-a-number is here too
        return ZERO_BIN if number == 0 else NEGATIVE_BIN
    if math.isinf(number):
        return _HIGHEST
    return min(max(math.floor(math.log10(number) * BINS_A_DECADE), _LOWEST), _HIGHEST)


def _telling(value: Scalar) -> bool:
    """Whether two fields holding this are no coincidence: no flags, years, days or small numbers."""
    if isinstance(value, str):
        return len(value) >= _LEAST_TEXT
    return isinstance(value, Decimal) and value.is_finite() and value >= _LEAST_AMOUNT


def _choose(choices: dict[str, int], choice: str, count: int) -> None:
    known = choice in choices or len(choices) < MAX_CHOICES
    _add(choices, choice if known else OTHER, count)


def _add(counts: dict[Any, int], name: object, count: int = 1) -> None:
    counts[name] = counts.get(name, 0) + count


def _add_all(counts: dict[Any, int], others: dict[Any, int]) -> None:
    for name, count in others.items():
        _add(counts, name, count)
