"""Bills of one account: what was charged and paid by year, and the certificate sold for an unpaid year.

Two money formats stand beside each other: a bill's ``amount`` is in dollars, a certificate's ``face`` in
cents and its ``bidPercentage`` in hundredths of a percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from taxlien.interfaces.scraper import LienObserved, ParcelObserved, TaxOfYear, ValueOfYear
from taxlien.services.scraper.logic.gathering import Gathering, reasons_for_lien
from taxlien.services.scraper.logic.reading_cells import (
    cents,
    day,
    decimal,
    money,
    said,
    squeeze,
    year,
    zip_at_end,
)

_LARGEST = Decimal(10) ** 12


class Account(msgspec.Struct, frozen=True):
    """An account's bills as the answer has them, newest year first, and its record of the parcel."""

    number: str
    bills: tuple[Mapping[str, Any], ...]
    parcel: Mapping[str, Any]


def accounts(answer: object) -> list[Account] | None:
    """Return the accounts of an answer; None where it is not an answer of this kind."""
    due = _mapping(_mapping(_mapping(answer).get("due")).get("PPT"))
    bills = due.get("bills")
    if not isinstance(bills, list):
        return None
    numbers = dict.fromkeys(n for b in bills if (n := _text(_mapping(b).get("account_number"))))
    return [
        Account(
            number,
            tuple(sorted(_of(bills, number), key=lambda b: -(_year(b) or 0))),
            next(iter(_of(due.get("parcels"), number)), {}),
        )
        for number in numbers
    ]


def _of(items: object, number: str) -> list[Mapping[str, Any]]:
    there = items if isinstance(items, list) else []
    return [m for i in there if (m := _mapping(i)) and _text(m.get("account_number")) == number]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Return a text or a whole number as text; anything else is nothing."""
    if isinstance(value, bool):
        return ""
    return (
        squeeze(str(value)) if isinstance(value, str | int) and len(str(value)[:600]) < 600 else ""
    )


def _dollars(value: object) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, Decimal | int):
        amount = Decimal(value)
        return amount if amount.is_finite() and abs(amount) < _LARGEST else None
    return money(value) if isinstance(value, str) else None


def _year(bill: Mapping[str, Any]) -> int | None:
    return year(_text(bill.get("taxYear")) or _text(bill.get("tax_year")))


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def read_account(account: Account) -> tuple[ParcelObserved, list[LienObserved], list[str]]:
    """Return the parcel with its bills, the certificates, and remarks on bills that could not be read."""
    into = Gathering()
    _read_parcel(account.parcel, into)
    named = any(_text(bill.get("owner")) for bill in account.bills)
    into.take("owner_published", named, "bills: owner")
    taxes, liens, notes = [], [], []
    for bill in account.bills:
        of_year = _year(bill)
        if of_year is None:
            notes.append("a bill names no year")
            continue
        taxes.append(_tax(bill, of_year))
        into.add_values(_values(bill, of_year), "bills: charges")
        lien = _certificate(bill, of_year, account) or _delinquency(bill, of_year, account)
        if lien is not None:
            liens.append(lien)
    into.add_taxes(taxes, "bills")
    if account.bills:
        for flag in _flags(account.bills[0]):
            into.flag(flag)
    into.miss("values", "the bills' authorities do not agree on a value")
    into.miss("transfers", "a tax collector publishes no sales of property")
    into.miss("taxes", "no bill names a year")
    into.miss("city", "not apart from the street in the answer")
    return into.parcel(account.number, "bills: account_number", "not in this answer"), liens, notes


def _read_parcel(parcel: Mapping[str, Any], into: Gathering) -> None:
    """Read situs, legal description and place. ``parcel_address_1`` is the owner's mail: never read."""
    details = _mapping(parcel.get("parcel_details"))
    situs = _text(details.get("situs"))
    into.read("situs_address", situs, said, "parcels: situs", "a text")
    into.take("zip_code", zip_at_end(situs), "parcels: situs")
    into.read(
        "legal_description",
        _text(details.get("parcel_legal")),
        said,
        "parcels: parcel_legal",
        "a text",
    )
    place = _mapping(parcel.get("parcel_coordinates"))
    for name, limit in (("latitude", 90), ("longitude", 180)):
        number = decimal(_text(place.get(name)))
        if number is not None and 0 < abs(number) <= limit:
            into.take(name, float(number), "parcels: parcel_coordinates")


def _flags(bill: Mapping[str, Any]) -> list[str]:
    flags = bill.get("flags")
    return [t for f in flags if (t := _text(f))] if isinstance(flags, list) else []


