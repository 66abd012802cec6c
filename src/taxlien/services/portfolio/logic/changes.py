"""What a change of a lien means to whoever watches it, its parcel, its county or its sale."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from taxlien.interfaces.liens import (
    Lien,
    LienChanged,
    LienCreated,
    LienStatus,
    LienStatusChanged,
    published_price,
)
from taxlien.interfaces.portfolio import WatchReason

LienEvent = LienCreated | LienChanged | LienStatusChanged

# What the product itself works out or numbers: no news to anybody.
_QUIET = frozenset({"latitude", "longitude", "source", "advertising_number", "bid_count"})


class Before(NamedTuple):
    """A lien as it was last heard of. ``price`` in US dollars."""

    version: int
    status: LienStatus
    price: Decimal | None


class Change(NamedTuple):
    """What happened to a lien. Prices in US dollars, None is unknown."""

    lien: Lien
    reason: WatchReason
    previous_status: LienStatus | None
    previous_price: Decimal | None
    price: Decimal | None


def state_of(lien: Lien) -> Before:
    """Return what has to be remembered of a lien, so that its next change can be told."""
    return Before(lien.version, lien.status, published_price(lien)[0])


def own_change(event: LienEvent, before: Before | None) -> Change | None:
    """Return what an event means to whoever watches the lien or its parcel; None: it is no news.

    ``before`` None is a lien that was never heard of. A version that is not newer is no news.
    """
    lien, price = event.lien, published_price(event.lien)[0]
    if before is not None and lien.version <= before.version:
        return None
    previous = before.price if before else None
    match event:
        case LienCreated():
            return Change(lien, "new_lien", None, None, price)
        case LienStatusChanged():
            return _of_status(event, previous)
    if price is not None and previous is not None and price < previous:
        return Change(lien, "price_dropped", before.status if before else None, previous, price)
    if _QUIET.issuperset(event.changed):
        return None
    return Change(lien, "changed", before.status if before else None, previous, price)


def county_change(event: LienEvent) -> Change | None:
    """Return what an event means to whoever watches the county: only what is new there."""
    if isinstance(event, LienCreated):
        return Change(event.lien, "new_lien", None, None, published_price(event.lien)[0])
    return None


def auction_change(event: LienEvent) -> Change | None:
    """Return what an event means to whoever watches its sale: what comes onto it, and what becomes of it."""
    dated = isinstance(event, LienChanged | LienStatusChanged) and {
        "sale_date",
        "sale_date_basis",
    }.intersection(event.changed)
    if isinstance(event, LienCreated) or dated:
        return Change(event.lien, "new_lien", None, None, published_price(event.lien)[0])
    return _of_status(event, None) if isinstance(event, LienStatusChanged) else None


def _of_status(event: LienStatusChanged, previous_price: Decimal | None) -> Change:
    reason: WatchReason = "redeemed" if event.lien.status == "redeemed" else "status_changed"
    price = published_price(event.lien)[0]
    return Change(event.lien, reason, event.previous_status, previous_price, price)
