"""What the search endpoints answer, written by msgspec and described to OpenAPI."""

from __future__ import annotations

from typing import Any

import msgspec

from taxlien.services.search.logic.document import SearchItem
from taxlien.services.search.logic.filter_list import FilterLabel
from taxlien.services.search.logic.forms import Chip
from taxlien.services.search.logic.highlighting import Highlights
from taxlien.services.search.logic.query import Facets, Suggestion


class SearchAnswer(msgspec.Struct, kw_only=True):
    """One page of liens. ``items`` are stored as JSON and sent on as they are.

    ``total`` is exact up to 10,000; of more liens it is 10,000, ``total_is_exact`` is false and
    ``total_text`` is ``10,000+``. ``pages`` counts the pages that have a number (at most 10,000 liens);
    ``next_cursor`` goes on to the last lien, null where there are no more. ``page`` is null where a
    cursor was given. ``search_id`` names this page for a day, to tell which hit of it was opened
    (``POST /v1/search/clicks``); null where it has no name, as behind a cursor of an older version.
    ``near_matches`` tells that words a typo or two away were counted too; ``did_you_mean`` is a text
    that finds more. ``chips`` are the filters that were read from the text, ``words`` what was left of
    it to search by. ``highlights``, where asked for, has for each item the fields that matched, cut
    into pieces. ``miles``, where near or zip is asked, are the distances of the items, to a hundredth.
    ``not_published`` are flags and numbers asked for that no source publishes, or no model said of
    any lien yet: they find and sort nothing. ``took_ms`` is milliseconds.
    """

    items: list[msgspec.Raw]
    total: int
    total_is_exact: bool
    total_text: str
    page: int | None
    page_size: int
    pages: int
    next_cursor: str | None
    search_id: str | None
    sort: str
    near_matches: bool
    did_you_mean: str | None
    words: str
    chips: tuple[Chip, ...]
    highlights: list[Highlights] | None
    miles: list[float | None] | None
    not_published: tuple[str, ...]
    facets: Facets
    took_ms: float


class DescribedSearchAnswer(SearchAnswer, kw_only=True):
    """The same with its items spelled out, for the description alone."""

    items: list[SearchItem]  # type: ignore[assignment]


class AutocompleteAnswer(msgspec.Struct, kw_only=True):
    """Completions, best first."""

    suggestions: list[Suggestion]


class FiltersAnswer(msgspec.Struct, kw_only=True):
    """Every facet with its values in the index and how many liens have each; what can be filtered by."""

    filters: Facets
    described: tuple[FilterLabel, ...]
    sorts: tuple[str, ...]


def answers(kind: type[msgspec.Struct]) -> dict[int | str, dict[str, Any]]:
    """Return what FastAPI's ``responses`` says of an endpoint that answers ``kind``."""
    [reference], components = msgspec.json.schema_components([kind], ref_template="{name}")
    schema = _inlined(reference, components)
    return {
        200: {"description": "Found", "content": {"application/json": {"schema": schema}}},
    }


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    """Return ``schema`` with every reference replaced by what it names."""
    if isinstance(schema, list):
        return [_inlined(part, components) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(components[schema["$ref"]], components)
    return {key: _inlined(part, components) for key, part in schema.items()}
