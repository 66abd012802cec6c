"""From a lien to a search by its risk: facts, score, event, index; every message twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

import face_risk_model
from taxlien.interfaces.liens import Lien, LienCreated, LienStatusChanged
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.consumer import Consumer
from taxlien.kit.database import driver_connection
from taxlien.kit.events import encode, wrap
from taxlien.kit.outbox import Relay
from taxlien.services.ml import events as ml_events
from taxlien.services.ml.adapters import family
from taxlien.services.ml.service import scoring
from taxlien.services.ml.service.serving import Champions
from taxlien.services.search import events as search_events
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.query import build_query

DEADLINE = 30.0
SEEN = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def mean_face(monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the office be that of risk."""
    monkeypatch.setitem(family.FAMILIES, "risk", face_risk_model.FAMILY)
    return "risk"


@pytest.fixture
async def index(tmp_path, monkeypatch: pytest.MonkeyPatch):
    await current.close()
    monkeypatch.setenv("TAXLIEN_SEARCH_INDEX_PATH", str(tmp_path / "index"))
    monkeypatch.setenv("TAXLIEN_SEARCH_WRITER_HEAP_BYTES", "15000000")
    yield await current.writer()
    await current.close()


def a_lien(n: int, **fields: object) -> Lien:
    values: dict[str, object] = {
        "lien_id": UUID(int=n), "version": 1, "kind": "certificate", "status": "sold",
        "state": "CO", "county_fips": "08069", "county": "Larimer", "parcel_id": f"97-{n}",
        "parcel_key": f"97{n}", "source": "test", "first_seen_at": SEEN, "last_changed_at": SEEN,
        "sale_date": date(2019, 11, 7), "face_amount": Decimal(1000 * n),
    }  # fmt: skip
    return Lien(**{**values, **fields})


async def test_a_lien_is_found_by_the_risk_that_was_said_of_it(
    office, index, database_for, bus_url
) -> None:
    search, bus, stop = await database_for("search"), connect_bus(bus_url), asyncio.Event()
    relay, champions = Relay(office.database, bus), Champions(office.blobs, refresh_seconds=0.001)
    listening = [
        asyncio.create_task(Consumer(database, bus, handler, service=service).run(stop))
        for database, handler, service in (
            (search, search_events.index_liens, "search"),
            (search, search_events.keep_scores, "search"),
            (office.database, ml_events.keep_facts, "ml"),
        )
    ]

    async def publish(*said: LienCreated | LienStatusChanged) -> None:
        envelopes = [wrap(event, source="liens") for event in said]
        out = [Outgoing(e.id, e.type, e.subject, encode(e)) for e in envelopes]
        await bus.publish(out + out)

    async def found_until(expected: list[tuple[int, int | None]], **asked: object) -> None:
        async with asyncio.timeout(DEADLINE):
            while True:
                async with office.database.session() as session:
                    if await scoring.is_work(session):
                        await scoring.score_some(session, champions)
                await twice(office.database, relay)
                hits = await index.search(build_query(**asked))
                items = [msgspec.json.decode(raw) for raw in hits.items]
                if [(UUID(i["lien_id"]).int, i["score"]) for i in items] == expected:
                    return
                await asyncio.wait(listening, timeout=0.02)

    try:
        await office.appoint(1)
        await publish(*[LienCreated(lien=a_lien(n)) for n in (1, 2, 3)])
        await found_until([(1, 11), (2, 21), (3, 31)], sort="risk_asc")
        await found_until([(3, 31), (2, 21)], sort="risk_desc", score_min="20")
        gone = a_lien(2, version=2, status="redeemed", redeemed_on=date(2020, 1, 1))
        await publish(LienStatusChanged(lien=gone, previous_status="sold"))
        await found_until([(1, 11), (3, 31), (2, None)], sort="risk_asc")
        await office.appoint(5)
        await found_until([(1, 15), (3, 35), (2, None)], sort="risk_asc")
    finally:
        stop.set()
        await asyncio.gather(*listening)
        await bus.close()


async def twice(database, relay: Relay) -> None:
    """Publish what waits, and once more, as after a crash between the bus and the commit."""
    async with database.session() as session:
        connection = await driver_connection(session)
        rows = await (
            await connection.execute("SELECT id, type, key, body FROM ml.outbox ORDER BY seq")
        ).fetchall()
    await relay._bus.publish([Outgoing(*row) for row in rows])
    await relay.drain()
