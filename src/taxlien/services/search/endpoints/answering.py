"""Answers of ``/v1/search`` as bytes: the same for the documented endpoints and for the quick door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any, NamedTuple

from fastapi import FastAPI

from taxlien.kit.http.pages import decode_cursor, encode_cursor
from taxlien.kit.http.ready import ReadyAnswer, ready
from taxlien.kit.http.responses import to_json
from taxlien.kit.telemetry.metrics import Counter
from taxlien.services.search import service
from taxlien.services.search.adapters import current
from taxlien.services.search.adapters.answer_store import Answer, digest_of
from taxlien.services.search.adapters.click_counter import Click, ClickCounter
from taxlien.services.search.adapters.search_counter import SearchCounter
from taxlien.services.search.logic.areas import miles_of
from taxlien.services.search.logic.counting import counties_meant, is_further_page, kind_of
from taxlien.services.search.logic.filter_list import not_published
from taxlien.services.search.logic.paging import Place, continued, next_place, told
from taxlien.services.search.logic.query import MAX_WINDOW, SearchQuery, build_query
from taxlien.services.search.schemas import AutocompleteAnswer, SearchAnswer

ANSWERS = Counter(
    "taxlien_search_answers",
    "Answers by where they came from: memory, or found (in Valkey or in the index)",
    ["source"],
)
FROM_MEMORY, FOUND = ANSWERS.labels("memory"), ANSWERS.labels("found")


class Found(NamedTuple):
    """An answer to send, the counties (FIPS) that were asked about, and the kind of question."""

    answer: ReadyAnswer
    counties: tuple[str, ...] = ()
    kind: str | None = None


def read_question(given: Mapping[str, Any]) -> SearchQuery:
    """Return the question that parameters ask. Raises ``InvalidInput``, and ``Problem`` for a cursor
    that is none."""
    query = build_query(today=datetime.now(UTC).date(), **given)
    cursor = given.get("cursor")
    return continued(query, decode_cursor(cursor, Place)) if cursor else query


async def find(query: SearchQuery) -> Found:
    """Answer ``query`` from memory, or from what processes share, or from the index."""
    store, version = current.answers(), current.reader().version()
    key = digest_of(query, version)
    kept: Found | None = store.recall(key, version)
    if kept is not None:
        FROM_MEMORY.inc()
        return kept

    async def compute() -> Answer:
        return await _compute(query, key)

    FOUND.inc()
    # Counting facets costs milliseconds; an answer without them, less than asking Valkey for it.
    answer = await (store.share(key, compute) if query.facets else compute())
    found = Found(ready(answer.body), answer.counties, answer.kind)
    store.keep(key, version, found, len(answer.body))
    return found


async def _compute(query: SearchQuery, key: bytes) -> Answer:
    started = perf_counter()
    hits = await service.search(query)
    total, kind = told(hits.total), kind_of(query, hits)
    following = next_place(query, hits)
    answer = SearchAnswer(
        items=hits.items,
        total=total.total,
        total_is_exact=total.is_exact,
        total_text=total.text,
        page=query.offset // query.limit + 1 if query.after is None else None,
        page_size=query.limit,
        pages=-(-min(hits.total, MAX_WINDOW) // query.limit),
        next_cursor=encode_cursor(following) if following else None,
        search_id=service.name_answer(query, hits, kind, key),
        sort=query.sort,
        near_matches=hits.near_matches,
        did_you_mean=hits.did_you_mean,
        words=query.text,
        chips=query.chips,
        highlights=hits.highlights,
        miles=miles_of(hits.items, query.filters.area),
        not_published=not_published(query.filters, query.sort, scored=current.reader().has_scores),
        facets=hits.facets,
        took_ms=round((perf_counter() - started) * 1000, 3),
    )
    counted = None if is_further_page(query) else kind.name
    return Answer(to_json(answer), counties_meant(query, hits), counted)


async def complete(text: str, limit: int) -> Found:
    """Complete what is being typed. Raises ``InvalidInput``."""
    suggestions = await service.autocomplete(text, limit)
    return Found(ready(to_json(AutocompleteAnswer(suggestions=suggestions))))


class Counters(NamedTuple):
    """What an app counts: counties searched, kinds of questions, what was opened."""

    counties: SearchCounter[str]
    kinds: SearchCounter[str]
    clicks: ClickCounter


def count(app: FastAPI, found: Found) -> None:
    """Count a search by its counties and its kind; an app without a database counts nothing."""
    counters = _counters(app)
    if counters is None:
        return
    if found.counties:
        counters.counties.count(found.counties)
    if found.kind is not None:
        counters.kinds.count((found.kind,))


def count_click(app: FastAPI, click: Click) -> None:
    """Count what was opened."""
    counters = _counters(app)
    if counters is not None:
        counters.clicks.count(click)


async def keep_counts(app: FastAPI) -> None:
    """Write what an app counted and did not write yet: it is about to stop."""
    for counter in getattr(app.state, "search_counters", None) or ():
        await counter.flush()


def _counters(app: FastAPI) -> Counters | None:
    if not hasattr(app.state, "search_counters"):
        database = app.state.databases.get("search")
        app.state.search_counters = database and Counters(
            service.open_counter(database.session),
            service.open_kind_counter(database.session),
            service.open_click_counter(database.session),
        )
    found: Counters | None = app.state.search_counters
    return found
