"""Items as the site's own calls list them (JSON). Marks for nothing (-1 bids, a bid of 0) are nulls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from taxlien.interfaces.scraper import ItemKind, ItemStatus, LienObserved
from taxlien.services.scraper.logic.labelled import Labelled, identifier
from taxlien.services.scraper.logic.reading_cells import STATES, money, said, squeeze
from taxlien.services.scraper.logic.sites import Site

from .titles import mark_of, parcel_of, place_of, same_place
from .walking import county_of

EASTERN = ZoneInfo("America/New_York")
PROMISED = (
    "parcel_id",
    "opening_bid",
    "sale_date",
    "bid_count",
    "winning_bid",
    "situs_address",
    "city",
)
_NAMES: dict[str, tuple[str, ...]] = {
    "item_id": ("auctionid", "itemid"),
    "title": ("assettitle", "title"),
    "minimum": ("minimumbid", "minbid"),
    "current": ("currentbidamount", "highbidamount", "currentbid"),
    "bids": ("bidcount", "numberofbids", "bidscount"),
    "remaining": (
        "timeremaining",
        "remaining",
        "auctionstatusstring",
        "statusstring",
        "closesinstring",
    ),
    "opens": ("bidopentime", "opentime"),
    "closes": ("bidclosetime", "actualclosetime", "closetime"),
    "parcel": ("apn", "parcelnumber", "parcelid"),
    "address": ("address", "propertyaddress"),
    "city": ("locatedcity",),
    "state": ("locatedstate",),
}


class ListedItems(NamedTuple):
    """The items of one answer, and how many of its rows are of another county or no rows of items."""

    liens: tuple[LienObserved, ...]
    foreign: int
    unread: int


def listed_items(rows: Iterable[Any], site: Site, now: datetime | None) -> ListedItems:
    """Read the rows of an answer. Rows whose title names another county are counted and left out."""
    liens: list[LienObserved] = []
    foreign = unread = 0
    mine = county_of(site)
    for row in rows:
        named = _named(row) if isinstance(row, dict) else {}
        number, title = _text(named.get("item_id")), _text(named.get("title"))
        if not number.isdecimal() or not title:
            unread += 1
            continue
        place = place_of(title)
        if mine is not None and place is not None and not same_place(place, *mine):
            foreign += 1
            continue
        liens.append(_item(number, title, named, now))
    return ListedItems(tuple(liens), foreign, unread)


def _named(row: Mapping[Any, Any]) -> dict[str, Any]:
    bare = {str(key).lower().replace("_", ""): value for key, value in row.items()}
    return {
        name: bare[key]
        for name, keys in _NAMES.items()
        if (key := next((k for k in keys if bare.get(k) not in (None, "")), None))
    }


def _item(number: str, title: str, named: Mapping[str, Any], now: datetime | None) -> LienObserved:
    found = Labelled()
    opens, closes = moment(named.get("opens")), moment(named.get("closes"))
    status = status_of(title, _text(named.get("remaining")), opens, closes, now)
    parcel = parcel_of(title)
    origin = "the title" if parcel else "apn"
    found.take("parcel_id", parcel or _text(named.get("parcel")), origin, identifier)
    if "minimum" in named:
        found.take("opening_bid", _text(named["minimum"]), "minimumBid", _amount)
    _take_bids(found, named, status)
    if closes is not None:
        found.values["sale_date"], found.origins["sale_date"] = closes.date(), "bidCloseTime"
        found.attributes["Closes"] = f"{closes:%Y-%m-%d %H:%M} ET"
    if opens is not None:
        found.attributes["Opens"] = f"{opens:%Y-%m-%d %H:%M} ET"
    _take_place(found, named)
    found.require(PROMISED, "the list does not say")
    return LienObserved(
        kind=kind_of(title),
        status=status,
        parcel_id=found.values.pop("parcel_id", None),
        item_id=number,
        **found.record(),
    )


def _take_bids(found: Labelled, named: Mapping[str, Any], status: ItemStatus) -> None:
    bids, current = named.get("bids"), named.get("current")
    if isinstance(bids, int) and not isinstance(bids, bool) and bids >= 0:
        found.values["bid_count"], found.origins["bid_count"] = bids, "bidCount"
    elif bids is not None:
        found.miss("bid_count", "bidCount is the site's mark for not said")
    amount = _amount(_text(current)) if current is not None else None
    if amount is None or amount <= 0:
        if current is not None:
            found.miss("winning_bid", "a current bid of 0 is the site's mark for none")
    elif status == "sold":
        found.values["winning_bid"], found.origins["winning_bid"] = (
            amount,
            "currentBidAmount of a sold item",
        )
    else:
        found.attributes["Current Bid"] = str(amount)
        found.miss("winning_bid", "the item is not sold")


def _take_place(found: Labelled, named: Mapping[str, Any]) -> None:
    """City and state are swapped in the source; whichever is a state's letters is the state."""
    if address := said(_text(named.get("address"))):
        found.take("situs_address", address[:200], "address")
    places = [said(_text(named.get(key))) for key in ("city", "state")]
    cities = [
        p for p in places if p and p.upper() not in STATES and not any(c.isdigit() for c in p)
    ]
    if len(cities) == 1:
        found.take("city", cities[0], "locatedCity and locatedState, swapped as they may be")


def status_of(
    title: str, words: str, opens: datetime | None, closes: datetime | None, now: datetime | None
) -> ItemStatus:
    """By the mark before the title, then by the words, then by the clock."""
    said_so = f"{mark_of(title) or ''} {words.lower()}"
    for word, status in _STATUSES:
        if word in said_so:
            return status
    if now is not None and closes is not None and now >= closes:
        return "closed"
    if now is not None and opens is not None and now >= opens:
        return "running"
    return "advertised"


_STATUSES: tuple[tuple[str, ItemStatus], ...] = (
    ("withdrawn", "removed"),
    ("removed", "removed"),
    ("cancel", "removed"),
    ("redeemed", "redeemed"),
    ("not sold", "unsold"),
    ("unsold", "unsold"),
    ("no sale", "unsold"),
    ("no bids", "unsold"),
    ("reserve not met", "unsold"),
    ("not started", "advertised"),
    ("preview", "advertised"),
    ("upcoming", "advertised"),
    ("sold", "sold"),
    ("closed", "closed"),
    ("in progress", "running"),
)


def kind_of(text: str) -> ItemKind:
    """A county's tax sale, unless the words say that a court's judgment is behind it."""
    plain = text.lower()
    return "foreclosure" if "sheriff" in plain or "mortgage" in plain else "deed_sale"


def moment(value: object) -> datetime | None:
    """Read ``2026-04-28T14:15:00``; without a zone it is Eastern time, as everything on this site."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if when.year < 1990:
        return None
    return when.replace(tzinfo=EASTERN) if when.tzinfo is None else when.astimezone(EASTERN)


def _amount(text: str) -> Decimal | None:
    amount = money(text)
    return amount if amount is not None and amount >= 0 else None


def _text(value: object) -> str:
    if isinstance(value, float):
        return format(Decimal(str(value)), "f")
    if not isinstance(value, str | int):
        return ""
    # A JSON escape can write half of a surrogate pair, which nothing behind us can hold.
    return squeeze(str(value).encode("utf-8", "replace").decode())


def closing_day(text: str) -> date | None:
    """Read the day of ``2026-04-28`` in a request's context."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
