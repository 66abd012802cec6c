"""Driving a run: claim pages, visit them, keep what they said; batch after batch, each in one transaction.

Whoever drives holds a lease. Kill it anywhere, and another goes on at the page once the lease is over:
what was not settled was not staged, and what was staged is settled.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec
import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from taxlien.kit.database import Database, Session
from taxlien.kit.errors import NotFound
from taxlien.kit.ids import new_id
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.adapters.platforms.registry import platform_of
from taxlien.services.scraper.adapters.raw_store.raw_store import RawStore
from taxlien.services.scraper.logic.pages import Scope
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.repository.frontier import Claimed
from taxlien.services.scraper.repository.runs import RunRow
from taxlien.services.scraper.settings import CollectingSettings

from .finishing import end_of_pages, publish_next, stop_run
from .keeping import keep_pages
from .sources import collectable_sites, site_in, source_named
from .staging import Tally, figures_so_far, keep_visits
from .visiting import Visit, Visitor

_log = structlog.get_logger("taxlien.scraper")
_tracer = trace.get_tracer("taxlien.scraper")
_propagator = TraceContextTextMapPropagator()
_LONGEST_WAIT = 5.0

Progress = Callable[[Tally], Awaitable[None]]


async def drive(
    database: Database,
    run_id: UUID,
    *,
    stop: asyncio.Event,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> bool:
    """Go on with a run for ``seconds`` or until it is over. Returns whether there is more to do now.

    False too where another drives it, where the next page is due later only, or where ``stop`` is set.
    Raises what the database raises when it is away: the run goes on when it is back.
    """
    settings = current.settings()
    holder = new_id()
    async with database.session() as session:
        run = await repository.runs.get(session, run_id)
        if run is None or not await repository.runs.take(
            session, run_id, holder, settings.lease_seconds
        ):
            return False
        row = await source_named(session, run.source)
        sites = await collectable_sites(session)
    context = _propagator.extract({"traceparent": run.traceparent or ""}, otel_context.Context())
    with _tracer.start_as_current_span(f"collect {run.source}", context=context):
        driver = _Driver(database, run, site_in(row), holder, settings, stop, progress)
        try:
            return await driver.go(sites, seconds)
        finally:
            # Where the database is away the lease just ends.
            with suppress(Exception):
                async with database.session() as session:
                    await repository.frontier.give_back(session, run_id, holder)
                    await repository.runs.let_go(session, run_id, holder, sent=driver.more)


class _Lost(Exception):
    """The lease is another's, or the run is over: nothing of this batch may be kept."""


