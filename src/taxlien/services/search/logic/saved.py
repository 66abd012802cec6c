"""A saved search: the parameters of a search in one fixed form, and the question they ask today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from taxlien.kit.errors import InvalidInput

from .conditions import Condition
from .meaning import conditions_of
from .parameters import PARAMETERS, savable
from .query import MAX_TEXT, SearchQuery, build_query
from .reading import MAX_CHOICES, truth

MAX_NAME = 100

_PARAMETERS = {parameter.name: parameter.kind == "choices" for parameter in savable()}
"""Every parameter that can be saved, and whether it takes several values."""

Parameters = dict[str, list[str]]


def canonical(given: Mapping[str, Sequence[str]], today: date | None = None) -> Parameters:
    """Return ``given`` in one fixed form: names in order, values once each, nothing empty.

    The text stays as typed, but for days that are counted from ``today`` ("auction next month"): those
    become parameters, so that the search asks the same on every day.

    Raises ``InvalidInput`` naming the parameter for one that there is not, and for what
    ``GET /v1/search`` would refuse.
    """
    kept: Parameters = {}
    for name in sorted(given):
        if name not in _PARAMETERS:
            raise InvalidInput(f"query.{name}", "is no parameter of a search that can be saved")
        values = _values(name, given[name])
        if values:
            kept[name] = values
    condition_of(kept)
    return _with_fixed_days(kept, today)


def query_of(parameters: Mapping[str, Sequence[str]], today: date | None = None) -> SearchQuery:
    """Return the question that saved parameters ask, by the rules of today.

    Raises ``InvalidInput`` naming the parameter where they ask something that is no longer known.
    """
    arguments: dict[str, Any] = {
        name: _value(name, values)
        for name, values in parameters.items()
        if name in _PARAMETERS and values
    }
    try:
        return build_query(today=today, **arguments, facets=False)
    except InvalidInput as error:
        raise InvalidInput(f"query.{error.field}", error.message) from None


def condition_of(parameters: Mapping[str, Sequence[str]]) -> Condition:
    """Return what must hold of a lien for saved parameters to find it. Raises as ``query_of`` does."""
    query = query_of(parameters)
    try:
        return conditions_of(query)
    except InvalidInput as error:
        raise InvalidInput(f"query.{error.field}", error.message) from None


def _with_fixed_days(kept: Parameters, today: date | None) -> Parameters:
    while moving := [one for one in query_of(kept, today).chips if one.relative]:
        words = moving[0].without
        days = {one.field: [one.value] for one in moving if one.applied and one.without == words}
        kept = {**kept, **days, "q": [words]}
        if not words:
            del kept["q"]
    return dict(sorted(kept.items()))


def _value(name: str, values: Sequence[str]) -> Any:
    if _PARAMETERS[name]:
        return list(values)
    return truth(name, values[0]) if PARAMETERS[name].kind == "switch" else values[0]


def checked_name(name: str) -> str:
    """Return a name without space around it. Raises ``InvalidInput``."""
    kept = " ".join(name.replace("\x00", " ").split())
    if not 1 <= len(kept) <= MAX_NAME:
        raise InvalidInput("name", f"must have 1 to {MAX_NAME} characters")
    return kept


def _values(name: str, given: Sequence[str]) -> list[str]:
    if len(given) > MAX_CHOICES:
        raise InvalidInput(f"query.{name}", f"has too many values: at most {MAX_CHOICES}")
    parts = [p for value in given for p in (value.split(",") if _PARAMETERS[name] else (value,))]
    kept = [" ".join(part.replace("\x00", " ").split()) for part in parts]
    found = list({value.casefold(): value for value in reversed(kept) if value}.values())
    if any(len(value) > MAX_TEXT for value in found):
        raise InvalidInput(f"query.{name}", f"is too long: at most {MAX_TEXT} characters")
    if not _PARAMETERS[name] and len(found) > 1:
        raise InvalidInput(f"query.{name}", "takes one value")
    return sorted(found, key=str.casefold)
