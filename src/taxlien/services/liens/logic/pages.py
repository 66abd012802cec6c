"""What a collected page says, made ready for the catalogue. Pure.

Items become ``LienRecord`` or a word that says why they are none; properties become
``ParcelStatement``; days become ``SaleRecord``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import LienKind, LienStatus, parcel_key
from taxlien.interfaces.scraper import (
    ItemKind,
    ItemStatus,
    LienObserved,
    ParcelObserved,
    SaleDayObserved,
    ValueKind,
    ValueOfYear,
)

from .normalising import parse_number, parse_parcel
from .records import LienRecord, SaleRecord
from .states import state_of

NotRecorded = Literal["foreclosure", "outcome_unknown", "no_parcel", "unreadable"]

KINDS: dict[ItemKind, LienKind] = {
    "certificate": "certificate",
    "deed_sale": "deed_sale",
    "delinquency": "delinquency",
}
"""A foreclosure is for any debt: no tax lien, and no kind here."""

STATUSES: dict[ItemStatus, LienStatus] = {
    "delinquent": "delinquent",
    "advertised": "advertised",
    "running": "advertised",
    "available": "struck_off",
    "removed": "removed",
    "unsold": "unsold",
    "struck_off": "struck_off",
    "sold": "sold",
    "redeemed": "redeemed",
}
"""An item that is closed without a word of how it ended says nothing that a lien could take."""

_SAME_NAME = (
    "tax_year",
    "sale_date",
    "face_amount",
    "bid_rate_pct",
    "premium",
    "opening_bid",
    "winning_bid",
    "amount_due",
    "bid_count",
    "assessed_value",
    "market_value",
    "situs_address",
    "city",
    "zip_code",
    "property_type",
    "homestead",
    "paid_on",
    "redeemed_on",
)
_FACTS = (
    "situs_address",
    "city",
    "zip_code",
    "property_class",
    "land_use",
    "acres",
    "building_sqft",
    "year_built",
    "latitude",
    "longitude",
    "homestead",
)
_MOST = Decimal(10) ** 10
_SCALE = Decimal("0.0001")
_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode


class Page(NamedTuple):
    """Where a statement was read. ``sha256`` is that of the page's bytes in the raw store."""

    url: str
    fetched_at: datetime
    parser_version: str
    sha256: bytes


class ParcelStatement(NamedTuple):
    """What one page says of one parcel: single facts that are not null, and the lists as JSON.

    ``sha256`` is that of everything said. ``other_ids`` are (label, id, key of the id).
    """

    county_fips: str
    parcel_key: str
    parcel_id: str
    source_id: UUID
    page: Page
    facts: dict[str, Any]
    said: str
    values: str
    taxes: str
    transfers: str
    other_ids: tuple[tuple[str, str], ...]
    sha256: bytes


def lien_record(item: LienObserved, county_fips: str) -> LienRecord | NotRecorded:
    """Return the record of an item, or why it is none. Its ``line`` is 0: it stood on a page."""
    kind = KINDS.get(item.kind)
    if kind is None:
        return "foreclosure"
    status = STATUSES.get(item.status)
    if status is None:
        return "outcome_unknown"
    if item.parcel_id is None:
        return "no_parcel"
    try:
        parcel_id, key = parse_parcel(item.parcel_id)
        certificate = _number(item.certificate_number)
        advertising = _number(item.advertising_number)
        state = state_of(county_fips)
    except ValueError:
        return "unreadable"
    values = {name: getattr(item, name) for name in _SAME_NAME}
    if not fits(values):
        return "unreadable"
    return LienRecord(
        line=0,
        kind=kind,
        status=status,
        state=state,
        county_fips=county_fips,
        parcel_id=parcel_id,
        parcel_key=key,
        certificate_number=certificate,
        advertising_number=advertising,
        sale_date_basis=None if item.sale_date is None else "published",
        attributes=_attributes(item),
        **values,
    )


def _number(text: str | None) -> str | None:
    return None if text is None else parse_number(text)


def _attributes(item: LienObserved) -> dict[str, str]:
    """Return what an item says that a lien has no field for."""
    own = {
        "item_id": item.item_id,
        "case_number": item.case_number,
        "deposit": None if item.deposit is None else str(item.deposit),
        **{f"id {label}": value for label, value in sorted(item.other_ids.items())},
    }
    return item.attributes | {name: value for name, value in own.items() if value is not None}


def sale_record(day: SaleDayObserved, county_fips: str) -> SaleRecord | None:
    """Return the sale of a day; None where its county is in no state."""
    fips = day.county_fips or county_fips
    try:
        state = state_of(fips)
    except ValueError:
        return None
    return SaleRecord(
        line=0,
        state=state,
        county_fips=fips,
        sale_date=day.sale_date,
        kind=day.kind,
        label=day.label,
        tax_year=day.tax_year,
    )


def parcel_statement(
    parcel: ParcelObserved, county_fips: str, source_id: UUID, page: Page
) -> ParcelStatement | None:
    """Return what a page says of a property; None where its number or a value cannot be read."""
    try:
        parcel_id, key = parse_parcel(parcel.parcel_id)
    except ValueError:
        return None
    facts = parcel_facts(parcel)
    values, taxes, transfers = (
        _encode(part) for part in (parcel.values, parcel.taxes, parcel.transfers)
    )
    said = _encode(facts)
    ids = tuple(
        (label, found)
        for label, raw in parcel.other_ids.items()
        if len(found := parcel_key(raw)) > 3
    )
    everything = b"\n".join((parcel_id.encode(), said, values, taxes, transfers, _encode(ids)))
    if b"\\u0000" in everything or not fits(facts):
        return None
    return ParcelStatement(
        county_fips,
        key,
        parcel_id,
        source_id,
        page,
        facts,
        said.decode(),
        values.decode(),
        taxes.decode(),
        transfers.decode(),
        ids,
        hashlib.sha256(everything).digest(),
    )


def parcel_facts(parcel: ParcelObserved) -> dict[str, Any]:
    """Return the single facts of a property that are known, by the names of the catalogue."""
    facts = {name: getattr(parcel, name) for name in _FACTS}
    facts["property_type"] = parcel.land_use or parcel.property_class
    facts["flags"] = tuple(sorted(set(parcel.flags))) or None
    kinds: tuple[ValueKind, ...] = ("market", "assessed")
    for kind in kinds:
        value = latest(parcel.values, kind)
        if value is not None:
            facts[f"{kind}_value"], facts[f"{kind}_value_year"] = value.amount, value.year
    for name in ("acres", "building_sqft"):
        size = facts[name]
        if size is not None and abs(size) < _MOST and size.as_tuple().exponent < -4:
            facts[name] = size.quantize(_SCALE)
    return {name: value for name, value in facts.items() if value is not None}


def latest(values: Iterable[ValueOfYear], kind: ValueKind) -> ValueOfYear | None:
    """Return the value of the latest year of a kind; of one year, the one that stands first."""
    found = [value for value in values if value.kind == kind]
    return max(found, key=lambda value: value.year or 0, default=None)


def fits(values: dict[str, Any]) -> bool:
    """Tell whether the columns can hold these values: amounts below 10 billion, years of four digits."""
    for name, value in values.items():
        if isinstance(value, Decimal) and not (value.is_finite() and abs(value) < _MOST):
            return False
        if isinstance(value, int) and not isinstance(value, date) and not -(2**31) < value < 2**31:
            return False
        is_year = name.endswith("year") or name == "year_built"
        if is_year and value is not None and not 0 <= value <= 9999:
            return False
    return True
