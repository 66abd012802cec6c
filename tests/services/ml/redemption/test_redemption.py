"""The redemption model: its curves, what it may know, and how good it is on a real county."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.liens.adapters.reading import read_records, sample_file
from taxlien.services.liens.adapters.shipped import mapping_for
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.ml.adapters import redemption_model, redemption_trainer
from taxlien.services.ml.adapters.redemption_model import RedemptionModel
from taxlien.services.ml.logic.case import Case, read_case
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.logic.redemption.closing import NOBODY, closed
from taxlien.services.ml.logic.redemption.columns import EPOCH, Columns
from taxlien.services.ml.logic.redemption.features import features_of
from taxlien.services.ml.logic.redemption.labels import Outcomes, as_of, paid_back
from taxlien.services.ml.logic.redemption.report import report_of
from taxlien.services.ml.logic.sources import sources
from taxlien.services.ml.logic.survival import EDGES, intervals_seen
from taxlien.services.ml.logic.table import table_of

FIRST = date(2008, 11, 19)


def made_frame(count: int = 900) -> pl.DataFrame:
    """Three yearly sales of two counties: dear liens redeem slowly; a tenth of the deeds are voided."""
    chance = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for number in range(count):
        deed = number % 3 == 0
        sold = FIRST + timedelta(days=364 * (number % 7 % 3))
        face = float(np.round(np.exp(chance.normal(6.5, 1.2)), 2))
        days = int(chance.exponential(120 + face / 4))
        redeemed = days < (366 if deed else 1200)
        status = "redeemed" if redeemed else ("foreclosed" if number % 2 else "void")
        rows.append(
            {
                "lien_id": f"{number:05}",
                "state": "SC" if deed else "CO",
                "county_fips": "45019" if deed else "08069",
                "source": "charleston_sc" if deed else "larimer_co",
                "kind": "deed_sale" if deed else "certificate",
                "status": status if deed or redeemed else "sold",
                "parcel_key": str(1000 + int(chance.integers(0, 400))),
                "sale_date": sold,
                "face_amount": None if deed else face,
                "opening_bid": face if deed else None,
                "premium": None if deed else float(chance.integers(0, 2) * 50),
                "redeemed_on": sold + timedelta(days=days) if redeemed else None,
                "market_value": float(number),
                "synthetic": False,
            }
        )
    return table_of(rows)


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return made_frame()


@pytest.fixture(scope="module")
def model(table: pl.DataFrame) -> RedemptionModel:
    return redemption_trainer.train(table)


def files_equal(one: RedemptionModel, other: RedemptionModel) -> bool:
    return redemption_model.dump(one) == redemption_model.dump(other)


anything = st.one_of(st.none(), st.floats(), st.integers(), st.text(max_size=12), st.booleans())


@settings(max_examples=25, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "state": st.one_of(st.sampled_from(["CO", "SC", "FL"]), anything),
            "county_fips": st.one_of(st.sampled_from(["08069", "45019", "12086"]), anything),
            "sale_date": st.one_of(st.sampled_from(["2009-11-18", "2031-02-01"]), anything),
            "face_amount": st.one_of(st.floats(0, 1e11), anything),
            "premium": anything,
            "parcel_id": st.one_of(st.integers(0, 2000).map(str), anything),
        },
    )
)
def test_whatever_is_asked_the_chances_rise_with_time_and_stay_chances(
    model: RedemptionModel, content: dict[str, object]
) -> None:
    (answer,) = model.predict([read_case(content)])
    by = [answer.p_redeem_by_months[m] for m in (6, 12, 24, 36)]
    assert 0 <= by[0] <= by[1] <= by[2] <= by[3] <= answer.p_redeem <= 1
    assert answer.interval[0] <= answer.p_redeem <= answer.interval[1]
    assert answer.p_redeem + (answer.p_deeded or 0) + (answer.p_void or 0) <= 1 + 1e-4
    assert answer.expected_months is None or 0 < answer.expected_months <= EDGES[-1]


def test_what_is_dear_redeems_later_and_says_so(model: RedemptionModel) -> None:
    cheap, dear = (
        Case(state="CO", county_fips="08069", sale_date=FIRST, face_amount=face)
        for face in (60.0, 9000.0)
    )
    quick, slow = model.predict([cheap, dear], explain=True)
    assert quick.p_redeem_by_months[6] > slow.p_redeem_by_months[6] + 0.1
    assert any("face amount" in r.text and r.effect < 0 for r in slow.reasons)


def test_a_place_without_outcomes_is_answered_with_the_prior_and_told_so(
    model: RedemptionModel,
) -> None:
    known, neighbour, foreign = model.predict(
        [
            Case(state="CO", county_fips="08069", face_amount=400.0),
            Case(state="CO", county_fips="08031", face_amount=400.0),
            Case(state="FL", county_fips="12086", face_amount=400.0),
        ]
    )
    assert [a.cell for a in (known, neighbour, foreign)] == ["county", "state", "all"]
    assert foreign.insufficient_data
    assert not known.insufficient_data
    assert foreign.p_deeded is None
    assert "no outcome of FL" in foreign.evidence
    wide = [a.interval[1] - a.interval[0] for a in (known, foreign)]
    assert wide[0] < wide[1]


def test_states_that_tell_deeds_and_voids_are_answered_with_them(model: RedemptionModel) -> None:
    (answer,) = model.predict([Case(state="SC", county_fips="45019", sale_date=FIRST)])
    assert answer.p_deeded is not None
    assert answer.p_deeded > 0.02
    assert answer.p_void is not None
    assert answer.p_void > 0.02


def test_a_lien_is_told_the_same_alone_and_among_others(model: RedemptionModel) -> None:
    cases = [
        Case(
            state="CO",
            county_fips="08069",
            sale_date=FIRST,
            face_amount=80.0 * n,
            parcel_id=f"{n + 1000}",
        )
        for n in range(1, 60)
    ]
    together = model.predict(cases, explain=False)
    assert [model.predict([case], explain=False)[0] for case in cases[:9]] == together[:9]


def test_no_feature_sees_the_day_of_the_sale_or_after_it(table: pl.DataFrame) -> None:
    outcomes, history = redemption_trainer.learned_from(table)
    before = features_of(outcomes.columns, history)
    for day in np.unique(outcomes.columns.day):
        changed = {
            name: replace(
                county,
                ended=np.where(county.ended >= day, county.ended[::-1] + day, county.ended),
                paid_day=np.where(county.paid_day >= day, county.paid_day + 9, county.paid_day),
            )
            for name, county in history.counties.items()
        }
        same = outcomes.columns.day == day
        after = features_of(outcomes.columns.only(same), replace(history, counties=changed))
        assert np.array_equal(before[same], after, equal_nan=True)


def test_facts_that_were_read_after_the_sale_teach_nothing(
    table: pl.DataFrame, model: RedemptionModel
) -> None:
    late = {field for source in sources().values() for field in source.late}
    other = table.with_columns(
        pl.lit(None, dtype=table.schema[name]).alias(name) for name in sorted(late)
    )
    assert late <= set(COLUMNS)
    assert files_equal(redemption_trainer.train(other), model)


def test_equal_liens_in_another_order_teach_an_equal_model(
    table: pl.DataFrame, model: RedemptionModel
) -> None:
    shuffled = table_of(table.sample(fraction=1, shuffle=True, seed=5).iter_rows(named=True))
    assert files_equal(redemption_trainer.train(shuffled), model)


def test_an_artifact_says_what_the_model_said_and_damage_is_noticed(
    model: RedemptionModel,
) -> None:
    files = redemption_model.dump(model)
    cases = [
        Case(state="CO", county_fips="08069", sale_date=FIRST, face_amount=7.0 * n)
        for n in range(40)
    ]
    assert redemption_model.load(files).predict(cases) == model.predict(cases)
    for name, content in files.items():
        with pytest.raises(redemption_model.UnfitArtifact):
            redemption_model.load(files | {name: content[: len(content) // 2]})


def test_what_was_known_on_a_day_holds_nothing_later(table: pl.DataFrame) -> None:
    outcomes, _ = redemption_trainer.learned_from(table)
    day = float(np.unique(outcomes.columns.day)[1])
    known = as_of(outcomes, day)
    assert len(known)
    assert (known.columns.day < day).all()
    ended = known.columns.day + known.watched
    assert (ended < day).all()


def test_few_outcomes_teach_nothing(table: pl.DataFrame) -> None:
    with pytest.raises(redemption_trainer.TooFewOutcomes):
        redemption_trainer.train(table.head(50))


@pytest.mark.data
def test_a_real_county_is_told_well(shared_data: Path) -> None:
    path = shared_data / "larimer_co" / "liens.csv"
    sample = sample_file(path)
    mapping = mapping_for(path, sample.header, sample.rows)
    assert mapping is not None
    rows = [
        {name: getattr(record, name, None) for name in COLUMNS}
        | {"source": mapping.name, "lien_id": str(record.line), "synthetic": False}
        | {name: float(getattr(record, name) or 0) for name in ("face_amount", "premium")}
        | {"interest_paid": None}
        for record in read_records(path, mapping)
        if isinstance(record, LienRecord)
    ]
    outcomes, history = redemption_trainer.learned_from(table_of(rows))
    taught = np.random.default_rng(1).random(len(outcomes)) < 0.7
    model = redemption_trainer.train_on(outcomes.only(taught), history)
    tested = outcomes.only(~taught)
    scores = report_of(tested, model.tell(tested.columns).redeemed)
    assert scores[12].auc is not None
    assert scores[12].auc >= 0.82
    assert scores[12].brier <= 0.156
    assert scores[36].brier <= 0.042
    # The error of a perfect model in so few cases is already near 0.01.
    assert scores[12].ece <= 0.03


def test_a_share_is_told_only_of_sales_that_were_followed_so_long() -> None:
    old, young = 100.0, 900.0
    columns = Columns(
        np.full(4, b"SC"), np.full(4, b"45019"), np.array([old, old, young, young]),
        np.full(4, 500.0), np.full(4, np.nan), np.arange(4.0),
    )  # fmt: skip
    deeded = np.array([False, True, False, True])
    outcomes = Outcomes(
        columns,
        np.full(4, np.inf),
        np.array([1_200.0, 400.0, 300.0, 400.0]),
        deeded,
        ~deeded & False,
    )
    # Of the young sale only the lien that was lost is known by 24 months: it says nothing of its share.
    assert outcomes.came_by(24)[0].tolist() == [True, True, False, False]


def test_an_interval_counts_only_where_its_end_was_watched() -> None:
    days = np.array([100.0, np.inf, 400.0, np.inf])
    watched = np.array([399.0, 399.0, 399.0, 2_000.0])
    case, place, ended = intervals_seen(days, watched)
    # Of an interval watched for one month of six neither who redeemed in it nor who did not is told.
    assert np.bincount(case).tolist() == [2, 4, 4, len(EDGES)]
    assert case[ended > 0].tolist() == [0]
    assert place[ended > 0].tolist() == [EDGES.index(6)]


def test_a_lien_that_was_lost_was_not_redeemed_in_the_interval_of_its_end() -> None:
    columns = Columns(
        np.full(3, b"SC"), np.full(3, b"45019"), np.full(3, 100.0),
        np.full(3, 500.0), np.full(3, np.nan), np.arange(3.0),
    )  # fmt: skip
    deeded, void = np.array([False, True, False]), np.array([False, False, True])
    days, watched = np.array([50.0, np.inf, np.inf]), np.array([900.0, 366.0, 366.0])
    lost = Outcomes(columns, days, watched, deeded, void)
    assert lost.told_to == pytest.approx([900, 18 * 30.4375, 18 * 30.4375])
    assert as_of(lost, 500.0).told_to == pytest.approx([399, 399, 399])
    back = paid_back(lost)
    assert back.days.tolist() == [50, np.inf, 366]
    assert back.came_by(24)[1].tolist() == [1, 0, 1]
    assert not back.void.any()


def test_where_the_law_ends_the_time_nothing_else_is_expected_of_a_place_without_outcomes() -> None:
    sold = float(date(2013, 12, 9).toordinal() - EPOCH)
    hazards = (0.1,) * len(EDGES)
    told = closed(hazards, "SC", sold)
    after = EDGES.index(18)
    assert told[: after + 1] == hazards[: after + 1]
    assert max(told[after + 1 :]) == NOBODY
    assert closed(hazards, "CO", sold) == hazards
    assert closed(hazards, "SC", float("nan")) == hazards
