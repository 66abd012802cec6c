"""Questions answered from the index this process reads."""

from __future__ import annotations

import msgspec

from taxlien.kit.errors import InvalidInput
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.highlighting import highlights
from taxlien.services.search.logic.query import (
    MAX_TEXT,
    Facets,
    Hits,
    SearchQuery,
    Suggestion,
)
from taxlien.services.search.logic.short_forms import restored

MAX_SUGGESTIONS = 50


async def search(query: SearchQuery) -> Hits:
    """Answer a question from the index this process reads."""
    hits = await current.reader().search(query)
    if hits.did_you_mean is not None and query.chips:
        hits = msgspec.structs.replace(hits, did_you_mean=restored(hits.did_you_mean, query.chips))
    if not query.highlight:
        return hits
    marked = highlights(query.text, hits.items, near=hits.near_matches)
    return msgspec.structs.replace(hits, highlights=marked)


async def autocomplete(text: str, limit: int) -> list[Suggestion]:
    """Complete what is being typed. Raises ``InvalidInput`` for a text or limit out of bounds."""
    if len(text) > MAX_TEXT:
        raise InvalidInput("q", f"is too long: at most {MAX_TEXT} characters")
    if not 1 <= limit <= MAX_SUGGESTIONS:
        raise InvalidInput("limit", f"must be between 1 and {MAX_SUGGESTIONS}")
    return await current.reader().suggest(text, limit)


async def available_filters() -> Facets:
    """Return every value that can be filtered by, with how many liens have it."""
    return await current.reader().facets()
