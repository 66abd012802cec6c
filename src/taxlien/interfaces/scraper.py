"""What other services may know of collecting: what a page said, how a run went, which source stands still.

Owners' names are never in here: ``owner_published`` says only whether the page named one.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from taxlien.kit.events import Event

LegalStatus = Literal[
    "open_data",  # published for anybody's use
    "county_download",  # a list the county offers to download
    "permitted",  # the publisher allows it, in writing or by terms that say so
    "synthetic",  # our own simulator
    "terms_forbid",  # the terms forbid automated reading: never collected
    "unknown",  # nobody has read the terms yet: not collected until somebody has
]

ValueKind = Literal[
    "land",
    "improvement",
    "extra_features",
    "agricultural_credit",
    "market",
    "assessed",
    "exempt",
    "taxable",
    "taxable_school",
    "other",
]

ItemKind = Literal[
    "certificate",  # a lien for one year's tax, sold or for sale
    "deed_sale",  # the land itself, sold for unpaid tax
    "delinquency",  # unpaid tax, no sale known
    "foreclosure",  # a sale by judgment, for any debt: kept, but no tax lien
]

ItemStatus = Literal[
    "delinquent",
    "advertised",  # on the list of a coming sale
    "running",  # being bid on now
    "available",  # held by the county and for sale at any time
    "removed",  # taken off before the sale: cancelled, paid, withdrawn; the page says no more
    "unsold",
    "struck_off",  # to the county
    "sold",
    "redeemed",
    "closed",  # over; the page does not say how it ended
]

StopKind = Literal["forbidden", "too_many_requests", "challenge", "robots", "terms"]
RunState = Literal["published", "quarantined", "stopped", "failed"]
WishKind = Literal["watchlists", "customers"]

PARCEL_NUMBERS = (
    *("parcel id", "parcel number", "parcel no", "parcel", "parcel s", "apn", "pin", "strap"),
    *("folio", "folio number"),
    *("alternate parcel id", "alternate key", "alternate key number", "alt key", "parcel key"),
    *("real key", "realkey", "property id", "prop id", "alternate id", "alt id"),
    *("account", "account number", "account no", "account id", "tax account", "property account"),
    *("alternate account number", "real estate account"),
)
"""Labels, in lower case and without punctuation, of numbers that name one parcel within its county.

The strongest first. Section, township and range, map numbers and numbers of former parcels name none.
"""

_PARCEL_NUMBER = re.compile(r"(?P<label>.*?)\W*(?P<place>\d*)", re.DOTALL)
_NOT_LETTERS = re.compile(r"[^a-z]+")


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every part is: immutable, and null where a page does not say."""


class ValueOfYear(_Part, frozen=True, kw_only=True):
    """One value the assessor set. US dollars; ``label`` is the row's own words."""

    year: int | None
    kind: ValueKind
    amount: Decimal
    label: str


class TaxOfYear(_Part, frozen=True, kw_only=True):
    """One year's tax bill. US dollars; ``due`` is what is still unpaid."""

    year: int
    bill_number: str | None = None
    amount: Decimal | None = None
    paid: Decimal | None = None
    due: Decimal | None = None
    paid_on: date | None = None
    delinquent: bool | None = None


class Transfer(_Part, frozen=True, kw_only=True):
    """A sale of the property between owners, as the assessor records it (no names)."""

    date: date | None
    price: Decimal | None
    deed_type: str | None = None
    reference: str | None = None
    qualification: str | None = None


class SourceCard(_Part, frozen=True, kw_only=True):
    """Who publishes. ``name`` is unique, such as ``qpublic/fl_dixie``."""

    name: str
    title: str
    platform: str
    county_fips: str
    legal_status: LegalStatus
    url: str
    synthetic: bool = False


class PageCard(_Part, frozen=True, kw_only=True):
    """Where and when it was read. ``key`` names the page within its source for ever.

    ``content_sha256`` (hex) is that of the bytes as kept in the raw store.
    """

    key: str
    url: str
    fetched_at: datetime
    parser_version: str
    content_sha256: str


