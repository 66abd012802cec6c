"""RealAuction: deed sales, foreclosures and sheriffs' sales. Calendar, day, items by LOAD, states by UPDATE.

The day is bound to the session by PREVIEW. Here the cookie itself says the day, so nothing is kept; without
it LOAD answers 200 with nothing in it, as the real site does.
"""

from __future__ import annotations

import calendar
import re
from datetime import date
from typing import Any

from taxlien.interfaces.scraper import LienObserved
from taxlien.run.simulator.plays.freshness import NUMBER, TICKS, TOKEN, fresh_token, freshened
from taxlien.run.simulator.plays.play import HostCard, dollars, full_day, parsed_day
from taxlien.run.simulator.plays.realauction_items import item_html, wording_of
from taxlien.run.simulator.plays.realauction_truth import observed
from taxlien.run.simulator.serving.messages import (
    HTML,
    Answer,
    Request,
    json_answer,
    not_found,
    page,
)
from taxlien.run.simulator.world.auctions import Item, SaleDay, SaleKind
from taxlien.run.simulator.world.world import World

ITEMS_A_PAGE = 10
MONTHS_AHEAD = 2

_LABELS = {"tax_deed": ("Tax Deed", "TD"), "foreclosure": ("Foreclosure", "FC")}
_ZONES = {"FL": "ET", "OH": "ET", "PA": "ET", "CO": "MT"}


