"""What an observation makes of a lien: a new one, a changed one, or nothing. Pure.

The current lien is the latest non-null value of every field. A null never erases a value, and two
rules stand above "latest": a published sale date is not replaced by an assumed one, and a list of a
coming sale does not undo what another source says happened at it (docs/adr/0022).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import DateBasis, Lien, LienStatus

from .pages import Page
from .records import LienRecord

FACTS = (
    "kind",
    "parcel_id",
    "tax_year",
    "certificate_number",
    "advertising_number",
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
    "acres",
    "building_sqft",
    "year_built",
    "latitude",
    "longitude",
    "homestead",
    "vacant",
    "paid_on",
    "redeemed_on",
    "interest_paid",
    "ended_on",
)
"""Fields that an observation sets as they are; status and sale date have rules of their own."""

BEFORE_SALE: frozenset[LienStatus] = frozenset({"delinquent", "advertised"})

_OWN_RULES = (
    "status",
    "sale_year",
    "sale_date",
    "sale_date_basis",
    "attributes",
    "status_history",
)
_SAID = (*_OWN_RULES, *FACTS)
_said_of = attrgetter(*_SAID)
_encode = msgspec.json.Encoder(decimal_format="string").encode
# A struct leaves nulls out as it is encoded, which is three times faster than a dict without them.
_Said: Any = msgspec.defstruct(
    "_Said",
    [(name, Any, {} if name == "attributes" else () if name == "status_history" else None)
     for name in _SAID],
    omit_defaults=True,
)  # fmt: skip


class County(NamedTuple):
    """What a lien takes from its county."""

    fips: str
    name: str
    state: str


class Source(NamedTuple):
    """Who speaks. What a synthetic source says is marked so for ever."""

    id: UUID
    name: str
    synthetic: bool


class SaleDay(NamedTuple):
    """When a lien was sold, and whether that was published or is the source's usual day."""

    day: date | None
    basis: DateBasis | None


class Statement(NamedTuple):
    """One record, made ready: what was said as JSON, and those of its ``FACTS`` that are not null.

    ``page`` is where it was read, where that is not one file for all.
    """

    record: LienRecord
    facts: dict[str, Any]
    said: str
    sha256: bytes
    page: Page | None = None


class Known(NamedTuple):
    """A lien already in the catalogue, as far as it takes to recognise it.

    ``sha256`` is that of the latest observation by the source now speaking, or None.
    """

    lien_id: UUID
    certificate_number: str | None
    advertising_number: str | None
    sha256: bytes | None


class Change(NamedTuple):
    """A lien after an observation that changed it. ``changed`` leaves status out."""

    lien: Lien
    changed: tuple[str, ...]
    previous_status: LienStatus


def state(record: LienRecord, page: Page | None = None) -> Statement:
    """Return what ``record`` says: its non-null values, as JSON and as the hash of that JSON.

    The line it stood on is left out: a row that moved within its file says nothing new.
    """
    values = _said_of(record)
    encoded = _encode(_Said(*values))
    # Half of them and more are null: leaving those out here makes every later step shorter.
    facts = {name: value for name, value in zip(_SAID, values, strict=True) if value is not None}
    for name in _OWN_RULES:
        facts.pop(name, None)
    return Statement(record, facts, encoded.decode(), hashlib.sha256(encoded).digest(), page)


def match(record: LienRecord, candidates: Iterable[Known]) -> Known | None:
    """Return which lien of the same parcel and tax year ``record`` speaks of, or None for a new one.

    A certificate number decides where both have one. A list before the sale has only advertising
    numbers, so a lien first seen there is recognised by that when its certificate appears, and the
    other way round. Without any number on either side, parcel and year alone decide.
    """
    certificate, advertising = record.certificate_number, record.advertising_number
    fallback = None
    for known in candidates:
        if certificate is not None and known.certificate_number is not None:
            if certificate == known.certificate_number:
                return known
        elif advertising is not None or known.advertising_number is not None:
            if advertising == known.advertising_number:
                fallback = known
        elif certificate is None and known.certificate_number is None:
            fallback = known
    return fallback


def new_lien(
    statement: Statement,
    *,
    lien_id: UUID,
    county: County,
    source: Source,
    at: datetime,
    sale: SaleDay,
    seen_at: datetime | None = None,
) -> Lien:
    """Return the lien that a first observation makes: recorded ``at``, seen then or before."""
    return Lien(
        lien_id=lien_id,
        version=1,
        status=statement.record.status,
        state=county.state,
        county_fips=county.fips,
        county=county.name,
        parcel_key=statement.record.parcel_key,
        source=source.name,
        first_seen_at=seen_at or at,
        last_changed_at=at,
        sale_date=sale.day,
        sale_date_basis=sale.basis,
        synthetic=source.synthetic,
        **statement.facts,
    )


