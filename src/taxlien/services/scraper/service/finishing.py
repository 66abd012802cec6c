"""The end of a run: believed and published in chunks, or kept aside with a diff that a person reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import cast
from uuid import UUID

import msgspec
import structlog

from taxlien.interfaces.scraper import RunState, ScrapeCompleted, SourceStopped, StopKind
from taxlien.kit.database import Database, Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters.counties import county_name
from taxlien.services.scraper.adapters.raw_store.raw_store import RawStore
from taxlien.services.scraper.logic.comparing import Sample, readable_diff
from taxlien.services.scraper.logic.facts import FactKind, decoded
from taxlien.services.scraper.logic.figures import RunFigures, figures_of
from taxlien.services.scraper.logic.findings import Check, Finding
from taxlien.services.scraper.logic.lists import ListPlan, plan_lists
from taxlien.services.scraper.logic.priorities import due_at
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.logic.validating import publishable, validate
from taxlien.services.scraper.repository.runs import RunRow

from .lists import publish_lists
from .publishing import publish_chunk
from .runs import candidate_of
from .sources import site_in, source_named
from .visiting import PASSING, Memory

_log = structlog.get_logger("taxlien.scraper")
_SAMPLES = 12
_FAILURES_SHOWN = 20
_FAILURES_PASSED_OVER = 2
_AWAY = frozenset({"unreachable", "unavailable", "abandoned"})
_EXPLAINED_BY_AWAY: frozenset[Check] = frozenset({"pages", "errors", "count", "change", "vanished"})


async def end_of_pages(database: Database, run_id: UUID, figures: RunFigures) -> str:
    """Judge a run whose pages are all settled. Returns the stage it goes on with."""
    async with database.session() as session:
        run = await _locked(session, run_id)
        if run.state != "open" or run.stage != "pages":
            return run.stage if run.state == "open" else "over"
        row = await source_named(session, run.source, lock=True)
        site = site_in(row)
        if is_away(figures):
            await _fail(session, run, site, figures, "not one page could be had")
            return "over"
        plans = await _lists(session, run_id)
        if plans:
            # Rows of lists count as records, so that the site's bounds hold for lists too.
            figures.records["list_row"] = sum(plan.rows or 0 for plan in plans)
        await repository.runs.set_figures(session, run_id, figures.document())
        last = figures_of(row.figures) if row.figures is not None else None
        findings = judge(figures, last, site, plans, partial=run.partial)
        if is_cut_short(figures, findings):
            await _fail(session, run, site, figures, "the host was away for a part")
            return "over"
        samples = await _samples(session, run)
        diff = readable_diff(None if run.partial else last, figures, samples, findings)
        plain = [msgspec.to_builtins(finding) for finding in findings]
        if publishable(findings):
            gone = await _mark_gone(session, run)
            text = diff + _gone_words(gone)
            await repository.runs.begin_publishing(
                session, run_id, gone=gone, findings=plain, diff=text
            )
            return "publishing"
        if not run.partial:
            diff += _gone_words(await repository.staging.count_gone(session, run_id, run.source))
        diff += await _failure_words(session, run_id)
        await _quarantine(session, run, site, figures, findings, diff)
    return "over"


def judge(
    figures: RunFigures,
    last: RunFigures | None,
    site: Site,
    plans: Sequence[ListPlan],
    *,
    partial: bool,
) -> list[Finding]:
    """Return what is remarkable about a run. Part of a source is not held to the counts of the whole."""
    expected = site.expected
    if partial:
        expected = msgspec.structs.replace(expected, min_records=0, max_records=None)
        last = None
    found = [Finding("fails", "promised", None, p) for plan in plans for p in plan.problems]
    return found + validate(figures, last, expected)


def is_away(figures: RunFigures) -> bool:
    """Tell whether the host gave not one page, for reasons that pass: there is nothing to judge then."""
    errors = sum(figures.errors.values())
    return 0 < errors == figures.pages and figures.errors.keys() <= PASSING


def is_cut_short(figures: RunFigures, findings: Sequence[Finding]) -> bool:
    """Tell whether a run is unfit only because the host was away for a part of it.

    Then a person need not look: the source is collected again later. Anything else that is wrong with it
    is not explained by that.
    """
    grave = {finding.check for finding in findings if finding.severity == "fails"}
    away = bool(figures.errors) and figures.errors.keys() <= _AWAY
    return away and bool(grave) and grave <= _EXPLAINED_BY_AWAY


async def publish_next(database: Database, store: RawStore, run_id: UUID, *, count: int) -> str:
    """Publish the next part of a run that is believed. Returns the stage after it."""
    if await publish_lists(database, store, run_id):
        return "publishing"
    async with database.session() as session:
        run = await _locked(session, run_id)
        if run.state != "open" or run.stage != "publishing":
            return "over"
        row = await source_named(session, run.source)
        site = site_in(row)
        if await publish_chunk(session, run, site, count):
            return "publishing"
        await _complete(session, run, site)
    return "over"


async def stop_run(
    session: Session, run_id: UUID, figures: RunFigures, kind: StopKind, reason: str
) -> None:
    """End a run whose source refused us. Nothing of it is published; the source waits for a person."""
    run = await _locked(session, run_id)
    if run.state != "open":
        return
    row = await source_named(session, run.source, lock=True)
    site = site_in(row)
    await repository.runs.end(session, run_id, "stopped", reason=f"{kind}: {reason}")
    await repository.frontier.forget(session, run_id)
    await repository.sources.set_status(session, run.source, "stopped", f"{kind}: {reason}")
    await repository.operations.raise_task(
        session,
        new_id(),
        kind="source_stopped",
        source=run.source,
        run_id=run_id,
        summary=f"{site.title} refuses to be read ({kind}): {reason}",
        detail={"kind": kind, "pages": figures.pages, "errors": figures.errors},
    )
    now = datetime.now(UTC)
    await emit(session, SourceStopped(source=site.card(), kind=kind, reason=reason, at=now))
    await _said(session, run, site, figures, "stopped", reason=f"{kind}: {reason}")
    _log.warning("source_stopped", source=run.source, kind=kind)


async def _fail(session: Session, run: RunRow, site: Site, figures: RunFigures, what: str) -> None:
    """End a run of a host that was away. The source is tried again, in growing intervals.

    From the third time in a row on a person is asked to look: the address may have changed.
    """
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(figures.errors.items()))
    failures = await repository.frontier.failures(session, run.id, 1)
    words = f"{kinds}; {failures[0][2]}" if failures and failures[0][2] else kinds
    reason = f"{what}: {words}"
    await repository.runs.end(session, run.id, "failed", reason=reason)
    await repository.frontier.forget(session, run.id)
    times = (await source_named(session, run.source)).failures + 1
    if times > _FAILURES_PASSED_OVER:
        await repository.operations.raise_task(
            session,
            new_id(),
            kind="source_away",
            source=run.source,
            run_id=run.id,
            summary=f"{site.title} could not be collected {times} times in a row: {reason}",
            detail={"failures": times, "pages": figures.pages, "errors": figures.errors},
        )
    await _said(session, run, site, figures, "failed", reason=reason)
    _log.warning("run_failed", source=run.source, errors=figures.errors)


async def _quarantine(
    session: Session,
    run: RunRow,
    site: Site,
    figures: RunFigures,
    findings: Sequence[Finding],
    diff: str,
) -> None:
    reasons = [finding.text for finding in findings if finding.severity == "fails"]
    reason = "; ".join(reasons)
    plain = [msgspec.to_builtins(finding) for finding in findings]
    await repository.runs.end(
        session, run.id, "quarantined", reason=reason, findings=plain, diff=diff
    )
    await repository.sources.set_status(session, run.source, "quarantined", reason)
    await repository.operations.raise_task(
        session,
        new_id(),
        kind="run_quarantined",
        source=run.source,
        run_id=run.id,
        summary=f"A run of {site.title} was not published: {reason}",
        detail={"findings": plain, "diff": diff},
    )
    await _said(session, run, site, figures, "quarantined", reason=reason)
    _log.warning("run_quarantined", source=run.source, findings=len(reasons))


async def _complete(session: Session, run: RunRow, site: Site) -> None:
    figures = figures_of(run.figures) if run.figures is not None else RunFigures(day=_day(run))
    await repository.runs.end(session, run.id, "published", reason=run.reason)
    await repository.frontier.forget(session, run.id)
    await repository.operations.resolve(session, run.source, "collected again", kind="source_away")
    await _said(session, run, site, figures, "published")
    _log.info("run_published", source=run.source, changed=run.changed, pages=figures.pages)


async def _said(
    session: Session,
    run: RunRow,
    site: Site,
    figures: RunFigures,
    state: RunState,
    *,
    reason: str | None = None,
) -> None:
    """Tell how a run ended, and plan the next."""
    ended = datetime.now(UTC)
    errors = sum(figures.errors.values())
    row = await source_named(session, run.source)
    failures = 0 if state == "published" else row.failures + 1
    whole = state == "published" and not run.partial
    candidate = msgspec.structs.replace(
        candidate_of(row, {}, {}), last_started=run.started_at, failures=failures
    )
    await repository.sources.mark_ended(
        session,
        run.source,
        next_due_at=due_at(candidate, ended, _day(run)),
        failures=failures,
        error_share=errors / figures.pages if figures.pages else None,
        rows=figures.total if whole else None,
        figures=figures.document() if whole else None,
    )
    pages = figures.pages
    await emit(
        session,
        ScrapeCompleted(
            run_id=run.id,
            source=site.card(),
            state=state,
            county=county_name(site.county_fips),
            properties_scraped=figures.total,
            changed=run.changed,
            pages=pages,
            errors=errors,
            errors_by_kind=dict(sorted(figures.errors.items())),
            bytes_read=run.bytes_read,
            seconds=round((ended - run.started_at).total_seconds(), 3),
            complete_pct=round(100 * (pages - errors) / pages, 2) if pages else 0.0,
            filled_pct=round(100 * filled_share(figures, site), 2),
            fresh_hours=site.schedule.fresh_hours,
            started_at=run.started_at,
            ended_at=ended,
            reason=reason,
        ),
    )


def filled_share(figures: RunFigures, site: Site) -> float:
    """Return the share of the fields that the site promises and that were there, 0 to 1."""
    wanted = here = 0.0
    for field in site.expected.required:
        kind, _, name = field.rpartition(".")
        for one, count in figures.records.items():
            if kind in {"", one} and (kind or f"{one}.{name}" in figures.fields):
                wanted += count
                here += count * figures.share(f"{one}.{name}")
    return here / wanted if wanted else 1.0 if figures.total else 0.0


async def _locked(session: Session, run_id: UUID) -> RunRow:
    run = await repository.runs.get(session, run_id, lock=True)
    assert run is not None, "runs are forgotten only after they ended"
    return run


async def _lists(session: Session, run_id: UUID) -> list[ListPlan]:
    pages = await repository.frontier.memories(session, run_id)
    parts = (
        (key, part) for key, _, memory in pages for part in msgspec.convert(memory, Memory).lists
    )
    return plan_lists(parts)


async def _mark_gone(session: Session, run: RunRow) -> int:
    if run.partial:
        return 0
    gone = await repository.staging.count_gone(session, run.id, run.source)
    await repository.staging.mark_gone(session, run.id, run.source)
    return gone


async def _samples(session: Session, run: RunRow) -> list[Sample]:
    compared = await repository.staging.samples(session, run.id, run.source, _SAMPLES)
    return [
        Sample(
            key=one.key,
            old=None if one.old is None else decoded(cast(FactKind, one.kind), one.old),
            new=None if one.new is None else decoded(cast(FactKind, one.kind), one.new),
        )
        for one in compared
        if not (run.partial and one.new is None)
    ]


def _gone_words(gone: int) -> str:
    return f"\nRecords that were published before and are not said any more: {gone:,}\n"


async def _failure_words(session: Session, run_id: UUID) -> str:
    failures = await repository.frontier.failures(session, run_id, _FAILURES_SHOWN)
    lines = [f"  {key}: {kind}{f' ({reason})' if reason else ''}" for key, kind, reason in failures]
    return "\n".join(["\nPages that could not be read or say nothing", *lines, ""]) if lines else ""


def _day(run: RunRow) -> date:
    return date.fromisoformat(run.scope["today"])
