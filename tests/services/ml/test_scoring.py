"""Liens are scored after they come and by every new champion, in bulk, and never in anybody's way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import text

import face_risk_model
from kept_apps import kept_app
from taxlien.interfaces.liens import Lien, LienCreated
from taxlien.interfaces.ml import LienScored
from taxlien.kit.bus import Outgoing, connect_bus
from taxlien.kit.errors import NotFound
from taxlien.kit.events import decode, encode, wrap
from taxlien.kit.ids import new_id
from taxlien.run.demo import scores as demo_scores
from taxlien.services.liens.repository import insert_liens
from taxlien.services.ml import tasks
from taxlien.services.ml.adapters import family
from taxlien.services.ml.endpoints import router
from taxlien.services.ml.repository import facts
from taxlien.services.ml.service import scoring
from taxlien.services.ml.service.serving import Champions

DEADLINE = 30.0
SECRET = "the gateway's own word, 32 characters and more"


@pytest.fixture
def mean_face(monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the office be that of risk."""
    monkeypatch.setitem(family.FAMILIES, "risk", face_risk_model.FAMILY)
    return "risk"


def a_lien(n: int, **fields: object) -> Lien:
    seen = datetime(2025, 1, 1, tzinfo=UTC)
    values: dict[str, object] = {
        "lien_id": UUID(int=n), "version": 1, "kind": "certificate", "status": "sold",
        "state": "CO", "county_fips": "08069", "county": "Larimer", "parcel_id": f"97-{n}",
        "parcel_key": f"97{n}", "source": "test", "first_seen_at": seen, "last_changed_at": seen,
        "sale_date": date(2019, 11, 7), "face_amount": Decimal("1234.50"),
    }  # fmt: skip
    return Lien(**{**values, **fields})


async def keep(database, *liens) -> None:
    async with database.session() as session:
        await facts.upsert(session, liens)


async def score_all(office, champions: Champions | None = None) -> int:
    """Score until nothing waits; returns how many were looked at."""
    champions = champions or Champions(office.blobs, refresh_seconds=0.001)
    looked_at = 0
    for _ in range(100):
        async with office.database.session() as session:
            some = await scoring.score_some(session, champions)
        looked_at += some
        if not some:
            return looked_at
    raise AssertionError("something always waits")


async def emitted(database) -> list[LienScored]:
    """Take the scores that would be told by now out of the outbox."""
    scored = "DELETE FROM ml.outbox WHERE type = 'lien.scored' RETURNING seq, body"
    async with database.session() as session:
        rows = await session.execute(text(scored))
        return [decode(body).event(LienScored) for _, body in sorted(map(tuple, rows))]


def said(events: list[LienScored]) -> dict[int, int | None]:
    return {one.lien_id.int: one.score for event in events for one in event.scores}


async def test_what_is_open_is_scored_once_and_told_by_county(office) -> None:
    await keep(
        office.database,
        a_lien(1), a_lien(2, county_fips="08001"), a_lien(3, status="redeemed"),
        a_lien(4, kind="deed_sale"), a_lien(5, synthetic=True), a_lien(6, face_amount=None),
        a_lien(7, status="advertised", sale_date=None),
    )  # fmt: skip
    assert await score_all(office) == 0  # nobody is in office
    await office.appoint(1)
    assert await score_all(office) == 7
    events = await emitted(office.database)
    assert said(events) == {1: 13, 2: 13, 7: 13}
    assert [event.key() for event in events] == [event.county_fips for event in events]
    assert len({event.county_fips for event in events}) == len(events) == 2
    assert (events[0].model_version, events[0].synthetic) == (1, False)
    assert await score_all(office) == 0
    async with office.database.session() as session:
        kept = await scoring.score_of(session, a_lien(1).lien_id)
        assert (kept.score, kept.version, kept.p_unredeemed) == (13, 1, 0.25)
        assert (await scoring.score_of(session, a_lien(3).lien_id)).score is None
        with pytest.raises(NotFound):
            await scoring.score_of(session, a_lien(99).lien_id)


async def test_a_lien_that_changes_is_scored_again_and_told_where_the_score_is_another(
    office,
) -> None:
    await keep(office.database, *[a_lien(n) for n in range(1, 5)])
    await office.appoint(1)
    await score_all(office)
    await emitted(office.database)
    await keep(
        office.database,
        a_lien(1, version=2, face_amount=Decimal(5000)),
        a_lien(2, version=2, homestead=True),
        a_lien(3, version=2, status="redeemed", redeemed_on=date(2020, 1, 1)),
        a_lien(4),  # delivered twice
    )
    assert await score_all(office) == 3
    assert said(await emitted(office.database)) == {1: 51, 3: None}


async def test_a_new_champion_scores_everything_again_from_where_it_was_cut_off(
    office, monkeypatch
) -> None:
    monkeypatch.setattr(scoring, "AT_ONCE", 4)
    await keep(office.database, *[a_lien(n) for n in range(1, 11)])
    await office.appoint(1)
    assert await score_all(office) == 10
    await office.appoint(3)
    champions = Champions(office.blobs, refresh_seconds=0.001)
    async with office.database.session() as session:
        assert await scoring.score_some(session, champions) == 4

    async def cut_off() -> None:
        async with office.database.session() as session:
            assert await scoring.score_some(session, champions) == 4
            raise RuntimeError("cut off before the commit")

    with pytest.raises(RuntimeError):
        await cut_off()
    assert await score_all(office) == 6  # another process goes on
    events = await emitted(office.database)
    assert said(events) == dict.fromkeys(range(1, 11), 15)
    newest = [event for event in events if event.model_version == 2]
    assert said(newest) == dict.fromkeys(range(1, 11), 15)
    assert newest[0].appointment > events[0].appointment


