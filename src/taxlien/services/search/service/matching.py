"""Every lien that appears or changes is matched against all saved searches, and what begins is told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated, LienStatusChanged
from taxlien.interfaces.search import MatchCause, SearchMatched
from taxlien.interfaces.users import pace_in_force
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput
from taxlien.kit.outbox import emit_many
from taxlien.kit.versioned_set import VersionedSet
from taxlien.services.search.logic.facts import LienFacts
from taxlien.services.search.logic.percolation import QueryIndex
from taxlien.services.search.logic.pricing import MONTHS, Pricing, price_for_search
from taxlien.services.search.logic.saved import condition_of
from taxlien.services.search.logic.saved_queries import SavedQueries
from taxlien.services.search.logic.touching import may_begin
from taxlien.services.search.models import QuerySet
from taxlien.services.search.repository import matches, saved, scores

_log = structlog.get_logger("taxlien.search")

_READ_AT_ONCE = 2_000
_PAIRS_AT_ONCE = 5_000
_LIENS_AT_ONCE = 100
_LIENS_A_TURN = 4
"""A lien takes half a millisecond where very many are waiting: others have a turn after so many."""

LienEvent = LienCreated | LienChanged | LienStatusChanged


class Change(NamedTuple):
    """What happened to a lien in one batch. ``fields`` None: all of them, since it is new. ``score`` is
    the risk a model saw, where that was said."""

    lien: Lien
    cause: MatchCause
    fields: frozenset[str] | None
    score: int | None = None


async def match_liens(session: Session, events: Sequence[LienEvent]) -> int:
    """Announce what begins to match; returns how many pairs of a search and a lien.

    Each pair is recorded in the transaction that announces it, so it is announced once, whatever is
    delivered again. Searches saved before this transaction read their version are all asked.
    """
    queries = await saved_queries(session)
    if not queries:
        return 0
    changes = _merged(events)
    if queries.scored:
        known = await scores.scores_of(session, list(changes))
        changes = {i: one._replace(score=known.get(i)) for i, one in changes.items()}
    begun = 0
    async with aclosing(_pairs_ahead(queries.every, list(changes.values()))) as found:
        async for pairs in found:
            begun += await announce(session, changes, pairs)
    return begun


async def saved_queries(session: Session) -> SavedQueries:
    """Return all saved queries that were committed before this call."""
    return await _queries.up_to_date(session)


async def _pairs_ahead(
    index: QueryIndex, changes: Sequence[Change]
) -> AsyncGenerator[Sequence[matches.Pair], None]:
    """Yield pairs of some liens at a time; those of the next are found while the caller works.

    The caller mostly waits for the database, and finding takes a core: that way both are at work.
    """
    ahead = asyncio.create_task(_pairs(index, changes[:_LIENS_AT_ONCE]))
    try:
        for start in range(_LIENS_AT_ONCE, len(changes) + _LIENS_AT_ONCE, _LIENS_AT_ONCE):
            pairs = await ahead
            ahead = asyncio.create_task(_pairs(index, changes[start : start + _LIENS_AT_ONCE]))
            yield pairs
    finally:
        ahead.cancel()


async def _pairs(index: QueryIndex, changes: Sequence[Change]) -> list[matches.Pair]:
    pairs: list[matches.Pair] = []
    for count, change in enumerate(changes, 1):
        lien_id = change.lien.lien_id
        pairs += [(lien_id, number) for number in _met(index, change)]
        if count % _LIENS_A_TURN == 0:
            await asyncio.sleep(0)
    return pairs


async def nobody_waits(session: Session) -> bool:
    """Tell whether there is no saved search that a lien could begin to meet."""
    return not await _queries.up_to_date(session)


def _met(index: QueryIndex, change: Change) -> Iterator[int]:
    found = index.match(LienFacts.of_lien(change.lien, change.score))
    if change.fields is None:
        yield from found
        return
    for number in found:
        condition = index.condition(number)
        if condition and may_begin(condition, change.fields):
            yield number


async def announce(
    session: Session, changes: Mapping[UUID, Change], pairs: Sequence[matches.Pair]
) -> int:
    """Announce which liens begin to meet which searches, those told before left out; returns how many."""
    begun_in_all = 0
    prices: dict[UUID, Pricing] = {}
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        begun = await matches.begin(session, pairs[start : start + _PAIRS_AT_ONCE])
        for found in begun:
            if found.lien_id not in prices:
                prices[found.lien_id] = price_for_search(changes[found.lien_id].lien)
        told = [_matched(found, changes[found.lien_id], prices[found.lien_id]) for found in begun]
        begun_in_all += await emit_many(session, told)
    return begun_in_all


def _matched(begun: matches.Begun, change: Change, pricing: Pricing) -> SearchMatched:
    payoff = pricing.payoff
    return SearchMatched(
        user_id=begun.user_id,
        search_id=begun.search_id,
        search_name=begun.name,
        pace=pace_in_force(begun.pace, begun.tier) if begun.tier else begun.pace,
        cause=change.cause,
        lien=change.lien,
        price=pricing.price,
        rate_pct=pricing.rate_pct,
        payoff=payoff.holder_proceeds if payoff else None,
        payoff_months=MONTHS,
        roi_pct=payoff.roi_pct if payoff else None,
        at=datetime.now(UTC),
    )


def _merged(events: Sequence[LienEvent]) -> dict[UUID, Change]:
    """Return one change a lien, by id: its newest state, how it first came, and all that changed."""
    merged: dict[UUID, Change] = {}
    for event in events:
        change = _change(event)
        before = merged.get(change.lien.lien_id)
        if before is not None:
            newest = max(before.lien, change.lien, key=lambda lien: lien.version)
            fields = None
            if before.fields is not None and change.fields is not None:
                fields = before.fields | change.fields
            change = Change(newest, before.cause, fields)
        merged[change.lien.lien_id] = change
    return {lien_id: merged[lien_id] for lien_id in sorted(merged)}


def _change(event: LienEvent) -> Change:
    match event:
        case LienCreated():
            return Change(event.lien, "created", None)
        case LienChanged():
            return Change(event.lien, "changed", frozenset(event.changed))
        case LienStatusChanged():
            return Change(event.lien, "status_changed", frozenset({*event.changed, "status"}))


async def _read(session: Session, queries: SavedQueries, version: int, after: int) -> int | None:
    read = await saved.changed_after(session, version, after, _READ_AT_ONCE)
    for query in read:
        _take(queries, query)
    return read[-1].number if read else None


def _take(queries: SavedQueries, query: saved.StoredQuery) -> None:
    if not query.live:
        queries.remove(query.number)
        return
    try:
        queries.put(query.number, condition_of(query.parameters))
    except InvalidInput as error:
        # Saved under rules that are no longer; its owner sees it, and it finds nothing.
        queries.remove(query.number)
        _log.warning("saved_search_unreadable", number=query.number, field=error.field)


_queries = VersionedSet(QuerySet, SavedQueries, _read)
