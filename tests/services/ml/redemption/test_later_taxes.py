"""Later taxes that holders pay on their certificates: told as what they are, and no sale by them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from taxlien.services.ml.adapters import redemption_model, redemption_training
from taxlien.services.ml.adapters.redemption_trainer import learned_from
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.redemption.columns import EPOCH
from taxlien.services.ml.logic.redemption.history import MOST_KEPT
from taxlien.services.ml.logic.table import table_of

SOLD = date(2008, 11, 19)
PAID = date(2009, 8, 20)


def rows() -> list[dict[str, Any]]:
    """Three yearly sales of a county, and taxes paid in the Augusts after them. Parcels above 1200 are one
    owner's, who redeems in October and loses nothing; the others wait for years."""
    made = np.random.default_rng(8)
    found = []
    for number in range(900):
        year, parcel = number % 3, 1000 + int(made.integers(0, 400))
        sold = SOLD + timedelta(days=364 * year)
        came = date(2009 + year, 10, 1) if parcel > 1200 else sold + timedelta(days=900)
        tax = number % 2 == 1
        found.append(
            {
                "lien_id": f"{number:05}", "state": "CO", "county_fips": "08069",
                "source": "larimer_co", "kind": "subsequent_tax" if tax else "certificate",
                "status": "redeemed", "parcel_key": str(parcel), "synthetic": False,
                "sale_date": None if tax else sold, "premium": None if tax else 40.0 * (number % 3),
                "paid_on": PAID + timedelta(days=364 * year + number % 9) if tax else None,
                "face_amount": float(made.integers(100, 2000)), "redeemed_on": came,
            }
        )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    return table_of(rows())


@pytest.fixture(scope="module")
def files(table: pl.DataFrame) -> dict[str, bytes]:
    return redemption_training.TRAINING.train(table, table, 7)


def asked(parcel: int, on: date, **known: Any) -> Case:
    told = {"state": "CO", "county_fips": "08069", "face_amount": 700.0, **known}
    return Case(parcel_id=str(parcel), sale_date=on, **told)


def test_a_tax_is_told_by_taxes_of_its_month_and_a_sale_by_its_sale(files) -> None:
    model = redemption_model.load(files)
    day = PAID + timedelta(days=3)
    soon, late, sale, coming = model.predict(
        [asked(1300, day), asked(1100, day), asked(1300, SOLD), asked(1300, date(2014, 8, 20))],
        explain=True,
    )
    assert [one.cell for one in (soon, late, sale, coming)] == ["taxes", "taxes", "sale", "county"]
    assert soon.p_redeem_by_months[6] > 0.8 > 0.2 > late.p_redeem_by_months[6]
    assert "later taxes" in soon.evidence
    assert soon.reasons
    assert soon.interval[0] <= soon.p_redeem <= soon.interval[1]


def test_without_later_taxes_a_model_is_as_it_was(table: pl.DataFrame) -> None:
    sales = table.filter(pl.col("kind") == "certificate")
    files = redemption_training.TRAINING.train(sales, sales, 7)
    assert "taxes.ubj" not in files
    (told,) = redemption_model.load(files).predict([asked(1300, PAID)])
    assert told.cell == "county"


def test_trees_of_taxes_that_are_gone_or_anothers_are_no_model(files) -> None:
    for wrong in (
        {name: content for name, content in files.items() if name != "taxes.ubj"},
        files | {"taxes.ubj": files["far.ubj"]},
    ):
        with pytest.raises(redemption_model.UnfitArtifact):
            redemption_model.load(wrong)


def test_a_premium_that_is_not_given_does_not_move_what_is_said_of_a_sale(files) -> None:
    model = redemption_model.load(files)
    parcels = range(1000, 1400, 7)
    given = [asked(parcel, SOLD, premium=40.0 * (parcel % 3)) for parcel in parcels]
    kept = [asked(parcel, SOLD) for parcel in parcels]
    told, without = (
        np.mean([one.p_redeem_by_months[12] for one in model.predict(cases, explain=False)])
        for cases in (given, kept)
    )
    assert abs(told - without) < 0.05


def test_days_nobody_sold_on_are_not_each_worked_out_and_kept(table: pl.DataFrame) -> None:
    _, history = learned_from(table)
    county = history.counties[b"08069"]
    first = float(date(1950, 1, 1).toordinal() - EPOCH)
    for day in range(0, 40_000, 20):
        county.before(first + day)
    assert len(county._before) <= MOST_KEPT  # what is kept has no other door
    assert county.before(first + 30_000.0) is county.before(first + 30_001.0)


@pytest.mark.parametrize("field", ["parcel_id", "face_amount"])
def test_of_a_seen_sale_one_unknown_thing_leaves_what_the_other_tells(files, field: str) -> None:
    model = redemption_model.load(files)
    known = [asked(1300, SOLD), asked(1100, SOLD), asked(1300, PAID), asked(1100, PAID)]
    told = model.predict([replace(case, **{field: None}) for case in known], explain=False)
    assert [one.cell for one in told] == ["sale", "sale", "taxes", "taxes"]
    soon, late, soon_tax, late_tax = (one.p_redeem_by_months[12] for one in told)
    if field == "face_amount":  # the place tells who pays
        assert soon > late + 0.3
        assert soon_tax > late_tax + 0.3
    else:  # half pay soon: nothing else is known
        assert 0.2 < soon < 0.8
        assert 0.2 < soon_tax < 0.8