class RealAuctionPlay:
    """One county's auctions. ``kinds`` are those sold on this host."""

    def __init__(self, card: HostCard, kinds: tuple[SaleKind, ...]) -> None:
        self.card = card
        self.kinds = kinds
        self.wording = wording_of(card.county)

    def respond(self, request: Request, world: World) -> Answer:
        """Answer what ``index.cfm`` is asked."""
        if not request.headers.get("user-agent"):
            return page("<html><title>403 Forbidden</title><h1>403 Forbidden</h1>", status=403)
        if request.path.lower() not in {"/", "/index.cfm"}:
            return not_found()
        asked = {name: value.upper() for name, value in request.parameters.items()}
        match asked.get("zaction", "USER"), asked.get("zmethod", "CALENDAR"), asked.get("fnc"):
            case "USER", "CALENDAR", _:
                return self._calendar(request, world)
            case "AUCTION", "PREVIEW", _:
                return self._preview(request, world)
            case "AUCTION", "UPDATE", "LOAD":
                return self._load(request, world)
            case "AUCTION", "UPDATE", "UPDATE":
                return self._states(request, world)
            case _:
                return not_found()

    def site(self, world: World) -> dict[str, Any]:
        """Sales of the last fortnight, this month and the next ones, and about how many items they have."""
        sales = [
            sale
            for year, month in _months(world.today, MONTHS_AHEAD + 1)
            for sale in self._sales(world, year, month)
        ]
        items = sum(sale.scheduled for sale in sales if sale.listed_on(world.today))
        return {
            "expected": {
                "min_records": items // 3,
                "max_records": 200 + 3 * items,
                "max_change": 2.0,
                "required": {"item_id": 0.9, "case_number": 0.9},
            },
            "quirks": {"months_ahead": str(MONTHS_AHEAD), "days_back": "14"},
        }

    def truth(self, key: str, world: World) -> dict[str, Any] | LienObserved | None:
        """``MM/DD/YYYY`` gives the items of a day by area, ``MM/DD/YYYY/AID`` one item."""
        if (sale := self._sale(parsed_day(key[:10]), world)) is None:
            return None
        items = world.items(self.card.county, sale)
        if len(key) > 10:
            return next((observed(i, self.wording) for i in items if i.item_id == key[11:]), None)
        return {
            area: [observed(i, self.wording) for i in _in_area(items, area)] for area in ("W", "C")
        }

    def _sales(self, world: World, year: int, month: int) -> list[SaleDay]:
        found = world.sale_days(self.card.county, year, month)
        return [sale for sale in found if sale.kind in self.kinds]

    def _sale(self, day: date | None, world: World) -> SaleDay | None:
        sale = world.sale_on(self.card.county, day) if day else None
        return sale if sale and sale.kind in self.kinds else None

    def _calendar(self, request: Request, world: World) -> Answer:
        asked = re.search(r"(\d{4})-(\d\d)-\d\d", request.parameters.get("selcaldate", ""))
        year, month = world.today.year, world.today.month
        if asked and 1 <= int(asked[2]) <= 12 and 1990 < int(asked[1]) < 2100:
            year, month = int(asked[1]), int(asked[2])
        sales = {sale.day: sale for sale in self._sales(world, year, month)}
        boxes = "\n".join(
            self._box(date(year, month, n), sales.get(date(year, month, n)), world)
            for n in range(1, calendar.monthrange(year, month)[1] + 1)
        )
        title = f"{calendar.month_name[month]} {year}"
        text = _CALENDAR.format(county=self.card.county.full_name, title=title, boxes=boxes)
        return page(freshened(text))

    def _box(self, day: date, sale: SaleDay | None, world: World) -> str:
        label = f"{calendar.month_name[day.month]}-{day.day:02d}-{day.year}"
        number = f'<span class="CALNUM">{day.day}</span>'
        if sale is None:
            return f'<div class="CALBOX CALW5" aria-label="{label}">{number}</div>'
        words, short = _LABELS[sale.kind]
        if self.card.county.state == "CO":
            words = "Treasurer Deed"
        items = world.items(self.card.county, sale)
        return (
            f'<div class="CALBOX CALW5 CALSELT" role="link" aria-label="{label}" dayid="{full_day(day)}">'
            f'{number} <span class="CALTEXT">{words}<br><span class="CALMSG">'
            f'<span class="CALACT">{len(_in_area(items, "W"))}</span> / <span class="CALSCH">{len(items)}'
            f'</span> {short}<br> </span><span class="CALTIME"> {sale.clock} {self._zone()}</span></span>'
            "</div>"
        )

    def _zone(self) -> str:
        return _ZONES.get(self.card.county.state, "ET")

    def _preview(self, request: Request, world: World) -> Answer:
        day = parsed_day(request.parameters.get("auctiondate", "")) or world.today
        sale = self._sale(day, world)
        items = world.items(self.card.county, sale) if sale else ()
        waiting, closed = _in_area(items, "W"), _in_area(items, "C")
        path = f"path=/{self.card.host}"
        body = _PREVIEW.format(
            county=self.card.county.full_name,
            day=f"{day:%A} {day:%B} {day.day}, {day.year}",
            waiting=_pages(waiting),
            closed=_pages(closed),
            ids=",".join(i.item_id for i in items),
        )
        cookies = (
            f"cfid={10_000 + day.toordinal() % 9_999}",
            f"cftoken={day:%Y%m%d}",
            f"AWSALB={fresh_token()}",
        )
        return page(
            freshened(body), headers=[("Set-Cookie", f"{cookie}; {path}") for cookie in cookies]
        )

    def _bound(self, request: Request, world: World) -> tuple[Item, ...]:
        """The items of the day that the session is bound to; none without one."""
        token = request.cookie("cftoken") or ""
        if not request.cookie("cfid") or not re.fullmatch(r"\d{8}", token):
            return ()
        sale = self._sale(parsed_day(f"{token[4:6]}/{token[6:]}/{token[:4]}"), world)
        return world.items(self.card.county, sale) if sale else ()

    def _load(self, request: Request, world: World) -> Answer:
        asked = request.parameters
        items = _in_area(self._bound(request, world), asked.get("area", "").upper())
        wanted = asked.get("bypasspage", "0") if asked.get("dor") == "1" else "1"
        # A page beyond the last is the last.
        number = min(max(1, int(wanted) if wanted.isdecimal() else 1), _pages(items))
        shown = items[(number - 1) * ITEMS_A_PAGE : number * ITEMS_A_PAGE]
        state = self.card.county.state
        html = "".join(item_html(item, self.wording, state) for item in shown)
        answer = {
            "retHTML": html + " " if html else "",
            "rlist": ",".join(item.item_id for item in shown),
        }
        return json_answer(answer, kind=HTML)

    def _states(self, request: Request, world: World) -> Answer:
        """What polling says of every item: sold, for how much, to what kind of buyer."""
        wanted = set(request.parameters.get("ref", "").split(","))
        rows = [_state_row(i) for i in self._bound(request, world) if i.item_id in wanted]
        return json_answer({"ADATA": {"AITEM": rows}}, kind=HTML)


