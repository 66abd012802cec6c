"""A buying policy is taught where the extra is, judged on fixed problems, and refused where it is damaged."""

from __future__ import annotations

import sys
from datetime import date

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from steady_owners_model import BAD, GOOD, SteadyOwners
from taxlien.services.ml.adapters.allocation_learning import FIRST_JUDGED, PolicyLearning, pool_of
from taxlien.services.ml.adapters.allocation_policy import (
    POLICY,
    UnfitPolicy,
    dump,
    load,
    policy_of,
)
from taxlien.services.ml.logic.allocation.practice import posed
from taxlien.services.ml.logic.allocation.walk import FEATURES
from taxlien.services.ml.logic.bootstrap import compare
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.table import table_of

from .plain_policy import buys_where

TEACHERS = {"redemption": SteadyOwners("1")}
LEARNING = PolicyLearning(TEACHERS, problems=12)


@pytest.fixture(scope="module")
def sold() -> pl.DataFrame:
    return table_of(
        {
            "lien_id": str(n), "state": "IA" if n % 3 else "SC", "county_fips": GOOD if n % 3 else BAD,
            "source": "test", "kind": "certificate", "status": "redeemed", "parcel_key": str(n),
            "sale_date": date(2018, 6, 18), "face_amount": 300.0 + 40 * n, "synthetic": False,
            "bid_rate_pct": None if n % 3 else 3.0, "market_value": 100_000.0,
        }
        for n in range(60)
    )  # fmt: skip


@pytest.mark.parametrize(
    "content", [b"", b"no model", b"\x08\x09" * 200, buys_where("return", features=12)]
)
def test_broken_policy_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnfitPolicy):
        policy_of(content)


def test_artifact_says_what_the_policy_said_and_damage_is_noticed() -> None:
    files = dump(buys_where("return"))
    policy = load(files, "3")
    assert policy.buys(_seen(0.2))
    assert not policy.buys(_seen(-0.2))
    (told,) = policy.predict([Case(id="a")])
    assert (told.id, told.model_version) == ("a", "3")
    assert "ask for a portfolio" in told.evidence
    for damaged in (
        files | {POLICY: files[POLICY][:-1] + b"\0\0"},
        files | {"model.json": b"{}"},
        files | {"model.json": files["model.json"].replace(b"cost_share", b"cost_shore")},
        {"model.json": files["model.json"]},
    ):
        with pytest.raises(UnfitPolicy):
            load(damaged)


def test_sold_liens_are_offered_again_in_the_same_problems_whatever_their_ids(
    sold: pl.DataFrame,
) -> None:
    renamed = sold.with_columns(lien_id=pl.col("lien_id") + "x")
    first, second = (pool_of(table, TEACHERS) for table in (sold, renamed))
    assert [each.cost for each in first] == [each.cost for each in second]
    assert len(first) > 30
    (one, wishes), (again, same) = (posed(pool, FIRST_JUDGED) for pool in (first, second))
    assert wishes == same
    assert [each.lien_id for each in one] == [each.lien_id for each in again]


def test_policies_are_compared_on_the_same_problems(sold: pl.DataFrame) -> None:
    good, bad = (load(dump(buys_where(feature))) for feature in ("added_profit", "cost_share"))
    better, worse = LEARNING.measure(good, sold), LEARNING.measure(bad, sold)
    assert better.metrics["problems"] == 12
    assert better.metrics["value_pct_greedy"] == worse.metrics["value_pct_greedy"]
    assert compare(worse.loss, better.loss, better.cluster).better
    assert (LEARNING.measure(good, sold).loss == better.loss).all()
    assert LEARNING.measure(good, sold.clear()).metrics == {"problems": 0.0}


def test_what_teaching_lacks_is_said(sold: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gymnasium", None)  # as where the extra is not installed
    with pytest.raises(ValueError, match="pip install"):
        LEARNING.train(sold, sold, 7)
    with pytest.raises(ValueError, match="no model of redemption"):
        PolicyLearning().measure(load(dump(buys_where("return"))), sold)


def _seen(value: float) -> NDArray[np.float32]:
    return np.full(len(FEATURES), value, dtype=np.float32)
