"""What follows from published facts: each rule, and that unknown is never taken for "no"."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from taxlien.services.search.logic.deriving import flags_of, lien_to_value, property_class
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.price_bands import BANDS, LABELS, band_of


@pytest.mark.parametrize(
    ("published", "of_class"),
    [
        ("SINGLE FAMILY", "residential"),
        ("101 - RESID-SFR", "residential"),
        ("VACANT RESIDENTIAL", "vacant_land"),
        ("905 - VAC-RES-LOT", "vacant_land"),
        ("990 - UNDEVELOPABLE", "vacant_land"),
        ("Vacant House", "residential"),
        ("MOBILE HOME", "mobile_home"),
        ("Mobile Home Park", None),
        ("900 - RES-DEV-ACRS", "vacant_land"),
        ("4-Plex", "multi_family"),
        ("250 - SPCLTY-COMMCONDO", "condominium"),
        ("Multi-Family", "multi_family"),
        ("130 - RESID-DUP/TRI", "multi_family"),
        ("STORES 1 STORY", "commercial"),
        ("304 - MFG/INDUST", "industrial"),
        ("630 - SPCLTY-WHS", "industrial"),
        ("IMPROVED AGRICULTURAL", "agricultural"),
        ("Government owned", "exempt"),
        ("Exempt: church", "exempt"),
        ("Non-exempt", None),
        ("0100", None),
        ("", None),
        (None, None),
    ],
)
def test_class_is_read_from_the_words_that_are_published(published, of_class) -> None:
    assert property_class(published) == of_class


@pytest.mark.parametrize(
    ("facts", "sliver"),
    [
        ({"acres": "0.049", "vacant": True}, True),
        ({"acres": "0.049", "building_sqft": "0"}, True),
        ({"acres": "0.049", "property_type": "vacant land"}, True),
        ({"acres": "0.05", "vacant": True}, False),
        ({"acres": "0.01", "vacant": False}, False),
        ({"acres": "0.01", "building_sqft": "900"}, False),
        ({"acres": "0.01", "property_type": "condo"}, False),
        ({"acres": "0.01"}, None),  # perhaps the lot of a row house
        ({"acres": "0", "vacant": True}, None),
        ({"vacant": True}, None),
    ],
)
def test_sliver_is_small_land_known_to_be_without_a_building(make_lien, facts, sliver) -> None:
    numbers = {k: Decimal(v) for k, v in facts.items() if k in ("acres", "building_sqft")}
    holds, lacks = flags_of(make_lien(1, **{**facts, **numbers}))
    assert ("sliver" in holds, "sliver" in lacks) == (sliver is True, sliver is False)


def test_what_is_not_published_neither_holds_nor_lacks(make_lien) -> None:
    assert flags_of(make_lien(1)) == ((), ("synthetic",))
    told = make_lien(1, homestead=True, vacant=False, synthetic=True, property_type="Exempt")
    assert flags_of(told) == (("synthetic", "homestead", "exempt_owner"), ("vacant",))
    assert "exempt_owner" in flags_of(make_lien(1, property_type="Condo"))[1]


def test_lien_to_value_is_of_the_face_by_the_market_value(make_lien) -> None:
    value = {"market_value": Decimal(64000), "assessed_value": Decimal(10)}
    assert lien_to_value(make_lien(1, **value)) == Decimal("3.75")
    due = make_lien(1, face_amount=None, amount_due=Decimal(640), **value)
    assert lien_to_value(due) == Decimal("1.00")
    for unknown in ({"market_value": None}, {"market_value": Decimal(0)}, {"face_amount": None}):
        assert lien_to_value(make_lien(1, **{**value, **unknown})) is None


@pytest.mark.parametrize(
    ("facts", "deadline"),
    [
        ({}, date(2026, 6, 1)),
        ({"bid_rate_pct": None}, date(2026, 6, 1)),  # no price by law, but a rule
        ({"status": "advertised"}, None),
        ({"status": "redeemed"}, None),
        ({"sale_date": None}, None),
        ({"kind": "delinquency"}, None),
        ({"state": "MD", "county_fips": "24510"}, date(2024, 12, 1)),
    ],
)
def test_deadline_is_of_a_lien_that_was_sold_and_not_ended(make_lien, facts, deadline) -> None:
    document = document_of(make_lien(1, **facts))
    assert document.redeem_day == (deadline.toordinal() if deadline else None)


def test_numbers_are_whole_parts_and_unknown_stays_unknown(make_lien) -> None:
    known = document_of(
        make_lien(1, market_value=Decimal("64000.00"), acres=Decimal("0.0459"), property_type="Lot")
    )
    assert (known.ltv, known.face, known.market_value, known.acres) == (
        375,
        240_000,
        6_400_000,
        459,
    )
    assert (known.property_class, known.price_band, known.score) == (
        "vacant_land",
        "1000-2499.99",
        None,
    )
    unknown = document_of(make_lien(1, face_amount=None))
    found = (unknown.ltv, unknown.face, unknown.market_value, unknown.acres, unknown.price_band)
    assert found == (None,) * 5


def test_bands_touch_and_are_named_by_their_bounds() -> None:
    assert [band_of(cents) for cents in (0, 49_999, 50_000, 99_999_900)] == [
        "0-499.99",
        "0-499.99",
        "500-999.99",
        "100000-",
    ]
    assert (band_of(None), set(LABELS)) == (None, set(BANDS))
    assert LABELS["100000-"] == "$100,000 and more"
