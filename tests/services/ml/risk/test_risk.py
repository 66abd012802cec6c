"""The risk model: what a score means, what it may never do, and what it may never hide."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.ml.adapters import risk_model
from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.adapters.risk_model import RiskModel
from taxlien.services.ml.adapters.risk_training import TRAINING
from taxlien.services.ml.logic.case import Case, read_case
from taxlien.services.ml.logic.redemption.columns import columns_of_cases
from taxlien.services.ml.logic.risk.features import features_of
from taxlien.services.ml.logic.risk.meaning import (
    expected_loss,
    lost_unredeemed,
    rule_of,
    score_of,
    shortfall,
)
from taxlien.services.ml.logic.table import table_of

FIRST = date(2004, 11, 17)
LAST = FIRST + timedelta(days=364 * 8)


def made_frame(count: int = 1200) -> pl.DataFrame:
    """Liens of one county: a third of those with a premium is never redeemed; some were struck off."""
    chance = np.random.default_rng(5)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        sold = FIRST + timedelta(days=364 * (number % 3))
        premium = float(chance.integers(0, 3) * 40)
        redeemed = chance.random() > (0.3 if premium else 0.05)
        days = int(chance.exponential(150 + premium * 5)) % 1500
        rows.append(
            {
                "lien_id": f"{number:05}", "state": "CO", "county_fips": "08069",
                "source": "larimer_co", "kind": "certificate",
                "status": "redeemed" if redeemed else "sold",
                "parcel_key": str(1000 + int(chance.integers(0, 300))), "sale_date": sold,
                "face_amount": float(np.round(np.exp(chance.normal(6.5, 1.0)), 2)),
                "premium": premium,
                "redeemed_on": sold + timedelta(days=days) if redeemed else None,
                "synthetic": False,
            }
        )  # fmt: skip
    rows.append({**rows[0], "lien_id": "news", "redeemed_on": LAST, "sale_date": FIRST})
    rows.append(
        {
            **rows[1],
            "lien_id": "struck",
            "parcel_key": "77",
            "status": "struck_off",
            "redeemed_on": None,
        }
    )
    return table_of(rows)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return made_frame()


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> RiskModel:
    return replace(risk_model.load(TRAINING.train(table, table, 7), "1"), today=date(2012, 1, 1))


def lien(**facts: Any) -> Case:
    plain: dict[str, Any] = {
        "state": "CO", "county_fips": "08069", "sale_date": date(2009, 11, 18),
        "face_amount": 900.0, "premium": 40.0, "parcel_id": "1005",
    }  # fmt: skip
    return Case(**plain | facts)


def test_a_point_is_half_a_dollar_of_a_hundred() -> None:
    assert [score_of(x) for x in (-1, 0, 0.25, 0.5, 3)] == [1, 1, 51, 100, 100]
    assert shortfall(12.0) == pytest.approx(1 - 1 / 1.08)
    one = np.ones(1)
    assert expected_loss(one * 0.1, one, one * 0.05)[0] == pytest.approx(0.1 + 0.9 * 0.05)


def test_what_the_property_cannot_pay_is_lost_and_to_learn_a_value_never_costs() -> None:
    def lost(value: float | None) -> float:
        case = lien(market_value=value, premium=0.0)
        return lost_unredeemed(case, rule_of(case))

    unknown, worthless, half, rich = lost(None), lost(1.0), lost(600.0), lost(90_000.0)
    assert unknown == 1.0 >= worthless > half > rich
    assert rich == pytest.approx(float(shortfall(60.0)))


anything = st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=12), st.booleans())
money = st.one_of(st.none(), st.just(0.0), st.floats(0.01, 1e7))
cases = st.builds(
    lien,
    face_amount=money, premium=money, market_value=money, assessed_value=money,
    parcel_id=st.sampled_from([None, "1005", "77", "A"]),
    state=st.sampled_from([None, "CO", "FL"]),
    sale_date=st.sampled_from([None, FIRST, date(2009, 11, 18), date(2031, 1, 1)]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(Case.__struct_fields__[:-1]), anything))
def test_whatever_is_asked_there_is_a_score(model: RiskModel, content: dict[str, object]) -> None:
    (told,) = model.predict([read_case(content)])
    assert 1 <= told.model_score <= told.score <= 100
    assert told.safety_score == 101 - told.score
    assert "bankruptcy" in told.not_checked
    assert told.interval[0] - 0.01 <= told.expected_loss_per_100 <= told.interval[1] + 0.01
    parts = sum(reason.effect for reason in told.reasons)
    assert parts == pytest.approx(told.expected_loss_per_100, abs=0.03)
    assert msgspec.json.decode(msgspec.json.encode(told))["id"] == told.id


@settings(max_examples=60, deadline=None)
@given(cases, st.floats(1.0, 50.0), st.floats(0, 1e6))
def test_dearer_beside_its_value_or_by_its_premium_is_never_safer(
    model: RiskModel, case: Case, times: float, more: float
) -> None:
    poorer = msgspec.structs.replace(
        case,
        market_value=case.market_value and case.market_value / times,
        assessed_value=case.assessed_value and case.assessed_value / times,
    )
    overbid = msgspec.structs.replace(case, premium=(case.premium or 0.0) + more)
    known = msgspec.structs.replace(case, premium=case.premium or 0.0)
    plain, less_value, base, more_premium = model.predict([case, poorer, known, overbid])
    assert less_value.score >= plain.score
    assert more_premium.score >= base.score
    assert more_premium.model_score >= base.model_score


def test_trees_that_earn_it_keep_the_sign_of_a_parcels_past(model: RiskModel) -> None:
    assert min(model.tables.trees) > 0
    columns = columns_of_cases([lien()] * 4)
    matrix = features_of(columns, model.history)
    matrix[:, 2:] = [[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]]
    lost, wait = model._tell(columns, matrix)
    assert lost[1] <= lost[0] <= min(lost[2:])
    assert wait[1] <= wait[0] <= min(wait[2:])


def test_liens_of_sales_that_taught_are_told_by_trees_of_their_own_and_signs_hold(
    model: RiskModel,
) -> None:
    assert min(model.tables.near_trees) > 0
    near, far = lien(sale_date=FIRST), lien()
    bids = [0.0, 20.0, 80.0, 5_000.0]
    columns = columns_of_cases([msgspec.structs.replace(near, premium=bid) for bid in bids])
    lost, wait = model.tell(columns)
    assert (np.diff(lost) >= 0).all()
    assert lost[-1] > lost[0]
    assert (np.diff(wait) >= 0).all()
    # Trees of sales that taught say nothing of a sale to come, nor the others of a sale that taught.
    alone = replace(
        model, near=None, tables=msgspec.structs.replace(model.tables, near_trees=(0, 0))
    )
    assert alone.predict([far]) == model.predict([far])
    assert alone.predict([near])[0].lost_by_delay != model.predict([near])[0].lost_by_delay


def test_a_model_from_before_near_trees_serves_and_a_missing_file_is_noticed(
    model: RiskModel,
) -> None:
    before = replace(
        model, near=None, tables=msgspec.structs.replace(model.tables, near_trees=(0, 0))
    )
    files = risk_model.dump(before)
    assert "near_lost.ubj" not in files
    assert risk_model.load(files).predict([lien()])[0].score == before.predict([lien()])[0].score
    whole = risk_model.dump(model)
    del whole["near_wait.ubj"]
    with pytest.raises(UnfitArtifact):
        risk_model.load(whole)


def test_no_feature_sees_the_day_of_the_sale_or_after(table: pl.DataFrame) -> None:
    day = date(2005, 11, 16)
    asked = columns_of_cases([lien(parcel_id=str(n), sale_date=day) for n in range(1000, 1300)])
    later = pl.col("sale_date") >= day
    altered = table.with_columns(
        status=pl.when(later).then(pl.lit("struck_off")).otherwise("status"),
        redeemed_on=pl.when(pl.col("redeemed_on") >= day)
        .then(pl.date(2019, 1, 1))
        .otherwise("redeemed_on"),
    )
    one, other = (
        features_of(asked, risk_model.load(TRAINING.train(frame, frame, 7)).history)
        for frame in (table, pl.concat([table.filter(~later), altered]).unique("lien_id"))
    )
    assert np.array_equal(one, other, equal_nan=True)
    assert np.nansum(one[:, 2:]) > 0


def test_flags_stay_whatever_the_score_and_severe_ones_hold_it_up(model: RiskModel) -> None:
    safe = lien(market_value=400_000.0, premium=0.0)
    drowned = lien(market_value=500.0)
    struck = lien(parcel_id="77", market_value=400_000.0, property_class="905 - VAC-RES-LOT")
    strange = Case(state="TX", county_fips="48001")
    told = {
        name: model.predict([case])[0]
        for name, case in (("safe", safe), ("drowned", drowned), ("struck", struck), ("strange", strange))
    }  # fmt: skip
    kinds = {name: {flag.kind for flag in one.flags} for name, one in told.items()}
    assert not kinds["safe"] & {"value_unknown", "lien_above_value", "unsold_before", "vacant"}
    assert told["safe"].floor is None
    assert "lien_above_value" in kinds["drowned"]
    assert told["drowned"].score >= 80
    assert {"unsold_before", "vacant"} <= kinds["struck"]
    assert told["struck"].score >= 60 > told["struck"].model_score
    assert {"value_unknown", "sale_date_unknown", "county_never_seen", "law_unknown"} <= kinds[
        "strange"
    ]
    assert told["strange"].basis == "insufficient_data"


def test_a_risk_is_told_by_its_parts_and_wider_for_places_not_seen(model: RiskModel) -> None:
    known, bare, elsewhere = model.predict(
        [lien(market_value=400_000.0), lien(), lien(county_fips="08031")]
    )
    assert any("market value" in r.text and r.effect < 0 for r in known.reasons)
    assert any("no value of the property is given" in r.text for r in bare.reasons)
    assert elsewhere.cell == "state"
    wide = [one.interval[1] - one.interval[0] for one in (bare, elsewhere)]
    assert 0 < wide[0] < wide[1]
    (unasked,) = model.predict([lien()], False)
    assert unasked == msgspec.structs.replace(bare, reasons=())


def test_trees_that_tell_later_sales_no_better_say_nothing(table: pl.DataFrame) -> None:
    drawn = table.with_columns(
        pl.col("premium").shuffle(seed=1), pl.col("face_amount").shuffle(seed=2)
    )
    model = risk_model.load(TRAINING.train(drawn, drawn, 7))
    assert model.tables.trees == (0, 0)
    cheap, dear = model.predict([lien(premium=0.0), lien(premium=80.0)])
    assert cheap.p_unredeemed == dear.p_unredeemed


def test_equal_rows_and_seeds_teach_equal_models(table: pl.DataFrame) -> None:
    files = TRAINING.train(table, table, 7)
    assert files == TRAINING.train(table, table, 7)
    with pytest.raises(risk_model.UnfitArtifact):
        risk_model.load({**files, "lost.ubj": files["wait.ubj"]})


def test_it_is_measured_on_what_was_lost(model: RiskModel, table: pl.DataFrame) -> None:
    found = TRAINING.measure(model, table)
    assert found.metrics["said_of_100"] == pytest.approx(found.metrics["lost_of_100"], abs=3)
    assert found.loss.shape == found.cluster.shape
