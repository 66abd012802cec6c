"""The case of law that a lien makes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from taxlien.interfaces.liens import Lien
from taxlien.kit.ids import new_id
from taxlien.services.liens.logic.casing import base_of, case_of, cautions


def lien(**fields: Any) -> Lien:
    seen = datetime(2026, 1, 1, tzinfo=UTC)
    defaults: dict[str, Any] = {
        "lien_id": new_id(),
        "version": 1,
        "kind": "certificate",
        "status": "sold",
        "state": "CO",
        "county_fips": "08069",
        "county": "Larimer",
        "parcel_id": "R1",
        "parcel_key": "R1",
        "source": "larimer_co",
        "first_seen_at": seen,
        "last_changed_at": seen,
        "certificate_number": "4003",
        "sale_date": date(2003, 11, 19),
        "sale_date_basis": "published",
        "face_amount": Decimal("2104.88"),
    }
    return Lien(**(defaults | fields))


def tax(paid_on: date | None, amount: str | None) -> Lien:
    face = None if amount is None else Decimal(amount)
    return lien(kind="subsequent_tax", paid_on=paid_on, face_amount=face)


DAY = date(2004, 5, 20)


def test_taxes_paid_until_the_day_are_in_the_case_in_order() -> None:
    base = lien()
    family = [
        base,
        tax(date(2004, 4, 1), "20.00"),
        tax(date(2004, 3, 1), "10.00"),
        tax(date(2004, 6, 1), "30.00"),
        tax(None, "40.00"),
        tax(date(2004, 2, 1), None),
    ]
    assert case_of(base, family, DAY)["subsequent_taxes"] == [
        {"paid_on": "2004-03-01", "amount": "10.00"},
        {"paid_on": "2004-04-01", "amount": "20.00"},
    ]


def test_bid_for_the_property_is_a_price_only_where_a_deed_is_sold() -> None:
    certificate = lien(winning_bid=Decimal("9000"))
    assert case_of(certificate, [], DAY)["price"] is None
    assert (
        case_of(lien(kind="deed_sale", winning_bid=Decimal("9000")), [], DAY)["price"] == "9000.00"
    )


def test_unknown_stays_unknown_and_zero_stays_zero() -> None:
    case = case_of(lien(premium=Decimal("0.00"), sale_date=None), [], DAY)
    assert (case["premium"], case["bid_rate_pct"], case["sale_date"]) == ("0.00", None, None)


def test_base_of_a_subsequent_tax_is_its_certificate() -> None:
    base, later = lien(), tax(date(2004, 3, 1), "10.00")
    assert base_of(later, [later, base]) is base
    assert base_of(later, [later]) is None
    assert base_of(base, [later]) is base


def test_what_is_assumed_is_said() -> None:
    assumed = lien(sale_date_basis="assumed", status="unsold", synthetic=True)
    said = " ".join(cautions(assumed, assumed, case_of(assumed, [], DAY)))
    assert "2003-11-19 is assumed" in said
    assert "unsold" in said
    assert "synthetic" in said


def test_payoff_after_the_redemption_is_cautioned() -> None:
    redeemed = lien(status="redeemed", redeemed_on=date(2004, 1, 1))
    [said] = cautions(redeemed, redeemed, case_of(redeemed, [], DAY))
    assert said == "this lien was redeemed on 2004-01-01"
    assert cautions(redeemed, redeemed, case_of(redeemed, [], date(2004, 1, 1))) == []


def test_day_the_certificate_was_bought_stands_in_for_an_unpublished_sale_date() -> None:
    bought = lien(sale_date=None, sale_date_basis=None, paid_on=date(2003, 11, 19))
    case = case_of(bought, [], DAY)
    assert case["sale_date"] == "2003-11-19"
    assert cautions(bought, bought, case) == [
        "no sale date is published; the certificate was bought on 2003-11-19"
    ]
