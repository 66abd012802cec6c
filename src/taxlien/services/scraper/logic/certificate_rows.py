"""Certificates and unpaid taxes of one property, from a table with a header."""

from __future__ import annotations

from typing import Any

from taxlien.interfaces.scraper import ItemKind, ItemStatus, LienObserved

from .gathering import reasons_for_lien
from .reading_cells import US_DAYS, day, decimal, money, said, words
from .reading_tables import Grid
from .tax_rows import DUE, YEAR, tax_year

NUMBER = (
    *("certificate number", "certificate", "certificate no", "cert number", "cert no", "cert"),
    *("tax certificate", "tax certificate number", "certificate id"),
)
SOLD_ON = (
    "sale date",
    "issue date",
    "date sold",
    "issued",
    "date of sale",
    "certificate date",
    "sold",
)
FACE = (
    "face amount",
    "face value",
    "certificate amount",
    "amount",
    "face",
    "cert amount",
    "sale amount",
)
RATE = ("interest rate", "bid rate", "bid", "rate", "interest", "bid percent", "bid percentage")
STATUS = ("status", "certificate status", "cert status")
REDEEMED_ON = (
    "redeemed date",
    "date redeemed",
    "redemption date",
    "redeemed",
    "redeemed on",
    "paid date",
)
_STATES: dict[str, ItemStatus] = {
    "redeemed": "redeemed",
    "paid": "redeemed",
    "sold": "sold",
    "issued": "sold",
    "outstanding": "sold",
    "unredeemed": "sold",
    "active": "sold",
    "open": "sold",
    "county held": "struck_off",
    "struck off": "struck_off",
    "struck to county": "struck_off",
    "available": "available",
    "cancelled": "removed",
    "canceled": "removed",
}


def liens_of(
    grid: Grid, parcel_id: str, title: str, formats: tuple[str, ...] = US_DAYS
) -> list[LienObserved]:
    """Return a certificate for each row with a number, or an unpaid tax for each row with an amount due."""
    return [lien for row in grid.rows if (lien := _lien(grid, row, parcel_id, title, formats))]


def _lien(
    grid: Grid, row: tuple[str, ...], parcel_id: str, title: str, formats: tuple[str, ...]
) -> LienObserved | None:
    def cell(names: tuple[str, ...]) -> str | None:
        at = grid.column(names)
        return said(row[at]) if at is not None else None

    number, due, face = cell(NUMBER), money(cell(DUE)), money(cell(FACE))
    of_year = tax_year(cell(YEAR) or "")
    if number is None:
        owed = due if due is not None else face
        owing: dict[str, Any] = {"tax_year": of_year, "amount_due": owed}
        return (
            _observed("delinquency", "delinquent", parcel_id, owing, title)
            if owed and of_year
            else None
        )
    status, redeemed_on = _STATES.get(words(cell(STATUS))), day(cell(REDEEMED_ON), formats)
    if status is None and redeemed_on is not None:
        status = "redeemed"
    rate = decimal((cell(RATE) or "").removesuffix("%"))
    there: dict[str, Any] = {
        "certificate_number": number,
        "tax_year": of_year,
        "sale_date": day(cell(SOLD_ON), formats),
        "face_amount": face,
        "bid_rate_pct": rate,
        "amount_due": due,
        "redeemed_on": redeemed_on,
    }
    # A certificate exists because it was sold, to whomever; that much holds without a word of the status.
    return _observed("certificate", status or "sold", parcel_id, there, title)


def _observed(
    kind: ItemKind, status: ItemStatus, parcel_id: str, there: dict[str, Any], title: str
) -> LienObserved:
    return LienObserved(
        kind=kind,
        status=status,
        parcel_id=parcel_id,
        origins={name: title for name, value in there.items() if value is not None},
        missing=reasons_for_lien(there, f"{title} does not say"),
        **there,
    )
