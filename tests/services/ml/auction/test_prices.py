"""Prices keep to the law, to their own interval, and to what was known before the sale."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.ml.adapters import auction_trainer
from taxlien.services.ml.adapters.auction_model import (
    AuctionModel,
    UnfitArtifact,
    dump,
    load,
    read_chances,
)
from taxlien.services.ml.adapters.auction_trainer import levels_by_method, outcomes_by_method
from taxlien.services.ml.logic.auction.answer import PriceAnswer
from taxlien.services.ml.logic.auction.columns import columns_of_cases, day_number
from taxlien.services.ml.logic.auction.features import features_of
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.logic.table import ordered

ODD: list[Any] = [
    None,
    "",
    "abc",
    -5,
    float("nan"),
    1e30,
    True,
    [],
    "2015-06-01",
    "$1,200.50",
    0,
    361.27,
]
FIELDS = ("sale_date", "face_amount", "premium", "parcel_id", "assessed_value", "homestead")


def asked(model: AuctionModel, **content: Any) -> PriceAnswer:
    [answer] = model.predict([read_case({"id": "a", "sale_date": "2016-06-01", **content})])
    return answer


def test_small_faces_find_no_bidder_and_large_ones_end_at_the_floor(model: AuctionModel) -> None:
    small = asked(model, state="FL", county_fips="12105", face_amount=100)
    large = asked(model, state="FL", county_fips="12105", face_amount=2_000)
    assert small.predicted_rate_pct == 18
    assert large.predicted_rate_pct == 0.25
    assert small.p_no_bid is not None
    assert large.p_no_bid is not None
    assert large.p_floor is not None
    assert small.p_no_bid > 0.6 > 0.05 > large.p_no_bid
    assert large.p_floor > 0.9


def test_a_property_goes_for_half_of_its_value_or_for_the_lien(model: AuctionModel) -> None:
    bid_for = asked(model, county_fips="24510", face_amount=1_000, assessed_value=100_000)
    struck = asked(model, county_fips="24510", face_amount=1_000, assessed_value=15_000)
    assert bid_for.predicted_bid == pytest.approx(50_000, rel=0.1)
    assert struck.predicted_bid == 1_000
    assert struck.p_no_bid is not None
    assert struck.p_no_bid > 0.5


def test_where_the_lien_is_not_known_no_chance_of_no_bid_makes_it_the_least_of_the_bids(
    model: AuctionModel,
) -> None:
    trees = model.methods["property_bid"].trees
    assert trees is not None
    columns = columns_of_cases([read_case({"assessed_value": 20_000})], [16_000], [None])
    chances = np.full((1, len(trees.bins.low)), 1 / len(trees.bins.low))
    measure = np.log(columns.assessed)
    often, never = (
        read_chances("property_bid", trees, chances, np.array([struck]), measure, columns)[0]
        for struck in (0.9, 0.0)
    )
    assert often == never
    told = asked(model, county_fips="24510", assessed_value=20_000)
    assert told.predicted_bid == pytest.approx(10_000, rel=0.6)


def test_an_interval_is_of_what_happens_and_of_what_is_bid_if_anybody_does(
    model: AuctionModel,
) -> None:
    struck = asked(model, county_fips="24510", face_amount=1_000, assessed_value=15_000)
    assert struck.interval is not None
    assert struck.interval[0] == 1_000
    assert struck.predicted_bid_if_sold == pytest.approx(7_500, rel=0.3)
    assert struck.interval_if_sold is not None
    low, high = struck.interval_if_sold
    assert 1_000 < low <= struck.predicted_bid_if_sold <= high
    assert struck.interval[1] < high
    rate = asked(model, state="FL", county_fips="12105", face_amount=2_000)
    assert (rate.predicted_bid_if_sold, rate.interval_if_sold) == (None, None)


def test_a_premium_is_a_tenth_of_the_face(model: AuctionModel) -> None:
    answer = asked(model, county_fips="08005", face_amount=5_000)
    assert answer.predicted_premium == pytest.approx(500, rel=0.15)


def test_few_bids_are_told_as_few_and_none_as_none(model: AuctionModel) -> None:
    king = asked(model, state="WA", county_fips="53033")
    assert (king.basis, king.n) == ("few_bids", 60)
    assert king.predicted_bid == pytest.approx(34_750, rel=0.1)
    for state in ("IA", "IL", "NJ", "TX"):
        answer = asked(model, state=state, face_amount=500)
        assert answer.insufficient_data
        assert answer.evidence
        assert (answer.predicted_rate_pct, answer.predicted_bid, answer.interval) == (None,) * 3


def test_a_county_never_seen_is_answered_by_its_state(model: AuctionModel) -> None:
    answer = asked(model, state="FL", county_fips="12001", face_amount=2_000)
    assert answer.basis == "model"
    assert answer.reasons == (
        "no earlier bids of the county are on record: its state speaks for it",
    )


def test_reasons_name_the_last_sales_of_county_and_parcel(model: AuctionModel) -> None:
    answer = asked(model, state="FL", county_fips="12105", face_amount=900, parcel_id="00001-0003")
    assert len(answer.reasons) == 2
    assert answer.reasons[0].startswith("the county's last sale ended at ")
    assert answer.reasons[1].endswith(" 1.0 years before")


@settings(max_examples=40, deadline=None)
@given(
    state=st.sampled_from(["FL", "MD", "CO", "WA", "AZ", "IA", "ZZ", None]),
    values=st.fixed_dictionaries({name: st.sampled_from(ODD) for name in FIELDS}),
)
def test_any_case_is_answered_within_the_law_and_its_interval(
    model: AuctionModel, state: str | None, values: dict[str, Any]
) -> None:
    [answer] = model.predict([read_case({"state": state, **values})])
    told = (answer.predicted_rate_pct, answer.predicted_bid, answer.predicted_premium)
    said = [value for value in told if value is not None]
    assert len(said) == (0 if answer.insufficient_data else 1)
    pairs = [(value, answer.interval) for value in said]
    if answer.predicted_bid_if_sold is not None:
        pairs.append((answer.predicted_bid_if_sold, answer.interval_if_sold))
    for value, interval in pairs:
        assert interval is not None
        assert 0 <= interval[0] <= value + 0.005
        assert value <= interval[1] + 0.005
        assert np.isfinite(interval[1])
    if answer.predicted_rate_pct is not None:
        assert answer.predicted_rate_pct <= 18
    for chance in (answer.p_no_bid, answer.p_floor):
        assert chance is None or 0 <= chance <= 1


def test_no_feature_sees_the_day_of_the_sale_or_after(sales: pl.DataFrame) -> None:
    day = date(2013, 5, 1)
    late = pl.col("sale_date") >= day
    other = sales.with_columns(
        pl.when(late).then(1.25).otherwise("bid_rate_pct").alias("bid_rate_pct"),
        pl.when(late).then(77.0).otherwise("winning_bid").alias("winning_bid"),
        pl.when(late).then(5.0).otherwise("premium").alias("premium"),
        pl.when(late).then(pl.lit("sold")).otherwise("status").alias("status"),
    )
    seen, changed = levels_by_method(sales), levels_by_method(other)
    for method, outcomes in outcomes_by_method(sales).items():
        columns = outcomes.columns
        columns = columns.only(columns.day <= day_number(day + timedelta(days=40)))
        before, _ = features_of(method, columns, seen[method])
        after, _ = features_of(method, columns, changed[method])
        np.testing.assert_array_equal(before, after)


def test_one_case_is_priced_like_many(model: AuctionModel) -> None:
    cases = [
        read_case({"state": "FL", "county_fips": "12105", "face_amount": 50 + number * 3,
                   "parcel_id": f"00001{number % 20:04d}", "sale_date": "2016-06-01"})
        for number in range(600)
    ]  # fmt: skip
    together = model.predict(cases)
    assert [model.predict([case])[0] for case in cases[:40]] == together[:40]


def test_training_again_in_another_order_makes_the_same_files(
    model: AuctionModel, sales: pl.DataFrame
) -> None:
    part = pl.col("state") == "CO"
    first = auction_trainer.train(sales.filter(part))
    again = auction_trainer.train(
        ordered(sales.filter(part).sample(fraction=1, shuffle=True, seed=3))
    )
    assert dump(first) == dump(again)


def test_the_artifact_is_read_back_and_damage_is_told(model: AuctionModel) -> None:
    files = dump(model)
    back = load(files, "v7")
    case = read_case({"state": "FL", "face_amount": 300, "sale_date": "2016-06-01"})
    [old], [new] = model.predict([case]), back.predict([case])
    assert new.model_version == "v7"
    assert (old.predicted_rate_pct, old.interval) == (new.predicted_rate_pct, new.interval)
    for name in files:
        with pytest.raises(UnfitArtifact):
            load({**files, name: files[name][: len(files[name]) // 2]})
    with pytest.raises(UnfitArtifact):
        load({})
