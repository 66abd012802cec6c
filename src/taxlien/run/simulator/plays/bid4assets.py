"""Bid4Assets: calendar, storefronts whose items come by a call of their own, and a page for each item.

Only the calendar was there to compare with; the rest follows what its readers wrote down.
"""

from __future__ import annotations

from calendar import month_abbr, month_name
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from taxlien.interfaces.scraper import ItemStatus, LienObserved
from taxlien.run.simulator.plays.bid4assets_pages import (
    auction_page,
    calendar_page,
    storefront_page,
)
from taxlien.run.simulator.plays.freshness import freshened
from taxlien.run.simulator.plays.play import HostCard, money
from taxlien.run.simulator.serving.messages import Answer, Request, json_answer, not_found, page
from taxlien.run.simulator.world.auctions import Item, SaleDay, items, place_of_item
from taxlien.run.simulator.world.draws import Draw, topic
from taxlien.run.simulator.world.world import World

_SALE = topic("storefront")
_MONTHS = (3, 6, 9, 12)
_STATUSES: dict[str, ItemStatus] = {
    "waiting": "advertised",
    "canceled": "removed",
    "sold": "sold",
    "unsold": "closed",
}
_WORDS = {"waiting": "Not started", "canceled": "Withdrawn", "sold": "Sold", "unsold": "Closed"}


