"""What an investor pays and earns, for the index: law's figures, and unknown kept unknown."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.pricing import price_for_search


def test_sold_certificate_pays_what_was_bid(make_lien) -> None:
    found = price_for_search(make_lien(1))
    assert (found.price, found.price_basis) == (Decimal("2400.00"), "face")
    assert (found.rate_pct, found.rate_basis) == (Decimal("12.00"), "bid")
    assert found.payoff is not None
    assert found.payoff.holder_proceeds == Decimal("2688.00")
    assert found.payoff.owner_payoff == Decimal("2694.25")
    assert (found.payoff.roi_pct, found.payoff.annual_yield_pct) == (Decimal("12.00"),) * 2
    assert found.payoff.rule.startswith("FL/lien/")


@pytest.mark.parametrize("status", ["advertised", "unsold", "struck_off", "delinquent"])
def test_lien_nobody_bought_is_shown_at_the_maximum_and_says_so(make_lien, status) -> None:
    found = price_for_search(make_lien(1, status=status, bid_rate_pct=None))
    assert (found.rate_pct, found.rate_basis) == (Decimal("18.00"), "maximum")
    assert found.payoff is not None
    assert found.payoff.roi_pct == Decimal("18.00")


def test_sold_at_an_unknown_bid_has_no_rate_and_no_payoff(make_lien) -> None:
    found = price_for_search(make_lien(1, bid_rate_pct=None))
    assert (found.rate_pct, found.rate_basis, found.payoff) == (None, None, None)
    assert found.missing == "no_rate"
    assert found.price == Decimal("2400.00")


def test_monthly_rates_compare_with_annual_ones(make_lien) -> None:
    iowa = make_lien(1, state="IA", county_fips="19153", bid_rate_pct=None)
    assert price_for_search(iowa).rate_pct == Decimal("24.00")
    assert price_for_search(iowa).rate_basis == "statute"


def test_premium_is_part_of_the_price_where_the_buyer_pays_it(make_lien) -> None:
    jersey = make_lien(
        1, state="NJ", county_fips="34013", bid_rate_pct=Decimal(0), premium=Decimal("600.00")
    )
    found = price_for_search(jersey)
    assert (found.price, found.price_basis) == (Decimal("3000.00"), "face_and_premium")
    assert found.payoff is not None
    assert found.payoff.holder_proceeds is not None
    assert found.payoff.holder_proceeds >= Decimal("3000.00")


def test_bid_for_the_property_is_not_the_price_of_a_certificate(make_lien) -> None:
    baltimore = make_lien(
        1,
        state="MD",
        county_fips="24510",
        county="Baltimore city",
        bid_rate_pct=None,
        winning_bid=Decimal("90000.00"),
        premium=Decimal("500.00"),
    )
    found = price_for_search(baltimore)
    assert found.price is not None
    assert found.price < Decimal(3000)
    assert found.payoff is not None
    assert found.payoff.low_confidence is any("low confidence" in w for w in found.payoff.warnings)


def test_deed_costs_the_winning_bid_else_the_opening_bid(make_lien) -> None:
    deed = {"kind": "deed_sale", "state": "GA", "county_fips": "13121", "bid_rate_pct": None}
    sold = make_lien(1, **deed, winning_bid=Decimal(18000), opening_bid=Decimal(4000))
    coming = make_lien(1, **deed, status="advertised", opening_bid=Decimal(4000))
    assert (price_for_search(sold).price, price_for_search(sold).price_basis) == (
        Decimal(18000),
        "winning_bid",
    )
    assert price_for_search(coming).price_basis == "opening_bid"
    payoff = price_for_search(sold).payoff
    assert payoff is not None
    assert payoff.roi_pct == Decimal("20.00")


def test_delinquency_costs_what_is_due_and_has_no_payoff(make_lien) -> None:
    found = price_for_search(
        make_lien(1, kind="delinquency", status="delinquent", sale_date=None, face_amount=None,
                  amount_due=Decimal("812.10"))
    )  # fmt: skip
    assert (found.price, found.price_basis, found.payoff) == (Decimal("812.10"), "amount_due", None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sale_date": None}, "no_sale_date"),
        ({"face_amount": None}, "no_amount"),
        ({"bid_rate_pct": Decimal(99)}, "invalid_case"),
        ({"kind": "subsequent_tax"}, "not_a_certificate"),
        ({"state": "ZZ", "county_fips": "99999"}, "no_rule"),
    ],
)
def test_what_law_cannot_answer_is_unknown_with_its_reason(make_lien, fields, reason) -> None:
    document = document_of(make_lien(1, **fields))
    item = msgspec.json.decode(document.item)
    assert (item["payoff"], item["payoff_missing"], document.roi) == (None, reason, None)


def test_unknown_amounts_are_null_in_document_and_item(make_lien) -> None:
    document = document_of(make_lien(1, face_amount=None, tax_year=None, sale_date=None))
    item = msgspec.json.decode(document.item)
    assert (document.price, document.year, document.auction_day) == (None, None, None)
    assert (item["price"], item["tax_year"], item["face_amount"]) == (None, None, None)


def test_money_is_written_as_decimal_strings_and_indexed_as_cents(make_lien) -> None:
    document = document_of(make_lien(1, face_amount=Decimal("1875.34")))
    item = msgspec.json.decode(document.item)
    assert (item["price"], document.price, document.rate) == ("1875.34", 187_534, 1200)


def test_amount_beyond_any_column_is_not_indexed_and_not_lost(make_lien) -> None:
    document = document_of(make_lien(1, face_amount=Decimal(10) ** 25))
    assert document.price is None
    assert msgspec.json.decode(document.item)["face_amount"] == str(Decimal(10) ** 25)