def _payments(bill: Mapping[str, Any]) -> list[tuple[date | None, Decimal]]:
    payments = bill.get("payments")
    return [
        (day(_text(p.get("date"))), amount)
        for item in (payments if isinstance(payments, list) else [])
        if (p := _mapping(item)) and _text(p.get("status")).upper() in {"", "COMPLETED"}
        if (amount := _dollars(p.get("amount"))) is not None
    ]


def _tax(bill: Mapping[str, Any], of_year: int) -> TaxOfYear:
    payments = _payments(bill)
    days = [paid_on for paid_on, _ in payments if paid_on is not None]
    return TaxOfYear(
        year=of_year,
        bill_number=said(_text(bill.get("bill_number"))),
        amount=_dollars(bill.get("amount")),
        paid=sum((amount for _, amount in payments), Decimal(0)) if payments else None,
        due=_dollars(bill.get("due")),
        paid_on=max(days) if days else None,
        delinquent=_flag(bill.get("delinquent")),
    )


def _values(bill: Mapping[str, Any], of_year: int) -> list[ValueOfYear]:
    """Return the just value of the bill's year, where every taxing authority has the same."""
    lines = _mapping(_mapping(bill.get("charges")).get("adValorem")).get("charges")
    said_just = {
        _dollars(_mapping(line).get("just")) for line in (lines if isinstance(lines, list) else [])
    }
    just = said_just.pop() if len(said_just) == 1 else None
    return [ValueOfYear(year=of_year, kind="market", amount=just, label="just")] if just else []


def _certificate(bill: Mapping[str, Any], of_year: int, account: Account) -> LienObserved | None:
    """Return the certificate sold for the year. Its number counts from 1 in each year of sale."""
    info = _mapping(_mapping(bill.get("certificate")).get("info"))
    number = said(_text(info.get("number")))
    if number is None:
        return None
    sold_on = day(_text(info.get("sold")))
    redeemed = bill.get("paid") is True
    days = [p for p, _ in _payments(bill) if p is not None and (sold_on is None or p >= sold_on)]
    there: dict[str, Any] = {
        "item_id": said(_text(bill.get("id"))),
        "certificate_number": number,
        "tax_year": of_year,
        "sale_date": sold_on,
        "face_amount": cents(_text(info.get("face"))),
        "bid_rate_pct": cents(_text(info.get("bidPercentage"))),
        "amount_due": _dollars(bill.get("due")),
        "redeemed_on": max(days) if redeemed and days else None,
    }
    further = {
        "certificate_year": _text(info.get("year")),
        "bill_number": _text(bill.get("bill_number")),
        "flags": ", ".join(_flags(bill)),
    }
    return LienObserved(
        kind="certificate",
        status="redeemed" if redeemed else "sold",
        parcel_id=account.number,
        attributes={name: text for name, text in further.items() if text},
        origins={name: _ORIGINS.get(name, "bills") for name, v in there.items() if v is not None},
        missing=reasons_for_lien(there, "not in this answer", _REASONS),
        **there,
    )


def _delinquency(bill: Mapping[str, Any], of_year: int, account: Account) -> LienObserved | None:
    """Return the unpaid tax of a bill that the collector itself calls delinquent.

    Counties that sell no certificates, as in Tennessee, have nothing else to show of it.
    """
    due = _dollars(bill.get("due"))
    if bill.get("delinquent") is not True or bill.get("paid") is True or not due or due < 0:
        return None
    there: dict[str, Any] = {
        "item_id": said(_text(bill.get("id"))),
        "tax_year": of_year,
        "amount_due": due,
    }
    return LienObserved(
        kind="delinquency",
        status="delinquent",
        parcel_id=account.number,
        attributes={"bill_number": number} if (number := _text(bill.get("bill_number"))) else {},
        origins={name: "bills" for name, value in there.items() if value is not None},
        missing=reasons_for_lien(there, "not in this answer"),
        **there,
    )


_ORIGINS = {
    "certificate_number": "certificate: number",
    "sale_date": "certificate: sold",
    "face_amount": "certificate: face, in cents",
    "bid_rate_pct": "certificate: bidPercentage, in hundredths",
    "redeemed_on": "payments: date",
}
_REASONS = {
    "redeemed_on": "the bill is not paid, or no payment follows the sale",
    "face_amount": "certificate: face is not a number of cents",
    "bid_rate_pct": "certificate: bidPercentage is not a number of hundredths",
}
