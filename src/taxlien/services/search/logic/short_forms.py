"""Short forms in a question ("miami under 5k 18%") become filters and an order; the rest stays words.

Pure and total: any text is read, none raises. What is left says nothing more when it is read again. A
form that could as well be part of an address, a place or a number stays words; the rules of each kind
stand in ``amounts``, ``named_forms``, ``order_forms`` and ``sale_days``, the order in which they are
asked in ``RULES``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from .amounts import amounts, distances
from .forms import GAP, Chip, Form, Rule
from .named_forms import counties, kinds, states, statuses, years
from .order_forms import orders
from .sale_days import sale_days
from .tokens import plain

RULES: tuple[Rule, ...] = (
    orders, sale_days, distances, amounts, counties, kinds, statuses, states, years
)  # fmt: skip
"""What says most about its words comes first: a number with a unit before one that may be a year."""

_LONGEST = 200
_SPACE = re.compile(r"[\s\x00]+")
# Without a sign or a word it is a number of a house, a parcel or a certificate: 1-5K.
_MAY_HAVE_FORMS = re.compile(r"[$%<>≤≥+=,]|[a-z]{2}", re.IGNORECASE)
_BOUNDS = ("_min", "_max", "_from", "_to")
_AREAS = ("near", "zip", "box")
_OF_AN_AREA = frozenset(("zip", "radius"))
_SEVERAL = frozenset(("state", "county", "type", "status", "year", "class", "flag", "not_flag"))


class ShortForms(NamedTuple):
    """What was understood of a question, and the words that are left to search by."""

    words: str
    chips: tuple[Chip, ...] = ()


def read_short_forms(text: str, today: date | None = None) -> ShortForms:
    """Return the filters that are said in ``text``, in the order of their words, and the words left.

    ``today`` is the day in UTC; without it, days that depend on it ("next month") stay words. Texts
    longer than a question may be are not read.
    """
    if len(text) > _LONGEST or not _MAY_HAVE_FORMS.search(text):
        return ShortForms(text)
    return _read(text, today)


@lru_cache(maxsize=4096)
def _read(text: str, today: date | None) -> ShortForms:
    pieces = _SPACE.sub(" ", text).strip().split(" ")
    left = list(range(len(pieces)))  # -1: something that was understood stood here
    plainly = ["".join(plain(piece).split()) or piece for piece in pieces]
    found: list[tuple[int, Chip]] = []
    while True:
        spaced = " ".join(GAP if at < 0 else plainly[at] for at in left)
        form = _first(spaced, today)
        if form is None:
            words = [at for at in left if at >= 0]
            if len(words) == len(left):
                break
            # Words that now stand side by side are read once more, or the rest would not be only words.
            left = words
            continue
        first = spaced.count(" ", 0, form.start)
        last = first + spaced.count(" ", form.start, form.end)
        taken = [at for at in left[first : last + 1] if at >= 0]
        left[first : last + 1] = [-1]
        for one in form.chips:
            text_of = " ".join(pieces[at] for at in taken)
            without = " ".join(p for at, p in enumerate(pieces) if at not in taken)
            found.append((taken[0], msgspec.structs.replace(one, text=text_of, without=without)))
    if not found:
        return ShortForms(text)
    found.sort(key=lambda placed: placed[0])
    return ShortForms(" ".join(pieces[at] for at in left if at >= 0), tuple(c for _, c in found))


def _first(spaced: str, today: date | None) -> Form | None:
    return next((form for rule in RULES for form in rule(spaced, today)), None)


def in_force(chips: Sequence[Chip], given: Mapping[str, object]) -> tuple[Chip, ...]:
    """Return the chips, those not ``applied`` that a parameter in ``given`` overrides, or a later chip.

    Several bounds of one kind: the last counts. Several choices (states, years) all count.
    """
    last = {c.field: at for at, c in enumerate(chips)}
    elsewhere = any(given.get(name) for name in _AREAS)

    def applied(at: int, one: Chip) -> bool:
        if given.get(one.field) or (elsewhere and one.field in _OF_AN_AREA):
            return False
        return one.field in _SEVERAL or last[one.field] == at

    return tuple(
        msgspec.structs.replace(one, applied=applied(at, one)) for at, one in enumerate(chips)
    )


def parameters_of(chips: Sequence[Chip]) -> dict[str, Any]:
    """Return the parameters that the applied chips stand for."""
    found: dict[str, Any] = {}
    for one in chips:
        if one.applied and one.field in _SEVERAL:
            found.setdefault(one.field, []).append(one.value)
        elif one.applied:
            found[one.field] = one.value
    return found


def without_field(chips: Sequence[Chip], field: str) -> tuple[Chip, ...]:
    """Return the chips, those of a field, or of the other end of its range, not applied."""
    name = field.rpartition("_")[0] if field.endswith(_BOUNDS) else field
    ends = {field, *(name + end for end in _BOUNDS)}
    return tuple(
        msgspec.structs.replace(one, applied=one.applied and one.field not in ends) for one in chips
    )


def restored(words: str, chips: Sequence[Chip], today: date | None = None) -> str | None:
    """Return a question with other ``words`` and the same chips; None where it would mean another."""
    texts = dict.fromkeys(one.text for one in chips)
    text = " ".join((words, *texts))
    again = read_short_forms(text, today)
    same = [(c.field, c.value) for c in again.chips] == [(c.field, c.value) for c in chips]
    return text if same and again.words == words else None
