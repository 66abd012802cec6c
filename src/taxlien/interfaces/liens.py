"""What other services may know of the catalogue: a lien, its events, and the calls to read it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal, Protocol
from uuid import UUID

import msgspec

from taxlien.kit.events import Event

LienKind = Literal["certificate", "subsequent_tax", "deed_sale", "delinquency", "summary"]

LienStatus = Literal[
    "delinquent",  # the county says taxes are unpaid; no sale is known
    "advertised",  # on the list of a coming sale
    "removed",  # taken off the list before the sale (paid, bankrupt, exempt: the list does not say)
    "withdrawn",  # taken off at the sale itself
    "unsold",  # offered, nobody bid
    "struck_off",  # struck to the county or city
    "sold",
    "assigned",
    "redeemed",
    "deed_applied",
    "foreclosed",  # a deed was issued or the property foreclosed
    "void",  # sale in error, refunded
    "expired",
]

DateBasis = Literal["published", "assumed"]

ListOutcome = Literal["imported", "unchanged", "superseded", "refused"]

PriceBasis = Literal["face_and_premium", "face", "winning_bid", "opening_bid", "amount_due"]

_NOT_KEY = re.compile(r"[^0-9A-Z]+")


class Lien(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One lien as the catalogue knows it now. Money in US dollars, rates in percent, null is unknown.

    ``version`` starts at 1 and grows by one with every change: a reader keeps the highest it has seen.
    ``parcel_id`` is as published; ``parcel_key`` is the same without punctuation, upper case.
    ``bid_rate_pct`` is what was bid where the rate is bid down; ``winning_bid`` is a price for the
    property where that is what bidders name. ``sale_date_basis`` says ``assumed`` where the county's
    file gives no date and the source's usual date stands in for it.
    """

    lien_id: UUID
    version: int
    kind: LienKind
    status: LienStatus
    state: str
    county_fips: str
    county: str
    parcel_id: str
    parcel_key: str
    source: str
    first_seen_at: datetime
    last_changed_at: datetime
    tax_year: int | None = None
    certificate_number: str | None = None
    advertising_number: str | None = None
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
    paid_on: date | None = None  # the holder paid this subsequent tax, or bought the certificate
    redeemed_on: date | None = None
    interest_paid: Decimal | None = None
    ended_on: date | None = None  # a deed was issued, or it was voided, on that day
    synthetic: bool = False


class KnownParcel(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel as the catalogue names it, with its liens; ``parcel_key`` as in ``Lien``."""

    county_fips: str
    parcel_key: str
    parcel_id: str
    situs_address: str | None = None
    liens: tuple[Lien, ...] = ()


def parcel_key(parcel_id: str) -> str:
    """Return a parcel id without punctuation, upper case: how the same parcel is found again."""
    upper = parcel_id.replace("-", "").upper()
    return upper if upper.isalnum() and upper.isascii() else _NOT_KEY.sub("", upper)


def published_price(lien: Lien) -> tuple[Decimal | None, PriceBasis | None]:
    """Return what an investor lays out as far as the published facts tell, before law is asked.

    US dollars, and what it is made of; None where nothing published says it. A certificate costs its
    face and premium, though some laws defer the premium to the foreclosure; a bid is a price only for
    a deed.
    """
    if lien.kind == "deed_sale":
        if lien.winning_bid is not None:
            return lien.winning_bid, "winning_bid"
        if lien.opening_bid is not None:
            return lien.opening_bid, "opening_bid"
    if lien.kind == "certificate" and lien.face_amount is not None:
        if lien.premium:
            return lien.face_amount + lien.premium, "face_and_premium"
        return lien.face_amount, "face"
    if lien.amount_due is not None:
        return lien.amount_due, "amount_due"
    return lien.face_amount, None if lien.face_amount is None else "face"


class LienCreated(Event, frozen=True, kw_only=True):
    """A lien was seen for the first time."""

    type: ClassVar[str] = "lien.created"

    lien: Lien

    def key(self) -> str:
        return str(self.lien.lien_id)


class LienChanged(Event, frozen=True, kw_only=True):
    """Published facts of a lien changed; ``changed`` names the fields (status has its own event)."""

    type: ClassVar[str] = "lien.changed"

    lien: Lien
    changed: tuple[str, ...]

    def key(self) -> str:
        return str(self.lien.lien_id)


class LienStatusChanged(Event, frozen=True, kw_only=True):
    """A lien moved from one status to another. When other facts changed too, ``changed`` names them."""

    type: ClassVar[str] = "lien.status_changed"

    lien: Lien
    previous_status: LienStatus
    changed: tuple[str, ...] = ()

    def key(self) -> str:
        return str(self.lien.lien_id)


class AuctionScheduled(Event, frozen=True, kw_only=True):
    """A source published a coming day on which a county sells; a day that moves is a new day.

    ``auction_on`` is the local date in ``time_zone``, ``hour`` (HH:MM, local) null where none is
    published. ``kind`` is the source's word in snake case (tax_deed, certificate_sale, foreclosure).
    """

    type: ClassVar[str] = "auction.scheduled"

    state: str
    county_fips: str
    county: str
    time_zone: str
    auction_on: date
    kind: str
    hour: str | None = None
    tax_year: int | None = None
    label: str | None = None
    source: str
    at: datetime

    def key(self) -> str:
        return self.county_fips


class ListImported(Event, frozen=True, kw_only=True):
    """A collected list was dealt with. ``sha256`` (hex) names the file in the objects.

    ``outcome``: ``imported``; ``unchanged`` (the very file that was imported last); ``superseded`` (a
    list fetched later was imported before); ``refused``, and then ``reason`` says why, in words.
    ``counts`` are those of the import: lines, new, changed, unchanged, duplicates, rejects.
    """

    type: ClassVar[str] = "list.imported"

    source: str
    county_fips: str | None
    run_id: UUID
    sha256: str
    mapping: str
    outcome: ListOutcome
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    reason: str | None = None

    def key(self) -> str:
        return self.source


class LienCatalogue(Protocol):
    """Read the whole catalogue, to build an index from nothing (ADR 0005), or some of it (ADR 0170)."""

    def export_liens(self) -> AsyncIterator[list[Lien]]:
        """Yield every lien once, in pages ordered by ``lien_id``; a lien changed meanwhile may be old."""
        ...

    async def liens(self, lien_ids: Sequence[UUID]) -> list[Lien]:
        """Return the liens of at most 100 ids as they are now; what there is not is left out."""
        ...


class LienLookup(Protocol):
    """Look up what somebody names, at the moment they name it (ADR 0094)."""

    async def lien(self, lien_id: UUID) -> Lien | None:
        """Return a lien as it is now, or None where there is none."""
        ...

    async def parcel(self, county_fips: str, parcel_id: str) -> KnownParcel | None:
        """Return a parcel under any number a source gives it, or None where it is not known."""
        ...
