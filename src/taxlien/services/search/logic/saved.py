"""A saved search: the parameters of a search in one fixed form, and the question they ask today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from taxlien.kit.errors import InvalidInput

from .conditions import Condition
from .meaning import conditions_of
from .parameters import savable
from .query import MAX_TEXT, SearchQuery, build_query
from .reading import MAX_CHOICES

MAX_NAME = 100

_PARAMETERS = {parameter.name: parameter.kind == "choices" for parameter in savable()}
"""Every parameter that can be saved, and whether it takes several values."""

Parameters = dict[str, list[str]]


def canonical(given: Mapping[str, Sequence[str]]) -> Parameters:
    """Return ``given`` in one fixed form: names in order, values once each, nothing empty.

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
    return kept


def query_of(parameters: Mapping[str, Sequence[str]]) -> SearchQuery:
    """Return the question that saved parameters ask, by the rules of today.

    Raises ``InvalidInput`` naming the parameter where they ask something that is no longer known.
    """
    arguments: dict[str, Any] = {
        name: list(values) if _PARAMETERS[name] else values[0]
        for name, values in parameters.items()
        if name in _PARAMETERS and values
    }
    try:
        return build_query(**arguments, facets=False)
    except InvalidInput as error:
        raise InvalidInput(f"query.{error.field}", error.message) from None


def condition_of(parameters: Mapping[str, Sequence[str]]) -> Condition:
    """Return what must hold of a lien for saved parameters to find it. Raises as ``query_of`` does."""
    query = query_of(parameters)
    try:
        return conditions_of(query)
    except InvalidInput as error:
        raise InvalidInput(f"query.{error.field}", error.message) from None


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
