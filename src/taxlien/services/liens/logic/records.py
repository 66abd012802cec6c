"""What one row of a county's file becomes once read: plain values, or a rejection with its reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec

from taxlien.interfaces.liens import DateBasis, LienKind, LienStatus


class LienRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One lien as one line of a file states it. Money in US dollars, rates in percent, null unknown.

    ``line`` is the physical line (1-based) the row starts on; in workbooks and JSON arrays, the row.
    ``sale_year`` is set where the file names no day: the catalogue may know the day of that year's
    sale. ``sale_date`` then holds the source's usual day with basis ``assumed``, or is null.
    ``attributes`` keeps published columns that have no field here, by the mapping's own names;
    columns about people never reach it. ``status_history`` is oldest first, for sources that
    publish when a status was seen. Numbers of certificates and advertisements are text as published,
    except that a number of only zeros is null.
    """

    line: int
    kind: LienKind
    status: LienStatus
    state: str
    county_fips: str
    parcel_id: str
    parcel_key: str
    tax_year: int | None = None
    certificate_number: str | None = None
    advertising_number: str | None = None
    sale_year: int | None = None
    sale_date: date | None = None
    sale_date_basis: DateBasis | None = None
    face_amount: Decimal | None = None
    bid_rate_pct: Decimal | None = None
    premium: Decimal | None = None
    opening_bid: Decimal | None = None
    winning_bid: Decimal | None = None
    amount_due: Decimal | None = None
    bid_count: int | None = None
    assessed_value: Decimal | None = None
    market_value: Decimal | None = None
    situs_address: str | None = None
    city: str | None = None
    zip_code: str | None = None
    property_type: str | None = None
    acres: Decimal | None = None
    building_sqft: Decimal | None = None
    year_built: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    homestead: bool | None = None
    vacant: bool | None = None
    paid_on: date | None = None
    redeemed_on: date | None = None
    interest_paid: Decimal | None = None
    ended_on: date | None = None
    attributes: dict[str, str] = {}
    status_history: tuple[tuple[LienStatus, date], ...] = ()


class SaleRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A day on which a county sold. ``kind`` is the source's word (certificate_sale, ...)."""

    line: int
    state: str
    county_fips: str
    sale_date: date
    kind: str
    label: str | None = None
    tax_year: int | None = None


class PriceIndexRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """House prices of a county in one year. ``index`` counts from the county's own first year (100)."""

    line: int
    state: str
    county_fips: str
    year: int
    index: Decimal | None = None
    change_pct: Decimal | None = None
    index_1990: Decimal | None = None
    index_2000: Decimal | None = None


class Reject(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line that was not taken, and why, in words for the person who has the file open.

    ``column`` is the header of the cell at fault, or null where the whole line is. ``raw`` is the
    line as it stands in the file, cut at 2,000 characters. It may hold names: it is written to the
    user's own rejects file and nowhere else.
    """

    line: int
    column: str | None = None
    reason: str
    raw: str = ""


Record: TypeAlias = LienRecord | SaleRecord | PriceIndexRecord


class UnreadableFile(Exception):
    """The file as a whole cannot be trusted: nothing of it may be imported.

    It may come after many records: a gzip file shows that it was cut off only at its end.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"{reason} (line {line})")
        self.reason = reason
        self.line = line


class ReadCounts(msgspec.Struct, kw_only=True):
    """What became of every line: ``lines`` = records + rejects + duplicates + header + blank + joined.

    ``repaired`` rows are among the records: cells split by a comma were put back with proof.
    ``joined`` are the second and further lines of rows with a line break inside quotes.
    ``skipped`` are rows the mapping itself leaves out (totals, notes). ``bytes_read`` and
    ``bytes_total`` count the file as stored (compressed).
    """

    lines: int = 0
    records: int = 0
    rejects: int = 0
    duplicates: int = 0
    repaired: int = 0
    header: int = 0
    blank: int = 0
    joined: int = 0
    skipped: int = 0
    bytes_read: int = 0
    bytes_total: int = 0