def derive(
    lien: Lien,
    statement: Statement,
    *,
    source: Source,
    at: datetime,
    sale: SaleDay,
    settled: Collection[str] = (),
) -> Change | None:
    """Return what ``lien`` becomes by a further observation, or None when it stays as it is.

    ``settled`` fields stay, whatever is said: the assessor's, or what a later page said before.
    """
    changes: dict[str, Any] = {
        name: value
        for name, value in statement.facts.items()
        if value is not None and getattr(lien, name) != value
    }
    for name in settled:
        changes.pop(name, None)
    published = sale.basis == "published" or lien.sale_date_basis != "published"
    if sale.day is not None and published and "sale_date" not in settled:
        dated = {"sale_date": sale.day, "sale_date_basis": sale.basis}
        changes.update((n, value) for n, value in dated.items() if getattr(lien, n) != value)
    changed = tuple(changes)
    late = "status" in settled
    status = _status(lien, statement.record.status, source, late=late)
    if status != lien.status:
        changes["status"] = status
    if not changes:
        return None
    return Change(
        msgspec.structs.replace(
            lien,
            version=lien.version + 1,
            last_changed_at=at,
            source=lien.source if late else source.name,
            **changes,
        ),
        changed,
        lien.status,
    )


def redate(lien: Lien, sale: SaleDay, *, at: datetime) -> Change:
    """Return ``lien`` with the sale day that its county published after the lien was seen."""
    dated = msgspec.structs.replace(
        lien,
        version=lien.version + 1,
        last_changed_at=at,
        sale_date=sale.day,
        sale_date_basis=sale.basis,
    )
    return Change(dated, ("sale_date", "sale_date_basis"), lien.status)


def _status(lien: Lien, said: LienStatus, source: Source, *, late: bool) -> LienStatus:
    """Return the status after ``said``; ``late`` means that something newer was heard already."""
    outcome = said not in BEFORE_SALE
    other = lien.source != source.name
    if late:  # an outcome stands against a list of another source, whichever was heard first
        return said if outcome and other and lien.status in BEFORE_SALE else lien.status
    return lien.status if not outcome and other and lien.status not in BEFORE_SALE else said


def sale_day(record: LienRecord, sales: Mapping[tuple[str, int], date]) -> SaleDay:
    """Return the day ``record`` was sold: its own, else the day its certificate was bought, else the
    county's by year, else the usual one.

    ``sales`` maps ("tax_year", y) and ("sale_year", y) to the one day the county is known to have
    sold on; a year with several such days is not in it.
    """
    if record.sale_date is not None and record.sale_date_basis != "assumed":
        return SaleDay(record.sale_date, "published")
    if record.kind == "certificate" and record.paid_on is not None:
        return SaleDay(record.paid_on, "published")  # a certificate is bought at its sale
    found = None
    if record.sale_year is not None:
        found = sales.get(("sale_year", record.sale_year))
    elif record.tax_year is not None:
        found = sales.get(("tax_year", record.tax_year))
    if found is not None:
        return SaleDay(found, "published")
    return SaleDay(record.sale_date, record.sale_date_basis)


def days_of_sales(sales: Iterable[tuple[date, str, int | None]]) -> dict[tuple[str, int], date]:
    """Return the single sale day of every year from (day, kind, tax year) of one county.

    Sales of assignments sell what found no buyer before, and foreclosures are for any debt: both are
    left out. Two days for one year mean that the year does not tell the day: it is left out too. Sales
    of deeds count only in years in which the county sells no liens.
    """
    days: dict[tuple[str, int], set[date]] = {}
    deeds: dict[tuple[str, int], set[date]] = {}
    for day, kind, tax_year in sales:
        word = kind.lower()
        if "assign" in word or "foreclos" in word:
            continue
        found = deeds if "deed" in word else days
        found.setdefault(("sale_year", day.year), set()).add(day)
        if tax_year is not None:
            found.setdefault(("tax_year", tax_year), set()).add(day)
    known = (deeds | days).items()
    return {year: next(iter(found)) for year, found in known if len(found) == 1}


def history(
    record: LienRecord,
    before: LienStatus | None,
    after: LienStatus,
    known: Iterable[tuple[LienStatus, date | None]] = (),
) -> list[tuple[LienStatus, date | None]]:
    """Return the (status, day) entries an observation adds to a lien's history.

    A source that dates its statuses adds the dated ones not yet ``known``; any other adds one,
    without a day, when the lien's status moved. ``before`` is None for a new lien.
    """
    if record.status_history:
        seen = set(known)
        return [entry for entry in record.status_history if entry not in seen]
    return [(after, None)] if before != after else []


def fault(statement: Statement) -> tuple[str, str] | None:
    """Return (field, reason) for a value that no column can hold, or None.

    Amounts and sizes are bounded where they are read; here, a rate stays below 1,000% and text has
    no NUL character.
    """
    rate = statement.record.bid_rate_pct
    if rate is not None and not -1000 < rate < 1000:
        return "bid_rate_pct", f"{rate}% is too large to be true"
    if "\\u0000" in statement.said:
        texts = {n: v for n, v in statement.facts.items() if isinstance(v, str)}
        return next((n for n, v in texts.items() if "\0" in v), "attributes"), "a NUL character"
    return None
