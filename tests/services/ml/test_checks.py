"""Drift is told when it comes and when it is over, once each; what cannot be told is no alarm."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import msgspec
import numpy as np
from prometheus_client import REGISTRY
from sqlalchemy import text

from taxlien.interfaces.liens import Lien
from taxlien.kit.ids import new_id
from taxlien.kit.telemetry.degraded import degraded
from taxlien.services.ml import service
from taxlien.services.ml.adapters import artifacts, losses_since, outcomes_since
from taxlien.services.ml.adapters.outcomes_since import came_of
from taxlien.services.ml.logic import about
from taxlien.services.ml.logic.survival import EDGES
from taxlien.services.ml.logic.table import table_of
from taxlien.services.ml.logic.watching import seen
from taxlien.services.ml.logic.watching.check import FEATURES, Found, news
from taxlien.services.ml.logic.watching.taught import Taught, taught_by
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import facts
from taxlien.services.ml.service import checking
from taxlien.services.ml.service.serving import Champions

NOW = datetime.now(UTC)


def liens(faces: np.ndarray) -> list[Lien]:
    return [
        Lien(
            lien_id=new_id(), version=1, kind="certificate", status="sold", state="CO",
            county_fips="08069", county="Larimer", parcel_id=str(n), parcel_key=str(n),
            source="test", first_seen_at=NOW, last_changed_at=NOW, sale_date=date(2019, 11, 7),
            face_amount=Decimal(f"{face:.2f}"),
        )
        for n, face in enumerate(faces)
    ]  # fmt: skip


async def in_office(office, *, days_ago: float) -> None:
    """A champion taught by lognormal faces and nothing else."""
    taught = np.random.default_rng(1).lognormal(7, 1, 5_000)
    nothing = np.full(len(taught), np.nan)
    values = {name: taught if name == "face_amount" else nothing for name in FEATURES}
    files = {"model.json": b'{"face": 1}', seen.FILE: seen.dump(values)}
    artifact = await artifacts.store(office.blobs, files)
    async with office.database.session() as session:
        session.add(
            Appointment(
                name=office.name, alias="champion", version=1, run_id="run", artifact=artifact,
                reason="first", at=NOW - timedelta(days=days_ago),
            )
        )  # fmt: skip


async def checked(office) -> list[Found]:
    async with office.database.session() as session:
        (asked,) = await checking.due(session, every=timedelta(0))
    return await checking.check(office.database, office.blobs, asked)


async def alerts(office) -> list[tuple[str, str]]:
    query = text("SELECT body FROM ml.outbox WHERE type = 'model.alerted' ORDER BY id")
    async with office.database.session() as session:
        bodies = (await session.scalars(query)).all()
    told = [msgspec.json.decode(bytes(body))["data"] for body in bodies]
    return [(one["kind"], one["state"]) for one in told]


async def test_drift_is_told_once_and_once_that_it_is_over(office) -> None:
    await in_office(office, days_ago=2)
    random = np.random.default_rng(2)
    (few,) = await checked(office)
    assert few.state == "unknown"
    async with office.database.session() as session:
        await service.keep_facts(session, liens(random.lognormal(7, 1, 1_000)))
    assert [one.state for one in await checked(office)] == ["stable"]
    async with office.database.session() as session:
        await service.keep_facts(session, liens(random.lognormal(9.5, 1, 2_000)))
    for _ in range(2):
        (drifted,) = await checked(office)
        assert drifted.state == "drifted"
        assert "face_amount" in drifted.detail
    labels = {"name": office.name, "kind": "features"}
    assert REGISTRY.get_sample_value("taxlien_ml_drifted", labels) == 1
    async with office.database.session() as session:
        await session.execute(text("DELETE FROM ml.liens WHERE face_amount > 4000"))
        await service.keep_facts(session, liens(random.lognormal(7, 1, 3_000)))
    assert await alerts(office) == [("features", "raised")]
    for _ in range(2):
        assert [one.state for one in await checked(office)] == ["stable"]
    assert await alerts(office) == [("features", "raised"), ("features", "cleared")]
    assert REGISTRY.get_sample_value("taxlien_ml_drifted", labels) == 0


async def test_a_champion_is_checked_once_a_day_and_not_on_its_first(office) -> None:
    await in_office(office, days_ago=0.5)
    async with office.database.session() as session:
        assert await checking.due(session) == []
        await session.execute(text("UPDATE ml.appointments SET at = at - interval '1 day'"))
    async with office.database.session() as session:
        (asked,) = await checking.due(session)
    await checking.check(office.database, office.blobs, asked)
    async with office.database.session() as session:
        assert await checking.due(session) == []


def test_what_cannot_be_told_is_no_news() -> None:
    states = ("stable", "drifted", "drifted", "watch", "stable")
    before: str | None = None
    told = []
    for state in states:
        told.append(news(before, state))  # type: ignore[arg-type]
        before = state
    assert told == [None, "raised", None, "cleared", None]
    assert news("drifted", "unknown") is None
    assert news(None, "stable") is None


class Told:
    """A model that says half of all are redeemed by then."""

    def tell(self, columns) -> SimpleNamespace:
        return SimpleNamespace(redeemed=np.full((len(columns), len(EDGES)), 0.5))


def test_only_liens_that_taught_nothing_tell_what_came_true() -> None:
    """Sold after what taught, or twelve months old only since: by dates, whatever became of them."""
    sales = (date(2015, 11, 5), date(2018, 11, 8), date(2019, 11, 7))
    rows = [
        {
            "lien_id": f"{sale.year}-{n}", "state": "CO", "county_fips": "08069", "kind": "certificate",
            "source": "test", "status": "redeemed" if n % 4 else "sold", "parcel_key": str(n),
            "sale_date": sale, "face_amount": 100.0 + n, "synthetic": True,
            "redeemed_on": sale + timedelta(days=90) if n % 4 else None,
        }
        for sale in sales for n in range(40)
    ]  # fmt: skip
    # News that make it known of all whether they were redeemed in time.
    rows.append(rows[0] | {"lien_id": "late", "sale_date": date(2022, 11, 3)})
    table = table_of(rows)
    taught = Taught(date(2019, 6, 1), date(2018, 11, 8), {})
    assert taught.followed(12) == date(2018, 5, 25)
    (told,) = came_of([Told()], table, taught)  # type: ignore[list-item]
    assert len(told.predicted) == 80  # of 2018 (over since it was taught) and of 2019
    assert told.came.mean() == 0.75
    assert set(told.squared_miss) == {0.25}
    later = taught.or_later(Taught(date(2023, 1, 1), date(2021, 1, 1), {}))
    assert came_of([Told()], table, later) == []  # type: ignore[list-item]
    assert outcomes_since.misses([Told()], table, taught) == {}  # type: ignore[list-item]


def test_where_no_sale_is_named_any_until_then_may_have_taught() -> None:
    told = {"name": "redemption", "data_sha256": "0" * 64, "frozen_evaluation": {}}
    on, sale = date(2020, 5, 1), date(2013, 11, 7)
    sources = (about.Taught("a", 9, sale, sale), about.Taught("b", 9, None, None))
    for parameters, named, last in (
        ({"last_sale": "2013-11-07"}, sources[:1], sale),
        ({"last_sale": "2013-11-07"}, sources, on),
        ({"last_sale": "None"}, (), on),
    ):
        made = about.About(**told, parameters=parameters, sources=named)  # type: ignore[arg-type]
        assert taught_by(made, on).last_sale == last


class Loses:
    """A model that expects a tenth to be lost and nothing by waiting."""

    def tell(self, columns) -> tuple[np.ndarray, np.ndarray]:
        return np.full(len(columns), 0.1), np.zeros(len(columns))


def test_what_was_lost_is_told_once_five_years_are_over() -> None:
    rows = [
        {
            "lien_id": f"{year}-{n}", "state": "CO", "county_fips": "08069", "kind": "certificate",
            "source": "test", "status": "sold" if n % 4 else "redeemed", "parcel_key": str(n),
            "sale_date": date(year, 11, 5), "face_amount": 100.0 + n, "synthetic": True,
            "redeemed_on": None if n % 4 else date(year, 12, 5),
        }
        for year in (2011, 2012, 2013, 2014, 2019) for n in range(80)
    ]  # fmt: skip
    table = table_of(rows)
    young = losses_since.judged(Loses(), table, Taught(date(2024, 1, 1), date(2015, 1, 1), {}))  # type: ignore[arg-type]
    assert (young.state, young.rows) == ("unknown", 0)
    found = losses_since.judged(Loses(), table, Taught(date(2016, 6, 1), date(2010, 1, 1), {}))  # type: ignore[arg-type]
    assert (found.state, found.rows) == ("drifted", 320)
    assert found.detail.startswith("10.00 of 100 expected to be lost, 75.1")


async def test_only_what_came_since_is_read_and_of_very_many_some_parcels(office) -> None:
    faces = np.full(400, 100.0)
    async with office.database.session() as session:
        await service.keep_facts(session, liens(faces))

    async def read(otherwise: date, most: int = 1_000, **of_source: date) -> int:
        async with office.database.session() as session:
            pieces = facts.read_since(
                session, of_source, otherwise, news=True, synthetic=False, most=most
            )
            return b"".join([piece async for piece in pieces]).count(b"\n") - 1

    before, sale = date(2019, 11, 6), date(2019, 11, 7)
    assert [await read(before), await read(sale)] == [400, 0]
    assert [await read(sale, test=before), await read(before, test=sale)] == [400, 0]
    some = await read(before, most=100)
    assert 50 < some < 160
    assert await read(before, most=100) == some


async def test_health_names_a_champion_that_cannot_be_loaded(office) -> None:
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    office.damage(await office.appoint(703))
    async with office.database.session() as session:
        assert await champions.champion(session, office.name) is None
    assert degraded()[f"model {office.name}"] == "version 1 cannot be loaded"
    await office.appoint(704)
    async with office.database.session() as session:
        assert await champions.champion(session, office.name) is not None
    assert f"model {office.name}" not in degraded()
