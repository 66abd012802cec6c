"""Bills and certificates of a tax collector's JSON: dollars beside cents, percent beside hundredths."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property_pages import asked, page_of, played_site, site_file
from taxlien.services.scraper.adapters.platforms.mygovonline import PLATFORM
from taxlien.services.scraper.adapters.platforms.mygovonline.parsing import read_page
from taxlien.services.scraper.logic.pages import Reading, Scope

NAME = "propertytax_222602-000000-011040.redacted.json"
NOT_KEPT = {
    "platform": "about the file",
    "county": "of the site file",
    "state": "of the site file",
    "owner_name": "a name",
}
OF_BILLS_NOT_KEPT = {"payments": "compared as what was paid and when; receipts are not kept"}


def read(answer: object, **context: str) -> Reading:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return read_page(page_of(text, asked("bills", **context)), played_site("mygovonline"))


@pytest.fixture(scope="module")
def polk(shared_pages: Path) -> tuple[Reading, dict[str, Any], str]:
    folder = shared_pages / "mygovonline" / "fl_polk"
    site = site_file("mygovonline", "fl_polk")
    text = (folder / NAME).read_text()
    reading = read_page(page_of(text, PLATFORM.page_of_file(NAME, site)), site)
    return reading, json.loads((folder / "expected.json").read_text()), text


def test_every_value_of_the_polk_answer_is_read_or_its_absence_explained(
    polk: tuple[Reading, dict[str, Any], str],
) -> None:
    reading, known, _ = polk
    (parcel,) = reading.parcels
    left = dict(known)
    assert parcel.parcel_id == left.pop("account_number")
    assert parcel.owner_published is left.pop("owner_present")
    assert parcel.situs_address == left.pop("situs")
    bills = left.pop("tax_bills")
    taxes = {tax.year: tax for tax in parcel.taxes}
    liens = {lien.tax_year: lien for lien in reading.liens}
    assert len(taxes) == len(parcel.taxes) == len(bills)
    for bill in bills:
        tax, lien = taxes[bill["tax_year"]], liens.pop(bill["tax_year"], None)
        assert tax.bill_number == bill["bill_number"]
        assert (tax.amount, tax.due) == (Decimal(str(bill["amount"])), Decimal(str(bill["due"])))
        assert tax.paid == sum(Decimal(str(p["amount"])) for p in bill["payments"])
        assert str(tax.paid_on) == max(p["date"] for p in bill["payments"])
        assert tax.delinquent is bill["delinquent"]
        assert bill["paid"] is (tax.due == 0)
        assert (lien is None) == (bill["certificate"] is None)
        if lien is not None:
            _assert_certificate(lien, bill)
    assert liens == {}
    newest = max(bills, key=lambda b: b["tax_year"])
    assert list(parcel.flags) == newest["flags"]
    assert left.keys() <= NOT_KEPT.keys(), "a value neither compared nor explained"


def _assert_certificate(lien: Any, bill: dict[str, Any]) -> None:
    known = dict(bill["certificate"])
    known.pop("holder")  # a name
    assert lien.attributes.get("certificate_year") == str(known.pop("cert_year"))
    assert lien.certificate_number == known.pop("number")
    assert str(lien.sale_date) == known.pop("sold")
    assert lien.bid_rate_pct == Decimal(str(known.pop("interest_percent")))
    assert lien.face_amount == Decimal(str(known.pop("face")))
    assert known == {}
    assert lien.attributes.get("flags", "") == ", ".join(bill["flags"])
    assert lien.status == "redeemed"
    assert str(lien.redeemed_on) == bill["payments"][-1]["date"]


def test_no_owner_holder_or_payor_leaves_the_answer(
    polk: tuple[Reading, dict[str, Any], str],
) -> None:
    reading, known, text = polk
    said = msgspec.json.encode(reading).decode()
    names = {known["owner_name"], "4202 WHIPPOORWILL CIR", "LAS VEGAS"}
    bills = json.loads(text)["due"]["PPT"]["bills"]
    names |= {p["payor"] for b in bills for p in b["payments"]}
    names |= {b["certificate"]["holder"]["name"] for b in bills if b["certificate"]}
    assert not [name for name in names if name in said]


def test_the_answer_cut_anywhere_is_truncated(polk: tuple[Reading, dict[str, Any], str]) -> None:
    text = polk[2].rstrip()
    for place in range(200, len(text) - 1, 997):
        reading = read(text[:place])
        assert (reading.verdict, reading.parcels) == ("truncated", ())


def answer(**bill: object) -> dict[str, Any]:
    """An answer with one bill of an account that never was."""
    whole = {
        "id": "9",
        "bill_number": "100",
        "taxYear": "2023",
        "account_number": "A-1",
        "owner": "NOBODY NEVER",
        "paid": False,
        "delinquent": True,
        "flags": [],
        "amount": 10.5,
        "due": 12.25,
        "payments": [],
        "certificate": {
            "info": {
                "year": "2024",
                "number": "7",
                "sold": "2024-06-01",
                "face": "1225",
                "bidPercentage": "25",
            }
        },
        **bill,
    }
    return {"status": 1, "due": {"PPT": {"bills": [whole], "parcels": []}}}


def test_an_unpaid_bill_with_a_certificate_is_sold_and_not_redeemed() -> None:
    (lien,) = read(answer()).liens
    assert (lien.status, lien.redeemed_on) == ("sold", None)
    assert (lien.face_amount, lien.bid_rate_pct) == (Decimal("12.25"), Decimal("0.25"))
    assert lien.amount_due == Decimal("12.25")
    assert lien.missing["redeemed_on"] == "the bill is not paid, or no payment follows the sale"


def test_a_face_with_a_point_is_not_taken_for_cents() -> None:
    info = {"number": "7", "face": "968.36", "bidPercentage": "6.5"}
    (lien,) = read(answer(certificate={"info": info})).liens
    assert (lien.face_amount, lien.bid_rate_pct) == (None, None)
    assert lien.missing["face_amount"] == "certificate: face is not a number of cents"


def test_a_payment_before_the_sale_does_not_redeem() -> None:
    payments = [{"amount": 1.0, "date": "2024-05-01", "status": "COMPLETED"}]
    (lien,) = read(answer(paid=True, payments=payments)).liens
    assert (lien.status, lien.redeemed_on) == ("redeemed", None)


def test_a_payment_that_was_not_completed_does_not_count() -> None:
    payments = [{"amount": 5, "date": "2024-05-01", "status": "VOID"}]
    assert read(answer(payments=payments)).parcels[0].taxes[0].paid is None


def test_values_that_differ_between_authorities_are_nobodys() -> None:
    lines = [{"just": "100"}, {"just": "101"}]
    (parcel,) = read(answer(charges={"adValorem": {"charges": lines}})).parcels
    assert parcel.values == ()
    (parcel,) = read(answer(charges={"adValorem": {"charges": lines[:1]}})).parcels
    assert [(v.kind, v.amount) for v in parcel.values] == [("market", Decimal(100))]


def test_other_answers_are_called_by_their_name() -> None:
    assert read({"due": {"PPT": {"bills": []}}}).verdict == "not_found"
    assert read({"error": "x"}).verdict == "unrecognised"
    assert read("[" * 100_000).verdict == "unrecognised"
    assert read('{"a":' * 100_000).verdict == "unrecognised"
    assert read("<html><title>Just a moment...</title></html>").verdict == "challenge"
    assert read(answer(), account="A-1").verdict == "ok"
    assert read(answer(), account="B-2").verdict == "no_session"
    (request,) = PLATFORM.start(
        played_site("mygovonline"), Scope(today=date(2026, 11, 28), parcels=("A-1",))
    )
    assert request.context == {"account": "A-1"}


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = (
    *(
        "id",
        "bill_number",
        "taxYear",
        "account_number",
        "owner",
        "paid",
        "delinquent",
        "flags",
        "amount",
    ),
    *("due", "payments", "certificate", "charges"),
)


@given(bill=st.dictionaries(st.sampled_from(KEYS), ANY_JSON), parcels=ANY_JSON, info=ANY_JSON)
@settings(max_examples=150, deadline=None, derandomize=True)
def test_bills_of_any_shape_are_read_without_a_fault(bill: Any, parcels: Any, info: Any) -> None:
    whole = answer(**bill)
    whole["due"]["PPT"]["parcels"] = parcels
    reading = read(whole)
    assert reading.verdict in {"ok", "not_found"}
    read(answer(certificate={"info": info}))
    read({"due": {"PPT": {"bills": [bill, info, None], "parcels": [parcels]}}})
