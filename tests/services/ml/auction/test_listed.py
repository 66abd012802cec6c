"""A county's coming year where the list of its sale is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from taxlien.services.ml.adapters import auction_trainer
from taxlien.services.ml.adapters.county_forecast import WAYS, forecast
from taxlien.services.ml.logic.auction.columns import day_number
from taxlien.services.ml.logic.auction.listed import (
    BY_LIST,
    FACES,
    SaleList,
    lists_of,
    rate_moved,
)
from taxlien.services.ml.logic.auction.yearly import Measure, YearlyForecast
from taxlien.services.ml.logic.table import table_of
from taxlien.services.ml.service import forecasting

YEARS = range(2010, 2018)


def listed(liens: float, standing: float = 0.0, days: int = 0) -> SaleList:
    return SaleList(
        {"liens": liens, "face": liens * 1_000}, {"liens": standing, "face": standing * 1_000}, days
    )


def told(
    lists: dict[int, SaleList], offered: float = 1_000.0, year: int = 2018
) -> dict[str, YearlyForecast]:
    table: dict[tuple[str, Measure], dict[int, float]] = {
        ("24510", "liens"): {one: offered + one % 3 for one in YEARS},
        ("24510", "face"): {one: (offered + one % 3) * 1_000 for one in YEARS},
    }
    known = {("24510", one): what for one, what in lists.items()}
    return {one.measure: one for one in forecast(table, "24510", year, known)}


def test_as_much_of_a_list_is_offered_as_of_the_one_before() -> None:
    before = {one: listed(4_000 if one < 2016 else 2_000) for one in YEARS}
    found = told({**before, 2018: listed(3_000, 3_000)})
    for measure, unit in (("liens", 1), ("face", 1_000)):
        one = found[measure]
        assert one.way == BY_LIST
        assert one.value == pytest.approx(1_500 * unit, rel=0.01)
        assert one.low < one.value < one.high <= 3_000 * unit
    # What left the list already does not come back.
    shorter = told({**before, 2018: listed(3_000, 1_200)})["liens"]
    assert (shorter.value, shorter.high) == (1_200, 1_200)


def test_a_list_of_the_usual_length_is_believed_and_a_far_longer_one_is_early() -> None:
    before = {one: listed(1_000 + one % 3) for one in YEARS}
    usual = told({**before, 2018: listed(990, 990)})
    assert (usual["liens"].value, usual["liens"].high) == (990, 990)
    assert usual["face"].value == 990_000
    early = told({**before, 2018: listed(2_500, 2_500)})
    assert early["liens"].value == pytest.approx(1_001, rel=0.01)
    assert early["liens"].way in WAYS
    assert early["face"].value == pytest.approx(1_001_000, rel=0.01)


@pytest.mark.parametrize(
    "lists",
    [
        {2018: listed(500)},  # nothing stands on it
        {2017: listed(1_002, 0, 200), 2018: listed(500, 500)},  # sales all through the year
        {2019: listed(500, 500)},
    ],
)
def test_what_is_not_the_list_of_the_year_changes_nothing(lists: dict[int, SaleList]) -> None:
    assert told(lists) == told({})


def test_a_list_without_a_day_belongs_to_the_year_its_tax_year_leads_to() -> None:
    rows = [
        {"lien_id": f"{year}-{number}", "state": "MD", "county_fips": "24510", "kind": "certificate",
         "status": "removed" if number % 2 else "sold", "tax_year": year - 1, "face_amount": 100.0,
         "sale_date": date(year, 5, 15)}
        for year in (2014, 2015) for number in range(4)
    ]  # fmt: skip
    coming = {"state": "MD", "county_fips": "24510", "kind": "certificate", "status": "advertised"}
    rows += [
        {**coming, "lien_id": f"new-{n}", "tax_year": 2016, "face_amount": 50.0} for n in range(3)
    ]
    found = lists_of(table_of(rows))
    assert found["24510", 2015] == SaleList(
        {"liens": 4, "face": 400}, {"liens": 0, "face": 0}, days=0
    )
    assert found["24510", 2017].standing == {"liens": 3, "face": 150}
    assert found["24510", 2017].faces == (0, 0, 3, *[0] * 10)
    rows.append({**rows[0], "lien_id": "other", "tax_year": 2009})
    assert set(lists_of(table_of(rows))) == {("24510", 2014), ("24510", 2015)}


def test_a_county_is_asked_of_the_year_of_its_next_list(sales: pl.DataFrame) -> None:
    last = sales.filter(
        pl.col("county_fips") == "12105", pl.col("sale_date").dt.year() == 2015
    ).head(520)
    unknown = [pl.lit(None, pl.Float64).alias(name) for name in ("bid_rate_pct", "premium")]
    to_come = last.with_columns(
        pl.lit("advertised").alias("status"), pl.lit(date(2017, 6, 1)).alias("sale_date"),
        pl.lit("coming-").add(pl.col("lien_id")).alias("lien_id"), *unknown,
    )  # fmt: skip
    found = {one.measure: one for one in forecasting.forecast(pl.concat([sales, to_come]), "12105")}
    assert {one.year for one in found.values()} == {2017}
    assert found["liens"].value == 520
    assert found["face"].value == pytest.approx(to_come["face_amount"].sum())
    assert found["rate"].way in WAYS


def test_small_liens_on_a_list_raise_the_rate_that_is_expected(sales: pl.DataFrame) -> None:
    rates = auction_trainer.outcomes_by_method(sales)["bid_down_rate"]
    small, large = (0, 0, 0, 500, *[0] * 9), (*[0] * 8, 500, *[0] * 4)
    assert rate_moved(rates, "12105", 2015, small) > 1.5
    assert rate_moved(rates, "12105", 2015, large) < 0.5
    here = (rates.columns.county == b"12105") & (rates.columns.day >= day_number(date(2015, 1, 1)))
    same = np.bincount(np.digitize(rates.columns.face[here], FACES), minlength=13)
    assert rate_moved(rates, "12105", 2015, tuple(same)) == pytest.approx(1)
    assert rate_moved(rates, "12105", 1999, small) == rate_moved(rates, "12105", 2015, ()) == 1