class ParcelObserved(_Part, frozen=True, kw_only=True):
    """What a page says of a property. ``parcel_id`` is as published; acres, US dollars.

    ``other_ids`` are further numbers of the same parcel by their label (alternate key, account).
    ``owner_published`` says that the page names an owner; the name is not kept. ``origins`` says for
    every field read where on the page it stood, ``missing`` why a field is null.
    """

    parcel_id: str
    other_ids: dict[str, str] = {}
    owner_published: bool | None = None
    situs_address: str | None = None
    city: str | None = None
    zip_code: str | None = None
    legal_description: str | None = None
    property_class: str | None = None
    land_use: str | None = None
    acres: Decimal | None = None
    building_sqft: Decimal | None = None
    year_built: int | None = None
    homestead: bool | None = None
    latitude: float | None = None
    longitude: float | None = None
    flags: tuple[str, ...] = ()
    values: tuple[ValueOfYear, ...] = ()
    taxes: tuple[TaxOfYear, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    origins: dict[str, str] = {}
    missing: dict[str, str] = {}


class LienObserved(_Part, frozen=True, kw_only=True):
    """What a page says of one certificate, lien or auction item. US dollars, percent a year.

    ``item_id`` is the platform's own number of the item; it names the item where nothing else does.
    ``parcel_id`` is null where the page names none (``missing`` says why). Such an item is announced
    only where ``other_ids`` name its parcel, or each of several (see ``parcel_numbers``).
    """

    kind: ItemKind
    status: ItemStatus
    parcel_id: str | None
    other_ids: dict[str, str] = {}
    item_id: str | None = None
    case_number: str | None = None
    certificate_number: str | None = None
    advertising_number: str | None = None
    tax_year: int | None = None
    sale_date: date | None = None
    face_amount: Decimal | None = None
    bid_rate_pct: Decimal | None = None
    premium: Decimal | None = None
    opening_bid: Decimal | None = None
    winning_bid: Decimal | None = None
    deposit: Decimal | None = None
    amount_due: Decimal | None = None
    bid_count: int | None = None
    assessed_value: Decimal | None = None
    market_value: Decimal | None = None
    situs_address: str | None = None
    city: str | None = None
    zip_code: str | None = None
    property_type: str | None = None
    homestead: bool | None = None
    paid_on: date | None = None
    redeemed_on: date | None = None
    attributes: dict[str, str] = {}
    origins: dict[str, str] = {}
    missing: dict[str, str] = {}


def parcel_numbers(item: LienObserved) -> tuple[tuple[str, str], ...]:
    """Return (label, number) for every parcel that an item without a parcel id is of.

    One number, under the strongest label, unless labels are numbered themselves (``Parcel ID 1``,
    ``Parcel ID 2``): those are several parcels, in their order. Empty where nothing names a parcel.
    """
    known = []
    for label, number in item.other_ids.items():
        parts = _PARCEL_NUMBER.fullmatch(label)
        name = _NOT_LETTERS.sub(" ", parts["label"].lower()).strip() if parts else ""
        if parts and name in PARCEL_NUMBERS and any(sign.isdigit() for sign in number):
            rank, place = PARCEL_NUMBERS.index(name), int(parts["place"] or 0)
            known.append((not place, rank, place, label, number))
    known.sort()
    if not known:
        return ()
    _, first, place, label, number = known[0]
    if not place:
        return ((label, number),)
    return tuple((one[3], one[4]) for one in known if one[2] and one[1] == first)


class SaleDayObserved(_Part, frozen=True, kw_only=True):
    """A day on which a county sells. ``kind`` is snake case (tax_deed, certificate_sale, foreclosure)."""

    sale_date: date
    kind: str
    county_fips: str | None = None
    ends_on: date | None = None
    label: str | None = None
    tax_year: int | None = None
    items_active: int | None = None
    items_scheduled: int | None = None


class ScrapeObserved(Event, frozen=True, kw_only=True):
    """A page said something new. Only what changed since the last published run is in it.

    A page with very much to say comes as several events, numbered by ``part``; each stands alone.
    """

    type: ClassVar[str] = "scrape.observed"

    run_id: UUID
    source: SourceCard
    page: PageCard
    part: int = 0
    parcels: tuple[ParcelObserved, ...] = ()
    liens: tuple[LienObserved, ...] = ()
    sales: tuple[SaleDayObserved, ...] = ()

    def key(self) -> str:
        return f"{self.source.name} {self.page.key}"


class ListCollected(Event, frozen=True, kw_only=True):
    """A whole list (CSV, XLSX, JSON) was fetched and lies in the objects under ``sha256``.

    ``mapping`` names the catalogue's mapping that reads it; ``parameters`` are its values (county, year).
    """

    type: ClassVar[str] = "list.collected"

    run_id: UUID
    source: SourceCard
    url: str
    file_name: str
    fetched_at: datetime
    sha256: str
    size_bytes: int
    mapping: str
    parameters: dict[str, str] = msgspec.field(default_factory=dict)

    def key(self) -> str:
        return self.source.name


class ScrapeCompleted(Event, frozen=True, kw_only=True):
    """A run ended. ``properties_scraped`` counts properties and items read, changed or not.

    ``complete_pct`` is the share of the pages that the run knew of and could read, 0 to 100;
    ``filled_pct`` the share of the fields that the source promises and that were there.
    ``fresh_hours`` is how old the source's data may grow before it is stale.
    """

    type: ClassVar[str] = "scrape.completed"

    run_id: UUID
    source: SourceCard
    state: RunState
    county: str
    properties_scraped: int
    changed: int
    pages: int
    errors: int
    errors_by_kind: dict[str, int] = msgspec.field(default_factory=dict)
    bytes_read: int
    seconds: float
    complete_pct: float
    filled_pct: float
    fresh_hours: float
    started_at: datetime
    ended_at: datetime
    reason: str | None = None

    def key(self) -> str:
        return self.source.name


class SourceStopped(Event, frozen=True, kw_only=True):
    """A source refused us, and is left alone until a person looks. ``reason`` is in words."""

    type: ClassVar[str] = "source.stopped"

    source: SourceCard
    kind: StopKind
    reason: str
    at: datetime

    def key(self) -> str:
        return self.source.name


class SourceResumed(Event, frozen=True, kw_only=True):
    """A person looked at a stopped source, and it is collected again."""

    type: ClassVar[str] = "source.resumed"

    source: SourceCard
    at: datetime

    def key(self) -> str:
        return self.source.name


class CountyDemandChanged(Event, frozen=True, kw_only=True):
    """How many people watch liens of a county, or pay for its data, from now on.

    For whoever knows it to send: ``count`` is the whole number as it stands, so that one lost or seen
    twice does no harm.
    """

    type: ClassVar[str] = "county.demand_changed"

    county_fips: str
    kind: WishKind
    count: int
    at: datetime

    def key(self) -> str:
        return f"{self.county_fips} {self.kind}"
