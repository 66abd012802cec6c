"""Later bids are held against what was said of them: what goes on as before is no alarm, what does not is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from taxlien.interfaces.liens import Lien
from taxlien.kit.ids import new_id
from taxlien.services.ml import service
from taxlien.services.ml.adapters import artifacts, auction_model, prices_since
from taxlien.services.ml.logic import about
from taxlien.services.ml.logic.watching.taught import Taught, taught_by
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.service import checking, trials

FOUND = about.About(
    name="price", data_sha256="0" * 64, parameters={"last_sale": "2015-12-31"},
    frozen_evaluation={
        "bid_down_rate_mean_abs_error": 2.2, "property_bid_median_ape": 0.09,
        "premium_median_ape": 0.09,
    },
    sources=(about.Taught("test", 10, date(2010, 1, 1), date(2015, 12, 31)),),
)  # fmt: skip
TAUGHT = taught_by(FOUND, date(2016, 1, 1))


@pytest.fixture(scope="module")
def later(sales: pl.DataFrame) -> pl.DataFrame:
    """The same counties, six years on, as before."""
    return sales.with_columns(pl.col("sale_date").dt.offset_by("6y"))


def test_bids_as_before_are_no_alarm_and_others_are(model, sales, later) -> None:
    assert prices_since.judged(model, sales, TAUGHT, FOUND).state == "unknown"
    found = prices_since.judged(model, later, TAUGHT, FOUND)
    assert found.state == "stable"
    assert found.detail.count("within the interval") == 3
    dear = later.with_columns(pl.col("winning_bid") * 2.5)
    assert prices_since.judged(model, dear, TAUGHT, FOUND).state == "drifted"
    two = later.filter(pl.col("sale_date").dt.year() >= 2020, pl.col("state") == "MD")
    assert prices_since.judged(model, two, TAUGHT, FOUND).state == "unknown"


def test_sales_are_later_than_the_last_of_their_own_source(model, later) -> None:
    known = {str(name): date(2030, 1, 1) for name in later["source"].unique()}
    assert prices_since.bids_since([model], later, Taught(date(2016, 1, 1), date.min, known)) == {}
    assert len(prices_since.bids_since([model], later, TAUGHT)) == 3


async def test_a_check_finds_it_in_the_database_and_stops_a_worse_challenger(
    office, model, later
) -> None:
    hasty = {
        method: replace(one, trees=replace(one.trees, tail=0.45)) if one.trees else one
        for method, one in model.methods.items()
    }
    async with office.database.session() as session:
        await service.keep_facts(session, liens_of(later.filter(pl.col("state") == "FL")[::2]))
        for alias, number, one in (
            ("champion", 1, model), ("challenger", 2, replace(model, methods=hasty)),
        ):  # fmt: skip
            files = {**auction_model.dump(one), about.FILE: about.dump(FOUND)}
            session.add(
                Appointment(
                    name="price", alias=alias, version=number, run_id="run", reason="first",
                    artifact=await artifacts.store(office.blobs, files),
                    at=datetime.now(UTC) - timedelta(days=1),
                )
            )  # fmt: skip
        await session.flush()
        await trials.start(session, "price", 10, 14)
    async with office.database.session() as session:
        (asked,) = await checking.due(session, every=timedelta(0))
    _, outcomes = await checking.check(office.database, office.blobs, asked)
    assert (outcomes.kind, outcomes.state) == ("outcomes", "stable"), outcomes
    assert "bid down rate: 2,100 bids of 12 sales" in outcomes.detail
    async with office.database.session() as session:
        assert await trials.guard(session) == ["price"]
        (status,) = await trials.status(session, "price")
    assert str(status.trial.reason).startswith("interval_miss")


def liens_of(table: pl.DataFrame) -> list[Lien]:
    now = datetime.now(UTC)
    return [
        Lien(
            lien_id=new_id(), version=1, kind=row["kind"], status=row["status"], state=row["state"],
            county_fips=row["county_fips"], county="x", parcel_id=row["parcel_key"],
            parcel_key=row["parcel_key"], source=row["source"], first_seen_at=now,
            last_changed_at=now, sale_date=row["sale_date"],
            face_amount=Decimal(f"{row['face_amount']:.2f}"),
            bid_rate_pct=None if row["bid_rate_pct"] is None else Decimal(str(row["bid_rate_pct"])),
        )
        for row in table.iter_rows(named=True)
    ]  # fmt: skip
