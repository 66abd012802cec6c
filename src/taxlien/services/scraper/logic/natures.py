"""What each published field is by nature, what it can and cannot be, and what its text looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal

from taxlien.interfaces.scraper import LienObserved, ParcelObserved, SaleDayObserved

Nature = Literal[
    "money",  # US dollars that somebody owes or bids
    "value",  # US dollars that a property is worth
    "rate",  # percent a year
    "size",  # acres, square feet
    "count",
    "year",
    "date",
    "degrees",
    "truth",
    "choice",  # one of few words or codes
    "place",
    "zip",
    "parcel",
    "number",  # of a certificate, a case, an item
    "address",
    "words",
]
Shape = Literal["money", "date", "year", "zip", "parcel", "number", "address", "words", "mixed"]
Scalar = str | int | float | bool | date | Decimal
Observed = ParcelObserved | LienObserved | SaleDayObserved

_NATURES: dict[Nature, str] = {
    "money": "face_amount premium opening_bid winning_bid deposit amount_due"
    " tax_amount tax_paid tax_due",
    "value": "assessed_value market_value transfer_price value_land value_improvement"
    " value_extra_features value_agricultural_credit value_market value_assessed value_exempt"
    " value_taxable value_taxable_school value_other",
    "rate": "bid_rate_pct",
    "size": "acres building_sqft",
    "count": "bid_count items_active items_scheduled values taxes transfers",
    "year": "tax_year year_built",
    "date": "sale_date ends_on paid_on redeemed_on transfer_date",
    "degrees": "latitude longitude",
    "truth": "homestead owner_published",
    "choice": "kind status property_class land_use property_type flags",
    "place": "city",
    "zip": "zip_code",
    "parcel": "parcel_id",
    "number": "item_id case_number certificate_number advertising_number county_fips",
    "address": "situs_address",
    "words": "legal_description label",
}
NATURE: dict[str, Nature] = {
    name: nature for nature, names in _NATURES.items() for name in names.split()
}

_MOVING = """
    status opening_bid winning_bid premium bid_rate_pct bid_count deposit amount_due paid_on redeemed_on
    certificate_number sale_date tax_year ends_on items_active items_scheduled tax_paid tax_due
