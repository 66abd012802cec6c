"""In bulk a lien is told the score that it is told alone, to the point."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.services.ml.adapters import risk_model
from taxlien.services.ml.adapters.risk_model import RiskModel
from taxlien.services.ml.adapters.risk_training import TRAINING
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.risk.asked import AskedLien
from taxlien.services.ml.logic.risk.bulk import columns_of_liens, lost_unredeemed_of
from taxlien.services.ml.logic.risk.meaning import lost_unredeemed, rule_of
from taxlien.services.ml.logic.table import table_of

FIRST = date(2004, 11, 17)
STATES = sorted(load_rulebook().states())


@pytest.fixture(scope="module")
def model() -> RiskModel:
    """A model of one county of Colorado, some of whose parcels were left open or struck off."""
    chance = np.random.default_rng(3)
    rows = []
    for n in range(600):
        sold = FIRST + timedelta(days=364 * (n % 3))
        redeemed = chance.random() > 0.2
        days = int(chance.exponential(300)) % 1500
        rows.append(
            {
                "lien_id": f"{n:05}", "state": "CO", "county_fips": "08069",
                "source": "larimer_co", "kind": "certificate",
                "status": "redeemed" if redeemed else "struck_off" if n % 50 == 0 else "sold",
                "parcel_key": str(1000 + n % 90), "sale_date": sold, "premium": 0.0,
                "face_amount": float(np.round(np.exp(chance.normal(6.5, 1.0)), 2)),
                "redeemed_on": sold + timedelta(days=days) if redeemed else None,
                "synthetic": False,
            }
        )  # fmt: skip
    last = FIRST + timedelta(days=364 * 8)
    rows.append({**rows[1], "lien_id": "news", "redeemed_on": last, "status": "redeemed"})
    table = table_of(rows)
    return risk_model.load(TRAINING.train(table, table, 7), "1")


cents = st.one_of(
    st.none(), st.just(0.0), st.integers(1, 10**8).map(lambda n: n / 100), st.just(-5.0)
)
liens = st.builds(
    AskedLien,
    state=st.sampled_from(["CO", "FL", *STATES]),
    county_fips=st.sampled_from(["08069", "08001", "12105"]),
    parcel_key=st.sampled_from(["1000", "1005", "1050", "1077", "", "A"]),
    sale_date=st.sampled_from([None, FIRST, date(2009, 11, 18), date(2024, 6, 1), date(1, 1, 1)]),
    face_amount=cents, premium=cents, assessed_value=cents, market_value=cents,
)  # fmt: skip


def case_of(lien: AskedLien) -> Case:
    """Return the case that reading the lien's facts gives: what cannot be true is unknown."""
    facts = lien._asdict() | {"parcel_id": lien.parcel_key or None}
    del facts["parcel_key"]
    for name in ("face_amount", "premium", "assessed_value", "market_value"):
        facts[name] = facts[name] if facts[name] is None or facts[name] >= 0 else None
    sold = lien.sale_date
    facts["sale_date"] = sold if sold and sold.year >= 1900 else None
    return Case(**facts)


@settings(max_examples=12, deadline=None)
@given(st.lists(liens, min_size=1, max_size=60))
def test_many_are_told_what_each_is_told_alone(model: RiskModel, asked: list[AskedLien]) -> None:
    alone = model.predict([case_of(lien) for lien in asked])
    expected = [
        (one.score, one.p_unredeemed) if one.basis == "model" else (None, None) for one in alone
    ]
    assert [tuple(said) for said in model.score(asked)] == expected


@settings(max_examples=25, deadline=None)
@given(st.lists(liens, min_size=1, max_size=60))
def test_what_is_lost_follows_each_states_law_to_the_cent(asked: list[AskedLien]) -> None:
    cases = [case_of(lien) for lien in asked]
    by_law = [lost_unredeemed(case, rule_of(case)) for case in cases]
    assert lost_unredeemed_of(*columns_of_liens(asked)).tolist() == by_law


def test_nothing_asked_is_nothing_said(model: RiskModel) -> None:
    assert model.score([]) == []
    assert any(
        s.score for s in model.score([AskedLien("CO", "08069", "1", FIRST, 9.0, *[None] * 3)])
    )
