"""A lien as the index keeps it: words to find it by, numbers to filter and sort by, JSON to show."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien, PriceBasis

from .deriving import (
    PARTS_OF_AN_ACRE,
    flags_of,
    lien_to_value,
    property_class,
    redemption_deadline,
)
from .geography import spot_of
from .places import STATE_NAMES
from .price_bands import band_of
from .pricing import Payoff, RateBasis, price_for_search

encode_item = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical").encode
"""Write a hit as the API shows it."""
_PUNCTUATION = re.compile(r"[\W_]+")
_I64 = 2**63 - 1
POINT = 100
"""Parts of a point of the score in the index."""


class SearchItem(msgspec.Struct, frozen=True, gc=False):
    """One hit as the API shows it. Null is unknown. Money in US dollars, rates in percent.

    ``price`` is what the investor pays, ``rate_pct`` what the payoff was computed with and
    ``rate_basis`` where it comes from. ``lien_to_value_pct`` is the face (or what is due) by the market
    value, ``property_class`` a class derived from the words of ``property_type``, and
    ``redemption_deadline`` the end of the redemption period by the law's rule (docs/searching.md).
    ``score`` is the risk a model sees, 1 to 100, and ``safety_score`` 101 less it; null where nothing is
    known, or nothing is open any more. ``flags`` are short words: ``synthetic``, ``homestead``,
    ``vacant``, ``sliver``, ``exempt_owner``, ``assumed_sale_date``, ``low_confidence``.
    """

    lien_id: UUID
    version: int
    kind: str
    status: str
    state: str
    county_fips: str
    county: str
    parcel_id: str
    address: str | None
    city: str | None
    zip_code: str | None
    latitude: float | None
    longitude: float | None
    property_type: str | None
    tax_year: int | None
    certificate_number: str | None
    advertising_number: str | None
    sale_date: date | None
    face_amount: Decimal | None
    premium: Decimal | None
    assessed_value: Decimal | None
    market_value: Decimal | None
    acres: Decimal | None
    price: Decimal | None
    price_basis: PriceBasis | None
    rate_pct: Decimal | None
    rate_basis: RateBasis | None
    payoff: Payoff | None
    payoff_missing: str | None
    lien_to_value_pct: Decimal | None
    property_class: str | None
    redemption_deadline: date | None
    flags: tuple[str, ...]
    source: str
    last_changed_at: datetime
    score: int | None = None
    safety_score: int | None = None


_SHOWN = SearchItem.__struct_fields__[: SearchItem.__struct_fields__.index("price")]
_FIGURES = ("price", "price_basis", "rate_pct", "rate_basis", "payoff", "missing")
# A lien is turned into an item millions of times: by position that costs a third of what names do.
_shown_of = attrgetter(*("situs_address" if name == "address" else name for name in _SHOWN))
_figures_of = attrgetter(*_FIGURES)


class LienDocument(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What an engine indexes. ``price``, ``face`` and ``market_value`` in cents, ``rate``, ``roi`` and
    ``ltv`` in basis points, ``acres`` in ten-thousandths, ``score`` in hundredths of a point.

    ``auction_day`` is the proleptic ordinal of the sale's local date, ``redeem_day`` that of the end of
    the redemption period. ``flags`` are known to hold and ``not_flags`` known not to; what is in
    neither is unknown. ``price_band`` is the name of the band that ``price`` lies in. ``address``,
    ``place`` and ``numbers`` are texts to split into words, and ``spot`` is where the lien lies
    (``geography.spot_of``); ``parcel_key`` is one word. ``county`` is
    ``MD|24510|Baltimore City``: sorts by state, keeps the code and shows the name; ``city`` likewise.
    """

    lien_id: UUID
    version: int
    address: str
    place: str
    numbers: str
    parcel_key: str
    state: str
    county: str
    status: str
    kind: str
    property_type: str | None
    year: int | None
    price: int | None
    rate: int | None
    roi: int | None
    auction_day: int | None
    item: bytes
    city: str | None = None
    property_class: str | None = None
    flags: tuple[str, ...] = ()
    not_flags: tuple[str, ...] = ()
    price_band: str | None = None
    ltv: int | None = None
    face: int | None = None
    market_value: int | None = None
    acres: int | None = None
    score: int | None = None
    redeem_day: int | None = None
    spot: int | None = None