async def test_what_changes_while_it_is_scored_waits_for_its_newest_version(office) -> None:
    await keep(office.database, a_lien(1), a_lien(2))
    await office.appoint(1)
    champions = Champions(office.blobs, refresh_seconds=0.001)

    class Slow:
        """Another version comes between reading and writing."""

        def __init__(self, model) -> None:
            self.model, self.loop = model, asyncio.get_running_loop()

        def predict(self, cases, explain=None):
            return self.model.predict(cases)

        def score(self, liens):
            changed = a_lien(1, version=2, face_amount=Decimal(100))
            asyncio.run_coroutine_threadsafe(facts_only(changed), self.loop).result(DEADLINE)
            return self.model.score(liens)

    async def facts_only(lien) -> None:
        async with office.database.session() as session:
            await session.execute(
                text("UPDATE ml.liens SET version = 2, face_amount = 100 WHERE lien_id = :id"),
                {"id": lien.lien_id},
            )

    async with office.database.session() as session:
        loaded = await champions.champion(session, "risk")
    slow = Slow(loaded.model)
    champions._loaded["risk"] = replace(loaded, model=slow)
    async with office.database.session() as session:
        assert await scoring.score_some(session, champions) == 2
    assert said(await emitted(office.database)) == {2: 13}
    assert await score_all(office) == 1
    assert said(await emitted(office.database)) == {1: 2}


async def test_while_the_champion_cannot_be_read_what_was_said_stays(office) -> None:
    await keep(office.database, a_lien(1))
    await office.appoint(1)
    await score_all(office)
    await emitted(office.database)
    office.damage(await office.appoint(77.25))  # what no other test keeps
    assert await score_all(office) == 0
    assert await emitted(office.database) == []
    await office.appoint(3)
    assert await score_all(office) == 1
    assert said(await emitted(office.database)) == {1: 15}


async def test_scoring_waits_for_whoever_indexes_and_the_facts_do_not(
    office, bus_url, stack_environment, monkeypatch
) -> None:
    for name, value in {**stack_environment, "TAXLIEN_BUS_URL": bus_url}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tasks, "LOOK_SECONDS", 0.02)
    bus = connect_bus(bus_url)
    index = await bus.subscribe("search.index_liens", ["lien.created"])
    waiting = []
    for n in range(8):  # one message each: what travels together counts as one
        envelope = wrap(LienCreated(lien=a_lien(n)), source="liens")
        out = Outgoing(envelope.id, envelope.type, envelope.subject, encode(envelope))
        await bus.publish([out])
        waiting += await index.fetch(10, 5.0)
    assert not await scoring.is_room(bus)
    await office.appoint(1)
    stop = asyncio.Event()
    job = asyncio.create_task(tasks.score_liens(office.database, stop))
    try:
        await keep(office.database, a_lien(1))  # an import goes on
        looks = 0
        while looks < 5:  # the job has looked, and left it
            async with office.database.session() as session:
                assert await scoring.is_work(session)
            looks += 1
            await asyncio.wait({job}, timeout=0.02)
        assert await emitted(office.database) == []
        await index.ack_all(waiting)
        async with asyncio.timeout(DEADLINE):
            while not (events := await emitted(office.database)):
                await asyncio.wait({job}, timeout=0.02)
        assert said(events) == {1: 13}
    finally:
        stop.set()
        await job
        await index.close()
        await bus.close()


async def test_a_score_tells_who_said_it_of_which_version(office) -> None:
    app = kept_app(router, {"ml": office.database}, gateway_secret=SECRET)
    headers = {"x-gateway-secret": SECRET, "x-user-id": str(new_id()), "x-roles": "investor"}
    await keep(office.database, a_lien(1), a_lien(2, status="void"), a_lien(3))
    await office.appoint(1)
    await score_all(office)
    await keep(office.database, a_lien(1, version=2, face_amount=Decimal(5)), a_lien(4))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://ml", headers=headers
    ) as client:
        told = (await client.get(f"/v1/ml/scores/{UUID(int=1)}")).json()
        assert datetime.fromisoformat(told.pop("scored_at")).tzinfo is not None
        assert {flag["kind"] for flag in told.pop("flags")} >= {"value_unknown"}
        assert "bankruptcy" in told.pop("not_checked")
        assert told == {
            "lien_id": str(UUID(int=1)), "version": 1, "score": 13, "safety_score": 88,
            "p_unredeemed": 0.25, "model_version": 1,
        }  # fmt: skip
        ended = (await client.get(f"/v1/ml/scores/{UUID(int=2)}")).json()
        assert (ended["score"], ended["safety_score"]) == (None, None)
        for n in (4, 5):
            assert (await client.get(f"/v1/ml/scores/{UUID(int=n)}")).status_code == 404


async def test_the_demos_liens_are_scored_where_its_models_are_taught(office, database_for) -> None:
    catalogue = await database_for("liens")
    async with catalogue.session() as session:
        await insert_liens(session, [a_lien(n, synthetic=n != 2) for n in range(1, 4)])
    await office.appoint(1, synthetic=True)
    champions = Champions(office.blobs, refresh_seconds=0.001)
    assert await demo_scores.score(catalogue, office.database, champions) == 2
    events = await emitted(office.database)
    assert said(events) == {1: 13, 3: 13}
    assert all(event.synthetic for event in events)
    async with office.database.session() as session:
        assert not await scoring.is_work(session)
    assert await demo_scores.score(catalogue, office.database, champions) == 2
    assert await emitted(office.database) == []
