"""The relay: takes committed events out of the outbox, in order, and gives them to the bus."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge
from psycopg import AsyncConnection, sql

from taxlien.kit.backoff import Backoff
from taxlien.kit.bus.protocol import Bus, Outgoing
from taxlien.kit.database import Database, describe, driver_connection
from taxlien.kit.outbox.tables import LANES, channel_of

BATCH = 1000
POLL_SECONDS = 1.0
_TURN_SECONDS = 0.02
_COUNT_EVERY_SECONDS = 5.0
_COUNT_UP_TO = 50_000
# Advisory locks share one space of numbers in a database: the first number says whose they are.
_LOCK_SPACE = 0x0B0C5

Row = tuple[int, UUID, str, str, bytes]

_log = structlog.get_logger("taxlien.kit.outbox")
_published = Counter("taxlien_outbox_published", "Events given to the bus", ["service"])
_failures = Counter("taxlien_outbox_failures", "Batches that could not be published", ["service"])
_pending = Gauge(
    "taxlien_outbox_pending", f"Events that wait, counted up to {_COUNT_UP_TO}", ["service"]
)
_oldest = Gauge("taxlien_outbox_oldest_seconds", "Age of the oldest waiting event", ["service"])

# Lanes with rows that no other relay holds. The lock is taken by a statement of its own: the next
# one then sees all that the lane's last holder has committed, and so takes no event a second time.
_TAKE_LANES = """
WITH waiting AS MATERIALIZED (
    SELECT every.lane FROM generate_series(0, {last_lane}) AS every (lane)
    WHERE EXISTS (SELECT FROM {outbox} AS o WHERE o.lane = every.lane::smallint)
    ORDER BY random() LIMIT %s
)
SELECT lane FROM waiting WHERE pg_try_advisory_xact_lock(%s, lane)
"""

# By lane, since one index walk per lane finds the first rows whatever the backlog; by ctid, since
# the rows are locked and stay where they are. Comes back in no order.
_TAKE_ROWS = """
DELETE FROM {outbox} WHERE ctid = ANY(ARRAY(
    SELECT taken.ctid FROM unnest(%s::smallint[]) AS wanted (lane), LATERAL (
        SELECT o.ctid FROM {outbox} AS o WHERE o.lane = wanted.lane
        ORDER BY o.seq LIMIT %s FOR UPDATE SKIP LOCKED
    ) AS taken
)) RETURNING seq, id, type, key, body
"""

_ANY_WAITS = """
SELECT EXISTS (SELECT FROM generate_series(0, {last_lane}) AS every (lane)
    WHERE EXISTS (SELECT FROM {outbox} AS o WHERE o.lane = every.lane::smallint))
"""

_COUNT = """
SELECT (SELECT count(*) FROM (SELECT FROM {outbox} LIMIT {count_up_to}) AS counted),
       (SELECT extract(epoch FROM now() - min(first.created_at))::float8
        FROM generate_series(0, {last_lane}) AS every (lane), LATERAL (
            SELECT o.created_at FROM {outbox} AS o WHERE o.lane = every.lane::smallint
            ORDER BY o.seq LIMIT 1
        ) AS first)
"""


class Relay:
    """Publishes the outbox of one service. Any number may run; each lane has one at a time.

    Rows are deleted in a transaction that commits after the bus has stored them: a crash in between
    publishes them again, with the same ids. ``lanes`` is how many lanes one batch may hold: fewer
    leave more to other relays.
    """

    def __init__(self, database: Database, bus: Bus, *, lanes: int = LANES) -> None:
        self._database = database
        self._bus = bus
        self._service = database.service
        self._lanes = lanes
        names = {
            "outbox": sql.Identifier(self._service, "outbox"),
            "last_lane": sql.Literal(LANES - 1),
            "count_up_to": sql.Literal(_COUNT_UP_TO),
        }
        self._take_lanes = sql.SQL(_TAKE_LANES).format(**names)
        self._take_rows = sql.SQL(_TAKE_ROWS).format(**names)
        self._any_waits = sql.SQL(_ANY_WAITS).format(**names)
        self._count = sql.SQL(_COUNT).format(**names)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop`` is set. Outlives the loss of the database and of the bus."""
        wake = asyncio.Event()
        channel = channel_of(self._service)
        listening = asyncio.create_task(self._database.listen(channel, wake.set))
        stopping = asyncio.create_task(_set_too(stop, wake))
        try:
            await self._publish_until(stop, wake)
        finally:
            for task in (listening, stopping):
                task.cancel()
            await asyncio.gather(listening, stopping, return_exceptions=True)

    async def drain_once(self) -> int:
        """Publish one batch of at most about ``BATCH`` events and return how many it was.

        0 means that nothing waits, or that other relays hold every lane that has something.
        """
        async with self._database.session() as session:
            connection = await driver_connection(session)
            rows = await self._take(connection)
            if rows:
                rows.sort()
                await self._bus.publish([Outgoing(*row[1:]) for row in rows])
        _published.labels(self._service).inc(len(rows))
        return len(rows)

    async def drain(self) -> None:
        """Publish until nothing that is committed waits, also what other relays have in hand."""
        while True:
            if await self.drain_once():
                continue
            async with self._database.session() as session:
                connection = await driver_connection(session)
                row = await (await connection.execute(self._any_waits)).fetchone()
            if row is None or not row[0]:
                return
            await asyncio.sleep(_TURN_SECONDS)

    async def _take(self, connection: AsyncConnection) -> list[Row]:
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(self._take_lanes, [self._lanes, _LOCK_SPACE])
            lanes = [lane for (lane,) in await cursor.fetchall()]
            if not lanes:
                return []
            await cursor.execute(self._take_rows, [lanes, -(-BATCH // len(lanes))])
            return await cursor.fetchall()

    async def _publish_until(self, stop: asyncio.Event, wake: asyncio.Event) -> None:
        backoff = Backoff(first=0.1, longest=5.0)
        count_at = 0.0
        while not stop.is_set():
            pause = 0.0
            wake.clear()
            try:
                if time.monotonic() >= count_at:
                    count_at = time.monotonic() + _COUNT_EVERY_SECONDS
                    await self._measure()
                if not await self.drain_once():
                    pause = POLL_SECONDS
                backoff.reset()
            except Exception as error:
                _failures.labels(self._service).inc()
                _log.warning("relay_failed", service=self._service, error=describe(error))
                await _wait(stop, backoff.next())
            if pause:
                await _wait(wake, pause)

    async def _measure(self) -> None:
        async with self._database.session() as session:
            connection = await driver_connection(session)
            row = await (await connection.execute(self._count)).fetchone()
        if row is not None:
            _pending.labels(self._service).set(row[0])
            _oldest.labels(self._service).set(row[1] or 0.0)


async def _set_too(first: asyncio.Event, second: asyncio.Event) -> None:
    await first.wait()
    second.set()


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
