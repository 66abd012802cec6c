"""Cases are read forgivingly: nothing raises, and what cannot be true is unknown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.ml.logic.case import Case, read_case
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.logic.table import SCHEMA, table_of

FIELDS = [name for name in Case.__struct_fields__ if name != "problems"]


def test_a_whole_case_is_read_as_it_is() -> None:
    case = read_case(
        {
            "id": "a",
            "state": "co",
            "county_fips": "08069",
            "sale_date": "2019-11-07",
            "face_amount": "$1,234.50",
            "premium": 12,
            "parcel_id": "9712-3-0 1",
            "assessed_value": 1e5,
            "market_value": "200000",
            "property_class": "residential",
            "homestead": "Y",
        }
    )
    assert case == Case(
        id="a",
        state="CO",
        county_fips="08069",
        sale_date=date(2019, 11, 7),
        face_amount=1234.5,
        premium=12.0,
        parcel_id="9712-3-0 1",
        assessed_value=1e5,
        market_value=2e5,
        property_class="residential",
        homestead=True,
    )
    assert case.parcel_key == "9712301"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("face_amount", -1),
        ("face_amount", float("inf")),
        ("face_amount", float("nan")),
        ("face_amount", "abc"),
        ("face_amount", 1e30),
        ("face_amount", 10**400),
        ("face_amount", "1e400"),
        ("premium", True),
        ("premium", [1]),
        ("market_value", {"of": 1}),
        ("sale_date", "1700-01-01"),
        ("sale_date", "2200-01-01"),
        ("sale_date", "2019-02-30"),
        ("sale_date", 20190101),
        ("state", "ZZ"),
        ("state", 7),
        ("county_fips", "99999"),
        ("county_fips", "٠٨٠٦٩"),
        ("homestead", 2),
        ("homestead", "maybe"),
        ("parcel_id", "9" * 81),
        ("id", 10**90),
        ("id", "a\ud800"),
    ],
)
def test_what_cannot_be_true_is_unknown_and_named(field: str, value: object) -> None:
    case = read_case({field: value})
    assert getattr(case, field) is None
    assert [name for name, _ in case.problems] == [field]


@pytest.mark.parametrize("value", [None, "", "  ", "NaN", "null"])
def test_what_is_missing_is_no_problem(value: object) -> None:
    assert read_case(dict.fromkeys(FIELDS, value)) == Case()


def test_the_county_says_the_state_and_one_of_another_state_is_not_believed() -> None:
    assert read_case({"county_fips": 8069}) == Case(state="CO", county_fips="08069")
    other = read_case({"state": "FL", "county_fips": "08069"})
    assert (other.state, other.county_fips) == ("FL", None)
    assert other.problems == (("county_fips", "a county of CO"),)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from([*FIELDS, "else"]), _ANY) | _ANY)
def test_nothing_raises(content: Any) -> None:
    case = read_case(content)
    for money in (case.face_amount, case.premium, case.assessed_value, case.market_value):
        assert money is None or 0 <= money <= 1e11


def test_a_training_frame_has_one_order_whatever_order_rows_come_in() -> None:
    rows = [
        {"lien_id": "b", "county_fips": "08069", "sale_date": date(2019, 1, 1), "parcel_key": "1"},
        {"lien_id": "a", "county_fips": "08069", "sale_date": None, "parcel_key": "1"},
        {"lien_id": "c", "county_fips": "08069", "sale_date": date(2018, 1, 1), "parcel_key": "2"},
    ]
    table = table_of(rows)
    assert table["lien_id"].to_list() == ["c", "b", "a"]
    assert table.schema == SCHEMA
    assert list(table.columns) == list(COLUMNS)
    assert table.equals(table_of(reversed(rows)))