"""
LIFECYCLE = frozenset(_MOVING.split())
"""Fields that a sale, a payment or a new year moves for many records in one day: no fault by itself."""

FOREIGN: dict[Nature, frozenset[Shape]] = {
    "address": frozenset({"money", "date", "parcel"}),
    "place": frozenset({"money", "date", "parcel", "address", "zip", "number"}),
    "zip": frozenset({"money", "date", "parcel", "address", "words"}),
    "parcel": frozenset({"money", "date", "address", "words"}),
    "number": frozenset({"money", "date", "address"}),
    "words": frozenset({"money", "date"}),
    "choice": frozenset({"money", "date"}),
}
"""Shapes that text of a nature never has: a column beside it slipped in."""

_SHAPES: tuple[tuple[Shape, str], ...] = (
    ("money", r"-?\(?\$ ?-?[\d,]+(?:\.\d+)?\)?|-?\(?[\d,]+\.\d\d\)?"),
    ("date", r"\d{1,2}[/-]\d{1,2}[/-](?:\d{4}|\d\d)(?: .*)?|\d{4}-\d\d-\d\d(?:T.*)?"),
    ("year", r"(?:19|20)\d\d"),
    ("zip", r"\d{5}(?:-\d{4})?"),
    ("parcel", r"(?=(?:.*\d){6})[0-9A-Za-z]+(?:[-./][0-9A-Za-z]+){2,}|\d{9,}"),
    ("number", r"#? ?[\d,]+"),
    ("number", r"(?:19|20)?\d\d[ -]?[A-Z]{1,4}[ -]?\d{2,}(?: ?\(\d+\))?"),  # 2025 CV 02041
    ("address", r"\d+[A-Za-z]? +.*[A-Za-z].*"),
    ("words", r"\D*[A-Za-z]\D*"),
)
# One pattern, each shape a group of it: the first that fits is the one.
_ANY_SHAPE = re.compile("|".join(f"({pattern})" for _, pattern in _SHAPES))


def shape_of(text: str) -> Shape:
    """Say what ``text`` looks like; ``mixed`` is anything else."""
    found = _ANY_SHAPE.fullmatch(text.strip()[:200])
    return _SHAPES[found.lastindex - 1][0] if found and found.lastindex else "mixed"


def masked(value: object) -> str:
    """Show a value to a person without showing a name: letters of text become a, digits 9."""
    if value is None:
        return "nothing"
    if isinstance(value, Decimal):
        return f"{value:,}"
    if not isinstance(value, str):
        return str(value)
    text = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value))
    return f'"{text[:40]}..."' if len(text) > 40 else f'"{text}"'


def fields_of(observed: Observed) -> Iterator[tuple[str, Scalar]]:
    """Yield the fields that are not null, by name; of values and taxes those of the newest year."""
    for name in observed.__struct_fields__:
        value = getattr(observed, name)
        if name in NATURE and isinstance(value, Scalar) and value != "":
            yield name, value
    if isinstance(observed, ParcelObserved):
        yield from _rows(observed)


def kinds_with(field: str) -> tuple[str, ...]:
    """Return which records have ``field``: parcel, lien, sale_day. Empty where none has."""
    kinds = {"parcel": ParcelObserved, "lien": LienObserved, "sale_day": SaleDayObserved}
    if field not in NATURE:
        return ()
    found = tuple(k for k, kind in kinds.items() if field in kind.__struct_fields__)
    return found or ("parcel",)


def impossible(name: str, value: Scalar, today: date) -> bool:
    """Say whether nothing in the world is so: negative money, a face above 10 million, a sale in 1902."""
    nature = NATURE[name]
    if isinstance(value, date):
        return not date(1900, 1, 1) <= value <= date(today.year + 5, 12, 31)
    if isinstance(value, str | bool):
        return False
    if isinstance(value, Decimal) and not value.is_finite():
        return True
    low, high = _BOUNDS.get(name) or _BOUNDS_BY_NATURE.get(nature, (0, 10**12))
    if nature == "year":
        high = today.year + high
    return not low <= value <= high


_BOUNDS_BY_NATURE: dict[Nature, tuple[int, int]] = {
    "money": (0, 10_000_000),
    "value": (0, 10_000_000_000),
    "rate": (0, 100),
    "count": (0, 10_000_000),
    "year": (1600, 2),  # the upper one counts from this year
}
_BOUNDS: dict[str, tuple[int, int]] = {
    "winning_bid": (0, 1_000_000_000),
    "opening_bid": (0, 1_000_000_000),
    "premium": (0, 1_000_000_000),
    "value_agricultural_credit": (-10_000_000_000, 10_000_000_000),
    "value_other": (-10_000_000_000, 10_000_000_000),
    "value_exempt": (-10_000_000_000, 10_000_000_000),
    "acres": (0, 1_000_000),
    "building_sqft": (0, 50_000_000),
    "tax_year": (1950, 2),
    "year_built": (0, 3),
    "latitude": (-15, 72),
    "longitude": (-180, 180),
}


def _rows(parcel: ParcelObserved) -> Iterator[tuple[str, Scalar]]:
    """The newest year of each kind of value, the newest tax bill, the newest transfer."""
    newest: dict[str, tuple[int, Decimal]] = {}
    for row in parcel.values:
        year = row.year or 0
        if row.kind not in newest or year > newest[row.kind][0]:
            newest[row.kind] = (year, row.amount)
    for kind, (_, amount) in newest.items():
        yield f"value_{kind}", amount
    if parcel.taxes:
        bill = max(parcel.taxes, key=lambda tax: tax.year)
        bills = {"tax_amount": bill.amount, "tax_paid": bill.paid, "tax_due": bill.due}
        yield from ((name, amount) for name, amount in bills.items() if amount is not None)
    dated = [t for t in parcel.transfers if t.date is not None]
    if dated:
        transfer = max(dated, key=lambda t: t.date or date.min)
        if transfer.date is not None:
            yield "transfer_date", transfer.date
        if transfer.price is not None:
            yield "transfer_price", transfer.price
    for name in ("values", "taxes", "transfers"):
        if rows := len(getattr(parcel, name)):
            yield name, rows
    yield from (("flags", flag) for flag in parcel.flags[:1])
