"""What other services may know of portfolios: what a user watches, and what happened to it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from taxlien.interfaces.liens import Lien, LienStatus
from taxlien.kit.events import Event

WatchTarget = Literal["lien", "parcel", "county", "auction"]

WatchPace = Literal["instant", "daily", "weekly", "off"]

WatchReason = Literal[
    "new_lien",  # a lien appeared on a watched parcel, in a watched county or auction
    "price_dropped",  # what an investor would pay fell
    "redeemed",
    "status_changed",  # any other change of status
    "changed",  # other published facts
]


class WatchTriggered(Event, frozen=True, kw_only=True):
    """Something a user watches changed: once for a watch, a lien and a version of it.

    ``label`` is the user's or the product's name of what is watched, ``pace`` how soon its user wants to
    hear; whoever tells people decides when and how. Prices in US dollars, null unknown.
    """

    type: ClassVar[str] = "watch.triggered"

    user_id: UUID
    watch_id: UUID
    target: WatchTarget
    label: str
    pace: WatchPace = "instant"
    reason: WatchReason
    lien: Lien
    previous_status: LienStatus | None = None
    previous_price: Decimal | None = None
    price: Decimal | None = None
    at: datetime

    def key(self) -> str:
        return str(self.user_id)


class AuctionNeared(Event, frozen=True, kw_only=True):
    """A sale that concerns a watch of a user begins within a day: once for a user and a sale.

    ``auction_on`` is the local date in ``time_zone``; ``starts_at`` the same in UTC, the hour the
    county publishes or 00:00 where it publishes none. ``watched`` counts the user's watched liens in it.
    """

    type: ClassVar[str] = "auction.neared"

    user_id: UUID
    state: str
    county_fips: str
    county: str
    auction_on: date
    starts_at: datetime
    time_zone: str
    hour_known: bool
    watched: int
    at: datetime

    def key(self) -> str:
        return str(self.user_id)