class Bid4AssetsPlay:
    """One county's sales, and a calendar that names its neighbours' too."""

    def __init__(self, card: HostCard) -> None:
        self.card = card

    @cached_property
    def _word(self) -> str:
        return "".join(part.title() for part in self.card.county.name.split())

    def respond(self, request: Request, world: World) -> Answer:
        """Answer calendar, storefronts, their items, the search and the items' pages."""
        path = request.path
        if path in {"/", "/county-tax-sales"}:
            return page(freshened(calendar_page(self.card.county, self._events(world))))
        if path.startswith("/storefront/"):
            return self._storefront(path.removeprefix("/storefront/"), world)
        if path == "/api/storefront/auctions/index" and request.method == "POST":
            return self._items(request, world)
        if path == "/api/search/process" and request.method == "POST":
            return self._search(request, world)
        if path.startswith("/auction/index/"):
            return self._auction(path.removeprefix("/auction/index/"), world)
        return not_found()

    def site(self, world: World) -> dict[str, Any]:
        """The sales whose storefront is open."""
        county = self.card.county
        listed = sum(len(self._of(sale, world)) for sale in self._open(world))
        return {
            "expected": {
                "min_records": max(1, listed // 2),
                "max_records": 3 * listed + 100,
                "max_change": 2.0,
            },
            "quirks": {
                "county": county.name.title(),
                "state": county.state,
                "details": "yes" if county.style % 2 == 0 else "no",
            },
        }

    def truth(self, key: str, world: World) -> dict[str, Any] | None:
        """By the auction's number: what the list says, and what its own page says.

        ``storefronts`` gives the sales that are open, with their items.
        """
        if key == "storefronts":
            return {
                self.slug(sale): [i.item_id for i in self._of(sale, world)]
                for sale in self._open(world)
            }
        found = self._item(key, world)
        return {"listed": listed(found), "page": observed(found)} if found else None

    def slug(self, sale: SaleDay) -> str:
        """Such as ``AdamsWADec26``."""
        county = self.card.county
        return f"{self._word}{county.state}{month_abbr[sale.day.month]}{sale.day.year % 100}"

    def _sale(self, year: int, month: int, world: World) -> SaleDay:
        """The sale of a quarter; it closes on the twelfth."""
        draw = Draw(world.seed, _SALE, self.card.county.index, year, month)
        return SaleDay(
            date(year, month, 12), "tax_deed", "12:00 PM", min(world.late, 12 + draw.below(60))
        )

    def _sales(self, world: World) -> list[SaleDay]:
        year = world.today.year
        return [self._sale(y, m, world) for y in (year - 1, year, year + 1) for m in _MONTHS]

    def _events(self, world: World) -> list[tuple[SaleDay, str | None]]:
        """Sales from last month on, with their storefront where it is open."""
        since, until = world.today - timedelta(31), world.today + timedelta(300)
        opened = {sale.day for sale in self._open(world)}
        return [
            (sale, self.slug(sale) if sale.day in opened else None)
            for sale in self._sales(world)
            if since <= sale.day <= until
        ]

    def _open(self, world: World) -> list[SaleDay]:
        near = timedelta(60)
        return [s for s in self._sales(world) if s.day - near <= world.today <= s.day + near / 2]

    def _of(self, sale: SaleDay, world: World) -> tuple[Item, ...]:
        return items(world.seed, self.card.county, world.each, sale, world.today)

    def _item(self, number: str, world: World) -> Item | None:
        told = place_of_item(number)
        for sale in self._sales(world):
            if told and sale.day.toordinal() % 10_000 == told[0]:
                items_of_sale = self._of(sale, world)
                return items_of_sale[told[1]] if told[1] < len(items_of_sale) else None
        return None

    def _storefront(self, slug: str, world: World) -> Answer:
        sale = next((s for s in self._open(world) if self.slug(s) == slug), None)
        if sale is None:
            return not_found("This storefront is not open.")
        title = f"{month_name[sale.day.month]} {sale.day.year}"
        return page(freshened(storefront_page(self.card.county, title, _number(sale))))

    def _items(self, request: Request, world: World) -> Answer:
        """The items of a folder: even numbers in the first, odd ones in the second."""
        asked = request.json
        number, folder = asked.get("storefrontId"), asked.get("storefrontCollectionId")
        sale = next((s for s in self._open(world) if _number(s) == number), None)
        if sale is None or not isinstance(folder, int):
            return json_answer({"data": []})
        turn = folder - _number(sale) * 10 - 1
        rows = [self._row(i) for i in self._of(sale, world) if int(i.item_id) % 2 == turn]
        return json_answer({"data": rows, "total": len(rows)})

    def title(self, item: Item) -> str:
        """``Adams County, WA: APN: 123``; stars before what was withdrawn."""
        county = self.card.county
        mark = "***Withdrawn*** " if item.state == "canceled" else ""
        return f"{mark}{county.full_name}, {county.state}: APN: {item.parcel.parcel_id}"

    def _row(self, item: Item) -> dict[str, Any]:
        opens = item.day - timedelta(3)
        return {
            "auctionID": int(item.item_id),
            "asset_title": self.title(item),
            "minimumBid": item.opening_bid / 100,
            "currentBidAmount": (item.winning_bid or 0) / 100,
            "bidCount": item.bids if item.winning_bid else -1,
            "timeRemaining": _WORDS[item.state],
            "bidOpenTime": f"{opens.isoformat()}T11:00:00",
            "bidCloseTime": f"{item.day.isoformat()}T14:15:00",
            "statusID": 2 if item.state == "waiting" else 4,
        }

    def _search(self, request: Request, world: World) -> Answer:
        """Whoever leaves out one of five fields is told, with 200, that there is nothing."""
        asked = request.json
        needed = ("type", "searchtype", "assetstatus", "channel", "locatedstate")
        rows: list[dict[str, Any]] = []
        if all(asked.get(name) for name in needed):
            for sale in self._open(world):
                rows += [self._found(i) for i in self._of(sale, world) if i.state == "waiting"]
        skip = request.parameters.get("skip", "0")
        take = request.parameters.get("take", "25")
        first = int(skip) if skip.isdecimal() else 0
        count = int(take) if take.isdecimal() else 25
        return json_answer({"data": rows[first : first + count], "total": len(rows)})

    def _found(self, item: Item) -> dict[str, Any]:
        row = self._row(item)
        return {
            "auctionId": row["auctionID"],
            "assetTitle": row["asset_title"],
            "highBidAmount": None,
            "bidOpenTime": row["bidOpenTime"],
            "bidCloseTime": row["bidCloseTime"],
            "bidCount": -1,
            "currentBid": 0,
            "linkUrl": f"/auction/{item.item_id}",
            # The source has city and state the wrong way round.
            "locatedCity": self.card.county.state,
            "locatedState": item.parcel.city.title(),
        }

    def _auction(self, number: str, world: World) -> Answer:
        item = self._item(number, world)
        if item is None:
            return not_found("This auction was not found.")
        return page(freshened(auction_page(item, self.title(item), self.card.county)))


def _number(sale: SaleDay) -> int:
    return sale.day.year * 100 + sale.day.month


def listed(item: Item) -> LienObserved:
    """The row of the list, as a correct parser hands it on."""
    return LienObserved(
        kind="deed_sale",
        status=_STATUSES[item.state],
        parcel_id=" ".join(item.parcel.parcel_id.split()),
        item_id=item.item_id,
        sale_date=item.day,
        opening_bid=money(item.opening_bid),
        winning_bid=None if item.winning_bid is None else money(item.winning_bid),
        bid_count=item.bids if item.winning_bid else None,
    )


def observed(item: Item) -> LienObserved:
    """The page of the item: no minimum bid once it is sold or withdrawn, but more of the property."""
    return replace(
        listed(item),
        opening_bid=money(item.opening_bid) if item.state in {"waiting", "unsold"} else None,
        deposit=money(item.deposit),
        amount_due=money(item.judgment),
        situs_address=item.parcel.situs or None,
        city=item.parcel.city,
    )