def document_of(lien: Lien) -> LienDocument:
    """Return ``lien`` ready to index, priced under the law of its state and sale date."""
    pricing = price_for_search(lien)
    payoff = pricing.payoff
    property_type = lien.property_type.strip().casefold() if lien.property_type else None
    holds, lacks = flags_of(lien)
    of_class, ltv = property_class(lien.property_type), lien_to_value(lien)
    deadline = redemption_deadline(lien, pricing.rule_id)
    shown: tuple[Any, ...] = (
        *_shown_of(lien),
        *_figures_of(pricing),
        ltv,
        of_class,
        deadline,
        (*holds, *_cautions(lien, payoff)),
        lien.source,
        lien.last_changed_at,
    )
    address, place, numbers = texts_of(lien)
    price = scaled(pricing.price)
    return LienDocument(
        lien_id=lien.lien_id,
        version=lien.version,
        address=address,
        place=place,
        numbers=numbers,
        parcel_key=lien.parcel_key,
        state=lien.state,
        county=f"{lien.state}|{lien.county_fips}|{lien.county}",
        city=f"{lien.state}|{lien.county_fips}|{lien.city}" if lien.city else None,
        status=lien.status,
        kind=lien.kind,
        property_type=property_type or None,
        year=lien.tax_year,
        price=price,
        price_band=band_of(price),
        rate=scaled(pricing.rate_pct),
        roi=scaled(payoff.roi_pct) if payoff else None,
        auction_day=lien.sale_date.toordinal() if lien.sale_date else None,
        property_class=of_class,
        flags=holds,
        not_flags=lacks,
        ltv=scaled(ltv),
        face=price if lien.face_amount is pricing.price else scaled(lien.face_amount),
        market_value=scaled(lien.market_value),
        acres=scaled(lien.acres, PARTS_OF_AN_ACRE),
        redeem_day=deadline.toordinal() if deadline else None,
        spot=spot_of(lien.latitude, lien.longitude),
        item=encode_item(SearchItem(*shown)),
    )


def judged(document: LienDocument, score: int | None) -> LienDocument:
    """Return ``document`` with ``score`` (1 to 100) to be asked about; its item does not show it."""
    parts = None if score is None else score * POINT
    return document if document.score == parts else msgspec.structs.replace(document, score=parts)


def texts_of(lien: Lien) -> tuple[str, str, str]:
    """Return address, place and numbers of a document: what is found by words, without any pricing."""
    return (
        lien.situs_address or "",
        place_of(lien.city, lien.county, lien.state, lien.zip_code),
        numbers_of(lien.parcel_id, lien.certificate_number, lien.advertising_number),
    )


def numbers_of(*numbers: str | None) -> str:
    """Return the numbers of a lien, each as it is written and without punctuation."""
    return _words(*numbers, *map(_joined, numbers))


def _cautions(lien: Lien, payoff: Payoff | None) -> tuple[str, ...]:
    """Return flags that say on what the figures rest; nobody filters by these."""
    flags = []
    if lien.sale_date_basis == "assumed":
        flags.append("assumed_sale_date")
    if payoff is not None and payoff.low_confidence:
        flags.append("low_confidence")
    return tuple(flags)


@lru_cache(maxsize=8192)
def place_of(city: str | None, county: str, state: str, zip_code: str | None) -> str:
    """Return the words of a place."""
    return _words(city, county, state, STATE_NAMES.get(state), zip_code)


def _words(*parts: str | None) -> str:
    return " ".join([part for part in parts if part])


def _joined(number: str | None) -> str | None:
    """Return a number without punctuation, where that makes another word of it."""
    if not number or number.isalnum():
        return None
    joined = number.replace("-", "")
    return joined if joined.isalnum() else _PUNCTUATION.sub("", number)


def scaled(value: Decimal | None, scale: int = 100) -> int | None:
    """Return whole parts, ``scale`` to one; None where unknown or beyond what an index can hold."""
    if value is None:
        return None
    parts = round(value * scale)
    return parts if -_I64 <= parts <= _I64 else None