def _in_area(items: tuple[Item, ...], area: str) -> tuple[Item, ...]:
    """Waiting items, or those closed and canceled. Nothing runs: sales of the day begin tomorrow."""
    if area == "W":
        return tuple(i for i in items if i.state == "waiting")
    return tuple(i for i in items if i.state != "waiting") if area == "C" else ()


def _pages(items: tuple[Item, ...]) -> int:
    return max(1, -(-len(items) // ITEMS_A_PAGE))


def _state_row(item: Item) -> dict[str, str]:
    row = {"AID": item.item_id, "A": "", "B": "", "C": "", "D": "", "ST": ""}
    match item.state:
        case "sold":
            sold = {"A": "Auction Sold", "B": f"{full_day(item.day)} 10:21 AM ET", "C": "Amount"}
            return row | sold | {"D": dollars(item.winning_bid or 0), "ST": item.buyer}
        case "canceled":
            return row | {"A": "Auction Status", "B": item.reason}
        case "unsold":
            return row | {"A": "Auction Status", "B": "No bids"}
        case _:
            return row | {"A": "Auction Starts", "B": f"{full_day(item.day)} 10:00 AM ET"}


def _months(day: date, count: int) -> list[tuple[int, int]]:
    first = day.year * 12 + day.month - 1
    return [(n // 12, n % 12 + 1) for n in range(first, first + count)]


_VISIT = f"CFID={NUMBER}&amp;CFTOKEN={TOKEN}&amp;tx={TICKS}"
_CALENDAR = """<!DOCTYPE html>
<html lang="en"><head><title>{county} - Auction Calendar</title></head><body>
<div id="topmenu"><a href="/index.cfm?zaction=HOME&amp;%VISIT%">Home</a></div>
<div id="Content_Title_Container"><div class="CALDATE">{title}</div>
<div class="CALHEAD"><div class="CALDAY">Monday</div><div class="CALDAY">Tuesday</div></div>
<div class="CALCONTENT">
{boxes}
</div></div></body></html>
""".replace("%VISIT%", _VISIT)
_PREVIEW = """<!DOCTYPE html>
<html lang="en"><head><title>{county} - Auction Preview</title></head><body>
<div id="leftMenu"><a href="http://records.example/">Property Appraiser</a></div>
<div class="BLHeaderNavigation">
<div class="BLHeaderPrev">
<a href="/index.cfm?zaction=USER&amp;zmethod=CALENDAR&amp;%VISIT%">Previous</a></div>
<div class="BLHeaderDateDisplay" tabindex="0">{day}</div>
<div class="BLHeaderNext">
<a href="/index.cfm?zaction=USER&amp;zmethod=CALENDAR&amp;%VISIT%">Next</a></div></div>
<div class="Head_R">Running Auctions</div><div id="Area_R" arid="R"></div>
<div class="Head_W">Auctions Waiting</div>
<div class="PageFrame">
<input type="text" id="curPWA" curpg="1" value="1"> of <span id="maxWA">{waiting}</span></div>
<div id="Area_W" arid="W"></div>
<div class="PageFrame">
<input type="text" id="curPWB" curpg="1" value="1"> of <span id="maxWB">{waiting}</span></div>
<div class="Head_C">Auctions Closed or Canceled</div>
<div class="PageFrame">
<input type="text" id="curPCA" curpg="1" value="1"> of <span id="maxCA">{closed}</span></div>
<div id="Area_C" arid="C"></div>
<div class="PageFrame">
<input type="text" id="curPCB" curpg="1" value="1"> of <span id="maxCB">{closed}</span></div>
<div id="ALB" style="display:none">{ids}</div>
</body></html>
""".replace("%VISIT%", _VISIT)
