"""The parts prices are made of: bins, groups, what was before, laws, cells, yearly totals."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from taxlien.kit.errors import NotFound
from taxlien.services.ml.adapters.county_forecast import WAYS, forecast
from taxlien.services.ml.logic.auction.bins import Bins, learn_bins
from taxlien.services.ml.logic.auction.cells import cells_of
from taxlien.services.ml.logic.auction.columns import Columns
from taxlien.services.ml.logic.auction.history import level_of
from taxlien.services.ml.logic.auction.keys import group_codes
from taxlien.services.ml.logic.auction.labels import NOTHING_BID
from taxlien.services.ml.logic.auction.methods import bidding_of
from taxlien.services.ml.logic.auction.report import coverage, median_percent_error
from taxlien.services.ml.logic.auction.yearly import (
    Tried,
    damped_trend,
    last_value,
    percent_errors,
    smoothed,
)
from taxlien.services.ml.service import forecasting


def columns(parcels: list[str], days: list[int], county: str = "12105") -> Columns:
    size = len(parcels)
    nothing = np.full(size, np.nan)
    return Columns(
        state=np.full(size, b"FL"), county=np.array([county.encode()] * size),
        parcel=np.array([parcel.encode() for parcel in parcels], "S24"), day=np.array(days),
        face=np.full(size, 100.0), assessed=nothing.copy(), homestead=nothing.copy(),
        most=np.full(size, 18.0),
    )  # fmt: skip


def test_values_that_come_again_stand_alone_and_the_rest_share_evenly() -> None:
    values = np.concatenate([np.full(300, 0.25), np.full(200, 1000.0), np.linspace(1, 17, 500)])
    bins = learn_bins(values, 10)
    assert (bins.low[0], bins.high[0]) == (0.25, 0.25)
    assert (bins.low[-1], bins.high[-1]) == (1000.0, 1000.0)
    assert np.bincount(bins.numbers(values))[1:-1].tolist() == [50] * 10
    assert bins.numbers(np.array([-1.0, 0.2, 0.5, 2000.0])).tolist() == [0, 0, 0, 11]


def test_the_middle_of_chances_is_the_middle_of_the_values() -> None:
    values = np.sort(np.random.default_rng(1).lognormal(size=4_000))
    bins = learn_bins(values, 20)
    share = np.bincount(bins.numbers(values), minlength=len(bins)) / len(values)
    for level in (0.1, 0.5, 0.9):
        found = bins.quantile(share[None, :], level)[0]
        assert found == pytest.approx(np.quantile(values, level), rel=0.03)


def test_a_level_answers_only_what_was_before_the_day() -> None:
    sold = columns(["A1", "A1", "A1", "B2"], [100, 465, 465, 100])
    level = level_of(sold, ("county", "parcel"), {"rate": np.array([2.0, 8.0, 10.0, 5.0])})
    told = level.before(columns(["A1", "A1", "A1", "B2", "C3", ""], [100, 101, 900, 465, 900, 900]))
    assert np.isnan(told[0]).all()
    assert told[1, :2].tolist() == [2.0, 2.0]
    assert told[2, 1] == 9.0
    assert 2.0 < told[2, 0] < 9.0
    assert told[3, :2].tolist() == [5.0, 5.0]
    assert np.isnan(told[4:]).all()


def test_groups_of_a_parcel_are_the_same_alone_and_among_many() -> None:
    parcels = [f"{number:09d}" for number in range(70_000)]
    many, _ = group_codes(columns(parcels, [1] * len(parcels)), ("county", "short4"))
    one, _ = group_codes(columns(parcels[69_990:69_991], [1]), ("county", "short4"))
    assert many[69_990] == one[0]
    assert len(np.unique(many)) == 7
    other, _ = group_codes(columns(parcels[:1], [1], county="12023"), ("county", "short4"))
    assert other[0] != many[0]


def test_the_law_says_what_is_bid() -> None:
    florida = bidding_of("FL", date(2019, 6, 1))
    assert (florida.method, florida.least, florida.step, florida.most) == (
        "bid_down_rate",
        0,
        0.25,
        18,
    )
    assert bidding_of("MD", date(2015, 5, 15)).method == "property_bid"
    assert bidding_of("CO", date(2015, 11, 15)).method == "premium"
    assert bidding_of("WA", date(2018, 9, 13)).method == "property_bid"
    assert bidding_of("IL", date(2019, 6, 1)).method is None
    assert bidding_of(None, date(2019, 6, 1)).law == "unknown"


def test_a_county_of_few_bids_leans_on_its_state() -> None:
    many, few = columns(["A"] * 400, [1] * 400), columns(["B"] * 3, [1] * 3, county="12023")
    both = Columns(*(np.concatenate([getattr(many, f), getattr(few, f)]) for f in many.__slots__))
    bids = np.concatenate([np.full(400, 10.0), np.full(3, 1_000.0)])
    cells = cells_of(both, bids, np.full(403, np.nan))
    assert cells["12023"].n == 3
    assert 10 < cells["12023"].middle < 30
    assert cells["12105"].middle == pytest.approx(10)


def test_yearly_totals_are_carried_on_and_judged_by_years_before() -> None:
    grown = {2010 + step: 100 * 1.1**step for step in range(8)}
    assert last_value(grown, 1) == grown[2017]
    assert grown[2017] < damped_trend(grown, 1) < grown[2017] * 1.1
    assert percent_errors(last_value, [grown], [2017]) == [pytest.approx(100 / 11)]
    assert percent_errors(last_value, [grown], [2012]) == []


def test_figures_of_a_report() -> None:
    assert median_percent_error(np.array([110.0, 90, 300]), np.array([100.0] * 3)) == pytest.approx(
        10
    )
    assert coverage(np.array([0.0, 5]), np.array([1.0, 6]), np.array([1.0, 7])) == 50


def test_a_forecast_takes_the_way_that_was_nearest_and_says_how_near() -> None:
    steady = {2010 + step: 1_000.0 + 3 * (step % 2) for step in range(8)}
    table = {("12105", "liens"): steady, ("12023", "liens"): {2016: 5.0, 2017: 6.0}}
    [told] = forecast(table, "12105", 2018)
    assert told.value == pytest.approx(1_000, rel=0.01)
    assert told.low <= told.value <= told.high
    assert told.way in WAYS
    assert told.error_pct < 1
    assert forecast(table, "12023", 2018) == []


def test_one_known_year_is_no_proof_of_the_ways_that_were_chosen_by_it() -> None:
    moved = {2010: 100.0, 2011: 140.0, 2012: 90.0, 2013: 150.0, 2014: 104.0}
    [told] = forecast({("24510", "bids"): moved}, "24510", 2015)
    assert told.error_pct > 10


def test_a_county_of_few_years_has_no_forecast(sales: pl.DataFrame) -> None:
    told = {one.measure: one for one in forecasting.forecast(sales, "12105")}
    assert set(told) == {"liens", "face", "rate"}
    assert told["liens"].year == 2016
    assert told["liens"].value == pytest.approx(525, rel=0.02)
    with pytest.raises(NotFound, match="fewer than 4 years"):
        forecasting.forecast(sales, "53033")


def test_ways_weigh_by_how_near_they_were_and_none_is_trusted_by_its_name() -> None:
    came = np.array([100.0, 200.0, 50.0])
    told = Tried(np.array([came * 1.02, came * 1.2, came * 40]), came)
    near, far, broken = told.weights()
    assert near > 0.95 > 0.05 > far > broken > 0
    assert told.missed_together().max() < 0.2
    assert Tried(np.zeros((2, 0)), np.zeros(0)).weights().tolist() == [0.5, 0.5]
    assert smoothed(0.5)({2010: 4.0, 2011: 8.0, 2013: 2.0}, 1) == 4.0


def test_a_sale_that_moves_widens_what_is_said_and_keeps_what_stands_alone() -> None:
    bins = Bins(np.array([NOTHING_BID, -0.2, 0.1]), np.array([NOTHING_BID, 0.1, 0.3]))
    chances = np.array([[0.3, 0.4, 0.3], [0.0, 0.5, 0.5]])
    wide, matrix = bins.moved(0.4, NOTHING_BID)
    moved = chances @ matrix
    assert moved.sum(1) == pytest.approx([1, 1])
    assert moved[:, 0] == pytest.approx([0.3, 0])
    low, middle, high = wide.quantiles(moved, [0.1, 0.5, 0.9])
    assert low[0] == NOTHING_BID
    assert middle[1] == pytest.approx(bins.quantile(chances, 0.5)[1], abs=0.03)
    alone = np.hypot(0.4, 0.5 / 12**0.5) * 1.2816
    assert (high - low)[1] / 2 == pytest.approx(alone, rel=0.1)
