"""Runs: begun once per source, driven on by whoever holds the lease, ended with their figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from taxlien.kit.database import Session


class RunRow(NamedTuple):
    """A run as kept. ``figures`` are what was read so far."""

    id: UUID
    source: str
    kind: str
    state: str
    stage: str
    partial: bool
    scope: dict[str, Any]
    parser_version: str
    figures: dict[str, Any] | None
    bytes_read: int
    seconds: float
    changed: int
    gone: int
    unchanged_pages: int
    diff: str | None
    reason: str | None
    traceparent: str | None
    started_at: datetime
    ended_at: datetime | None


_COLUMNS = ", ".join(RunRow._fields)

_START = text(
    """
    INSERT INTO scraper.runs
        (id, source, kind, state, stage, partial, scope, parser_version, traceparent)
    VALUES (:id, :source, :kind, 'open', 'pages', :partial, :scope, :parser_version, :traceparent)
    ON CONFLICT (source) WHERE state IN ('open', 'quarantined') DO NOTHING RETURNING id
    """
).bindparams(bindparam("scope", type_=JSONB))


async def start(
    session: Session,
    run_id: UUID,
    source: str,
    *,
    kind: str,
    partial: bool,
    scope: dict[str, Any],
    parser_version: str,
    traceparent: str | None,
) -> bool:
    """Begin a run, unless the source has one that is not over. Returns whether it was begun."""
    values = {
        "id": run_id,
        "source": source,
        "kind": kind,
        "partial": partial,
        "scope": scope,
        "parser_version": parser_version,
        "traceparent": traceparent,
    }
    return (await session.execute(_START, values)).first() is not None


async def get(session: Session, run_id: UUID, *, lock: bool = False) -> RunRow | None:
    """Return a run, locked to the transaction's end where that is asked."""
    query = f"SELECT {_COLUMNS} FROM scraper.runs WHERE id = :id"  # noqa: S608 - our names
    if lock:
        query += " FOR UPDATE"
    row = (await session.execute(text(query), {"id": run_id})).first()
    return None if row is None else RunRow(*row)


async def of_source(session: Session, source: str, state: str) -> RunRow | None:
    """Return the latest run of a source in this state."""
    query = (
        f"SELECT {_COLUMNS} FROM scraper.runs WHERE source = :source AND state = :state"  # noqa: S608
        " ORDER BY number DESC LIMIT 1"
    )
    row = (await session.execute(text(query), {"source": source, "state": state})).first()
    return None if row is None else RunRow(*row)


async def turn(session: Session) -> int:
    """Return how many runs were ever begun."""
    query = "SELECT coalesce(max(number), 0) FROM scraper.runs"
    return int((await session.execute(text(query))).scalar_one())


async def count_open(session: Session) -> int:
    """Return how many runs are under way."""
    query = "SELECT count(*) FROM scraper.runs WHERE state = 'open'"
    return int((await session.execute(text(query))).scalar_one())


_WITHOUT_HOLDER = text(
    """
    UPDATE scraper.runs AS run SET sent_at = now() FROM scraper.sources AS source
    WHERE source.name = run.source AND run.state = 'open'
        AND (run.leased_until IS NULL OR run.leased_until < now())
        AND (run.sent_at IS NULL OR run.sent_at < now() - :patience * interval '1 second')
        AND (run.stage = 'publishing' OR NOT EXISTS (
            SELECT FROM scraper.run_pages AS page WHERE page.run_id = run.id
                AND page.state = 'waiting' AND page.due_at > now())
            OR EXISTS (SELECT FROM scraper.run_pages AS page WHERE page.run_id = run.id
                AND page.state = 'waiting' AND page.due_at <= now()))
    RETURNING run.id, source.platform, source.priority
    """
)


async def send_out(session: Session, patience: float) -> list[tuple[UUID, str, int]]:
    """Return runs with something to do that nobody drives: id, platform, priority; urgent ones first.

    Each is returned once in ``patience`` seconds: what was sent may wait at the broker that long.
    """
    rows = await session.execute(_WITHOUT_HOLDER, {"patience": patience})
    return sorted(((row[0], row[1], row[2]) for row in rows), key=lambda one: (one[2], one[0]))


_TAKE = text(
    """
    UPDATE scraper.runs SET holder = :holder, leased_until = now() + :seconds * interval '1 second'
    WHERE id = :id AND state = 'open' AND (leased_until IS NULL OR leased_until < now())
    RETURNING id
    """
)
_KEEP = text(
    """
    UPDATE scraper.runs SET leased_until = now() + :seconds * interval '1 second'
    WHERE id = :id AND state = 'open' AND holder = :holder RETURNING id
    """
)
_LET_GO = text(
    """
    UPDATE scraper.runs SET leased_until = NULL, sent_at = CASE WHEN :sent THEN now() END
    WHERE id = :id AND holder = :holder
    """
)


