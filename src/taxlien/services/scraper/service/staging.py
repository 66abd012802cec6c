"""Keeping a batch: settle its pages, stage what they say, follow where they lead, count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import cast
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.services.scraper import repository
from taxlien.services.scraper.logic.facts import Fact, FactKind, decoded, encoded
from taxlien.services.scraper.logic.figures import RunFigures, figures_of
from taxlien.services.scraper.logic.pages import Scope
from taxlien.services.scraper.repository.frontier import Settled
from taxlien.services.scraper.repository.runs import RunRow
from taxlien.services.scraper.settings import CollectingSettings

from .visiting import Visit

_HOPELESS_PAGES = 30
_HOPELESS_SHARE = 0.5
_LONGEST_REASON = 500
_encode = msgspec.json.Encoder(uuid_format="canonical").encode


class Tally(msgspec.Struct, kw_only=True):
    """How a run goes, as its driver sees it: figures of all of it, and counts of this slice."""

    figures: RunFigures
    unchanged: int = 0
    bytes_read: int = 0
    retries: Counter[str] = msgspec.field(default_factory=Counter)


def figures_so_far(run: RunRow, day: date) -> RunFigures:
    """Return the figures kept of a run, or empty ones where nothing was read yet."""
    return RunFigures(day=day) if run.figures is None else figures_of(run.figures)


async def keep_visits(
    session: Session,
    run: RunRow,
    holder: UUID,
    scope: Scope,
    visits: Sequence[Visit],
    tally: Tally,
    *,
    settings: CollectingSettings,
    seconds: float,
) -> None:
    """Keep what a batch brought, in the caller's transaction. A page another took over is left out."""
    rows = [_settled(visit, settings) for visit in visits]
    ours = await repository.frontier.settle(session, run.id, holder, rows)
    states = {row.key: row.state for row in rows}
    mine = [visit for visit in visits if visit.claimed.key in ours]
    read = [visit for visit in mine if states[visit.claimed.key] == "read"]
    unchanged = [visit for visit in mine if states[visit.claimed.key] == "unchanged"]
    pages = [visit.claimed.key for visit in read]
    await repository.staging.replace(session, run.id, pages, _staged(run.id, read))
    known = await repository.pages.facts(
        session, run.source, [visit.claimed.key for visit in unchanged]
    )
    await _follow(session, run, scope, [*read, *unchanged])
    _count(tally, mine, states)
    for _, kind, key, sha256, said in known:
        tally.figures.observe(_fact(kind, key, sha256, said))
    if _is_hopeless(tally.figures):
        reason = "most pages could not be read: the rest was not asked for"
        left = await repository.frontier.abandon(session, run.id, "abandoned", reason)
        for _ in range(left):
            tally.figures.error("abandoned")
    bytes_read = sum(visit.bytes_read for visit in mine)
    tally.bytes_read += bytes_read
    tally.unchanged += len(unchanged)
    await repository.runs.add(
        session,
        run.id,
        figures=tally.figures.document(),
        bytes_read=bytes_read,
        seconds=seconds,
        unchanged=len(unchanged),
    )


def _settled(visit: Visit, settings: CollectingSettings) -> Settled:
    key, attempts = visit.claimed.key, visit.claimed.attempts
    reason = None if visit.error is None else visit.error[:_LONGEST_REASON]
    last = attempts >= settings.page_attempts
    if visit.error_kind is not None and visit.passes and not last:
        pause = settings.retry_seconds * 2.0 ** (attempts - 1)
        return Settled(
            key=key, state="waiting", error_kind=visit.error_kind, error=reason, retry_seconds=pause
        )
    # A page that announces more than it gives even at last says what it says: the run is judged by it.
    if visit.error_kind is not None and visit.error_kind != "short":
        return Settled(key=key, state="failed", error_kind=visit.error_kind, error=reason)
    return Settled(
        key=key,
        state="unchanged" if visit.unchanged else "read",
        error_kind=visit.error_kind,
        error=reason,
        card=msgspec.Raw(_encode(visit.card)),
        memory=msgspec.Raw(_encode(visit.memory)),
    )


def _staged(run_id: UUID, visits: Sequence[Visit]) -> Iterator[tuple[object, ...]]:
    for visit in visits:
        for fact in visit.facts:
            yield (
                run_id,
                visit.claimed.key,
                fact.kind,
                fact.key,
                bytes.fromhex(fact.sha256),
                msgspec.Raw(encoded(fact)),
            )


async def _follow(session: Session, run: RunRow, scope: Scope, visits: Sequence[Visit]) -> None:
    """Put the pages that these lead to into the frontier, up to the run's limit."""
    if run.kind != "collect":
        return
    wanted = {request.key: request for visit in visits for request in visit.memory.follow}
    requests = list(wanted.values())
    if scope.limit is not None and requests:
        room = scope.limit - await repository.frontier.count(session, run.id)
        requests = requests[: max(0, room)]
    await repository.frontier.add(session, run.id, requests)


def _count(tally: Tally, visits: Sequence[Visit], states: dict[str, str]) -> None:
    for visit in visits:
        state = states[visit.claimed.key]
        if state == "waiting":
            tally.retries[visit.error_kind or "unknown"] += 1
        elif state == "failed":
            tally.figures.error(visit.error_kind or "unknown")
        else:
            memory = visit.memory
            tally.figures.page(
                read=memory.read, promised=memory.promised, not_found=memory.not_found
            )
            for fact in visit.facts:
                tally.figures.observe(fact)


def _fact(kind: str, key: str, sha256: str, said: str) -> Fact:
    known = cast(FactKind, kind)
    return Fact(kind=known, key=key, sha256=sha256, observed=decoded(known, said))


def _is_hopeless(figures: RunFigures) -> bool:
    errors = sum(figures.errors.values())
    return errors >= _HOPELESS_PAGES and errors > figures.pages * _HOPELESS_SHARE