class _Driver:
    """One holder of a run's lease, for one slice of its work."""

    def __init__(
        self,
        database: Database,
        run: RunRow,
        site: Site,
        holder: UUID,
        settings: CollectingSettings,
        stop: asyncio.Event,
        progress: Progress | None,
    ) -> None:
        self._database = database
        self._run = run
        self._site = site
        self._platform = platform_of(site.platform)
        self._scope = msgspec.convert(run.scope, Scope)
        self._holder = holder
        self._settings = settings
        self._stop = stop
        self._progress = progress
        self._tally = Tally(figures=figures_so_far(run, self._scope.today))
        self.more = False

    async def go(self, sites: Sequence[Site], seconds: float | None) -> bool:
        """Work until the slice or the run is over. Returns whether somebody should go on at once."""
        end = None if seconds is None else time.monotonic() + seconds
        stage = self._run.stage
        try:
            store = await current.raw_store(self._database)
            async with current.fetcher(sites) as fetcher:
                await self._record_robots(fetcher)
                visitor = Visitor(self._site, self._platform, fetcher, store)
                while stage != "over" and not self._stop.is_set():
                    if end is not None and time.monotonic() >= end:
                        self.more = True
                        break
                    if stage == "pages":
                        found = await self._pages(visitor, store, waits=seconds is None)
                        if found is None:
                            break
                        stage = found
                    else:
                        stage = await self._publish(store)
        except _Lost:
            _log.info("run_taken_over", run=str(self._run.id), source=self._site.source)
            self.more = False
        return self.more

    async def _record_robots(self, fetcher: Any) -> None:
        """Keep what robots.txt says with the source; whether it is obeyed is the fetcher's part."""
        if self._run.figures is not None or self._run.kind != "collect":
            return
        with suppress(Exception):
            robots = await fetcher.robots(self._site)
            async with self._database.session() as session:
                facts = msgspec.to_builtins(robots)
                await repository.sources.set_robots(session, self._site.source, facts)

    async def _pages(self, visitor: Visitor, store: RawStore, *, waits: bool) -> str | None:
        """Do one batch. Returns the stage after it, or None where nothing is due for now."""
        async with self._database.session() as session:
            claims = await repository.frontier.claim(
                session,
                self._run.id,
                self._holder,
                count=self._batch_size(),
                seconds=self._settings.lease_seconds,
            )
            known = await repository.pages.known(
                session, self._site.source, [claim.key for claim in claims]
            )
            due = None if claims else await repository.frontier.next_due(session, self._run.id)
        if claims:
            started = time.perf_counter()
            visits = await self._visit_all(visitor, claims, known)
            return await self._keep(store, visits, time.perf_counter() - started)
        if due is None:
            return await end_of_pages(self._database, self._run.id, self._tally.figures)
        if not waits and due > _LONGEST_WAIT:
            return None
        await self._rest(min(max(due, 0.05), _LONGEST_WAIT))
        return "pages"

    def _batch_size(self) -> int:
        """Return how many pages the host may give in the time of a batch, by its politeness."""
        if self._run.kind == "reparse":
            return self._settings.batch_pages
        politeness = self._site.politeness
        polite = politeness.requests_per_second * self._settings.batch_seconds
        return max(1, min(self._settings.batch_pages, int(polite)))

    async def _visit_all(
        self, visitor: Visitor, claims: Sequence[Claimed], known: dict[str, Any]
    ) -> list[Visit]:
        """Visit the claimed pages, as many at once as the host allows; less where we are to stop."""
        gate = asyncio.Semaphore(max(1, self._site.politeness.concurrency))
        stopped = asyncio.Event()

        async def one(claim: Claimed) -> Visit | None:
            async with gate:
                if stopped.is_set() or self._stop.is_set():
                    return None
                visit = await visitor.visit(claim, known.get(claim.key))
                if visit.stop:
                    stopped.set()
                return visit

        tasks = [asyncio.create_task(one(claim)) for claim in claims]
        keeping = asyncio.create_task(self._keep_lease())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            everybody: asyncio.Future[Any] = asyncio.gather(*tasks, return_exceptions=True)
            awaited: set[asyncio.Future[Any]] = {everybody, keeping, stopping}
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if keeping.done():
                raise _Lost
        finally:
            for task in (keeping, stopping, *tasks):
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(keeping, stopping, return_exceptions=True)
        for result in ended:
            if isinstance(result, Exception):
                raise result
        return [visit for visit in ended if isinstance(visit, Visit)]

    async def _keep_lease(self) -> None:
        """Hold lease and claims while hosts are slow. Ends when the lease is lost."""
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 4)
            with suppress(OSError):
                async with self._database.session() as session:
                    if not await self._holds(session):
                        return
                    await repository.frontier.keep(
                        session, self._run.id, self._holder, self._settings.lease_seconds
                    )

    async def _holds(self, session: Session) -> bool:
        return await repository.runs.keep(
            session, self._run.id, self._holder, self._settings.lease_seconds
        )

    async def _keep(self, store: RawStore, visits: list[Visit], seconds: float) -> str:
        """Keep a batch: raw pages first, then all it says in one transaction. Returns the stage."""
        await keep_pages(store, visits)
        stop = next((visit.stop for visit in visits if visit.stop), None)
        async with self._database.session() as session:
            if not await self._holds(session):
                raise _Lost
            if stop is not None:
                await stop_run(session, self._run.id, self._tally.figures, *stop)
                return "over"
            await keep_visits(
                session, self._run, self._holder, self._scope, visits, self._tally,
                settings=self._settings, seconds=seconds,
            )  # fmt: skip
        if self._progress is not None:
            await self._progress(self._tally)
        return "pages"

    async def _publish(self, store: RawStore) -> str:
        async with self._database.session() as session:
            if not await self._holds(session):
                raise _Lost
        return await publish_next(
            self._database, store, self._run.id, count=self._settings.publish_pages
        )

    async def _rest(self, seconds: float) -> None:
        async with self._database.session() as session:
            if not await self._holds(session):
                raise _Lost
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)


async def run_named(session: Session, run_id: UUID) -> RunRow:
    """Return a run. Raises ``NotFound``."""
    run = await repository.runs.get(session, run_id)
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    return run