async def take(session: Session, run_id: UUID, holder: UUID, seconds: float) -> bool:
    """Become the one who drives this run, unless somebody is. Returns whether."""
    values = {"id": run_id, "holder": holder, "seconds": seconds}
    return (await session.execute(_TAKE, values)).first() is not None


async def keep(session: Session, run_id: UUID, holder: UUID, seconds: float) -> bool:
    """Hold the lease for longer. False when it is another's, or the run is over."""
    values = {"id": run_id, "holder": holder, "seconds": seconds}
    return (await session.execute(_KEEP, values)).first() is not None


async def let_go(session: Session, run_id: UUID, holder: UUID, *, sent: bool = False) -> None:
    """Give the lease back. ``sent`` says that somebody was asked already to go on."""
    await session.execute(_LET_GO, {"id": run_id, "holder": holder, "sent": sent})


_ADD = text(
    """
    UPDATE scraper.runs SET figures = :figures, bytes_read = bytes_read + :bytes_read,
        seconds = seconds + :seconds, unchanged_pages = unchanged_pages + :unchanged
    WHERE id = :id
    """
).bindparams(bindparam("figures", type_=JSONB))


async def add(
    session: Session,
    run_id: UUID,
    *,
    figures: dict[str, Any],
    bytes_read: int,
    seconds: float,
    unchanged: int,
) -> None:
    """Replace the figures and add what a batch cost. The run's row is locked by the caller."""
    values = {
        "id": run_id,
        "figures": figures,
        "bytes_read": bytes_read,
        "seconds": seconds,
        "unchanged": unchanged,
    }
    await session.execute(_ADD, values)


_FIGURES = text("UPDATE scraper.runs SET figures = :figures WHERE id = :id").bindparams(
    bindparam("figures", type_=JSONB)
)


async def set_figures(session: Session, run_id: UUID, figures: dict[str, Any]) -> None:
    """Replace the figures of a run."""
    await session.execute(_FIGURES, {"id": run_id, "figures": figures})


_END = text(
    """
    UPDATE scraper.runs SET state = :state, stage = CASE WHEN :over THEN 'over' ELSE stage END,
        reason = :reason, findings = coalesce(:findings, findings), diff = coalesce(:diff, diff),
        ended_at = coalesce(ended_at, now()), leased_until = NULL
    WHERE id = :id
    """
).bindparams(bindparam("findings", type_=JSONB(none_as_null=True)))


async def end(
    session: Session,
    run_id: UUID,
    state: str,
    *,
    reason: str | None = None,
    findings: Sequence[Any] | None = None,
    diff: str | None = None,
) -> None:
    """Say how a run ended. A quarantined one keeps what it read until a person decides."""
    values = {
        "id": run_id,
        "state": state,
        "over": state != "quarantined",
        "reason": reason,
        "findings": None if findings is None else list(findings),
        "diff": diff,
    }
    await session.execute(_END, values)


_PUBLISH = text(
    """
    UPDATE scraper.runs SET state = 'open', stage = 'publishing', gone = :gone,
        findings = coalesce(:findings, findings), diff = coalesce(:diff, diff), ended_at = NULL
    WHERE id = :id
    """
).bindparams(bindparam("findings", type_=JSONB(none_as_null=True)))


async def begin_publishing(
    session: Session,
    run_id: UUID,
    *,
    gone: int,
    findings: Sequence[Any] | None = None,
    diff: str | None = None,
) -> None:
    """Let a run that is believed be published."""
    values = {
        "id": run_id,
        "gone": gone,
        "findings": None if findings is None else list(findings),
        "diff": diff,
    }
    await session.execute(_PUBLISH, values)


async def add_changed(session: Session, run_id: UUID, changed: int) -> None:
    """Count facts that were published as new or changed."""
    statement = text("UPDATE scraper.runs SET changed = changed + :changed WHERE id = :id")
    await session.execute(statement, {"id": run_id, "changed": changed})


_PRUNE = text(
    "DELETE FROM scraper.runs WHERE state IN ('published', 'stopped', 'failed', 'discarded')"
    " AND ended_at < :before AND number < (SELECT max(number) FROM scraper.runs)"
)


async def prune(session: Session, before: datetime) -> int:
    """Forget runs that ended before. Returns how many."""
    result = await session.execute(_PRUNE, {"before": before})
    return int(getattr(result, "rowcount", 0))
