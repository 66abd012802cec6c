"""The way through a site: months, days, then three areas of items a day, ten items a page.

The day's page is asked for first in the same session: without it the item calls answer, with 200, nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from urllib.parse import quote

import msgspec

from taxlien.interfaces.scraper import LienObserved, SaleDayObserved
from taxlien.services.scraper.logic.pages import PageRequest, Scope, Step
from taxlien.services.scraper.logic.reading_cells import day, whole
from taxlien.services.scraper.logic.sites import Site

from .days import DayPage

ITEMS_A_PAGE = 10
MOST_PAGES = 200
MONTHS_AHEAD = 3
DAYS_BACK = 14
AREAS = ("R", "W", "C")

_AREA_NAMED = re.compile(r"area[-_ ]?([rwc])(?![a-z])", re.IGNORECASE)
_ISO_NAMED = re.compile(r"(20\d\d)-(\d\d)-(\d\d)")
_US_NAMED = re.compile(r"(?<!\d)(\d\d)-(\d\d)-(20\d\d)")


def months(site: Site, scope: Scope) -> Iterator[PageRequest]:
    """Ask for the calendar of this month and the next; of the last one too, while its sales end.

    ``quirks`` may say ``months_ahead`` and ``days_back``.
    """
    ahead = _number(site, "months_ahead", MONTHS_AHEAD)
    month = (scope.today - timedelta(days=_number(site, "days_back", DAYS_BACK))).replace(day=1)
    last = scope.today.replace(day=1)
    for _ in range(ahead):
        last = _next(last)
    while month <= last:
        yield calendar_request(month, scope.today)
        month = _next(month)


def calendar_request(month: date, today: date | None) -> PageRequest:
    """The calendar of the month that ``month`` begins."""
    context = {"month": f"{month:%Y-%m}"}
    if today:
        context["today"] = today.isoformat()
    stamp = quote(f"{{ts '{month:%Y-%m}-01 00:00:00'}}", safe="")
    return PageRequest(
        key=f"calendar/{month:%Y-%m}",
        kind="calendar",
        path=f"/index.cfm?zaction=USER&zmethod=CALENDAR&selCalDate={stamp}",
        context=context,
    )


def days_to_visit(
    sales: Sequence[SaleDayObserved], site: Site, today: date | None
) -> Iterator[PageRequest]:
    """Ask for the days on which something is, or was lately, to be sold."""
    since = today - timedelta(days=_number(site, "days_back", DAYS_BACK)) if today else None
    by_day: dict[date, list[SaleDayObserved]] = {}
    for sale in sales:
        if sale.items_scheduled != 0 or sale.items_active != 0:
            by_day.setdefault(sale.sale_date, []).append(sale)
    for on, sold in by_day.items():
        if since is None or on >= since:
            yield day_request(on, sold, today)


def day_request(on: date, sold: Sequence[SaleDayObserved], today: date | None) -> PageRequest:
    """The page of one day. What the calendar said of the day goes with it."""
    context = {"auction_date": on.isoformat()}
    if today:
        context["today"] = today.isoformat()
    kinds = {sale.kind for sale in sold}
    if len(kinds) == 1:
        context["sale"] = kinds.pop().replace("_", " ")
    if sold and all(sale.items_active is not None for sale in sold):
        context["active"] = str(sum(sale.items_active or 0 for sale in sold))
    return PageRequest(
        key=f"day/{on.isoformat()}",
        kind="day",
        path=_day_path(on),
        session=f"day {on.isoformat()}",
        context=context,
    )


def areas_of_day(page: DayPage, on: date, context: dict[str, str]) -> Iterator[PageRequest]:
    """Ask for the first page of each area of the day."""
    for area in AREAS:
        known = dict(context)
        if area in page.pages:
            known["pages"] = str(page.pages[area])
        if page.listed is not None:
            known["listed"] = str(page.listed)
        yield items_request(on, area, 1, known)


def items_request(on: date, area: str, number: int, context: dict[str, str]) -> PageRequest:
    """One page of one area: ``W`` waiting, ``R`` running, ``C`` closed or cancelled."""
    turn = "doR=0&bypassPage=0" if number == 1 else f"doR=1&bypassPage={number}"
    return PageRequest(
        key=f"items/{on.isoformat()}/{area}/{number}",
        kind="items",
        path=f"/index.cfm?zaction=AUCTION&Zmethod=UPDATE&FNC=LOAD&AREA={area}&PageDir=0&{turn}&test=1",
        headers={"X-Requested-With": "XMLHttpRequest"},
        session=f"day {on.isoformat()}",
        steps=(Step(path=_day_path(on)),),
        context={**context, "auction_date": on.isoformat(), "area": area, "page": str(number)},
    )


def next_page(context: dict[str, str], ids: Sequence[str]) -> PageRequest | None:
    """The page after this one, where there is or may be one."""
    on, number = day(context.get("auction_date")), whole(context.get("page")) or 1
    pages = whole(context.get("pages"))
    more = number < pages if pages else len(ids) >= ITEMS_A_PAGE
    if on is None or not more or number >= MOST_PAGES:
        return None
    known = {**context, "before": ",".join(ids)}
    return items_request(on, context.get("area", "W"), number + 1, known)


def statuses_request(context: dict[str, str], liens: Sequence[LienObserved]) -> PageRequest | None:
    """Ask how the closed items of a page ended. The items go along: the answer has only numbers."""
    on = day(context.get("auction_date"))
    ids = [lien.item_id for lien in liens if lien.item_id]
    if on is None or not ids:
        return None
    area, number = context.get("area", "C"), context.get("page", "1")
    return PageRequest(
        key=f"statuses/{on.isoformat()}/{area}/{number}",
        kind="statuses",
        path=f"/index.cfm?zaction=AUCTION&ZMETHOD=UPDATE&FNC=UPDATE&ref={','.join(ids)}",
        headers={"X-Requested-With": "XMLHttpRequest"},
        session=f"day {on.isoformat()}",
        steps=(Step(path=_day_path(on)),),
        context={
            "auction_date": on.isoformat(),
            "area": area,
            "page": number,
            "items": msgspec.json.encode(liens).decode(),
        },
    )


def request_of_file(name: str) -> PageRequest:
    """The request that would have given a saved page, as far as its name tells."""
    context: dict[str, str] = {}
    if found := _ISO_NAMED.search(name):
        context["auction_date"] = "-".join(found.groups())
    elif found := _US_NAMED.search(name):
        context["auction_date"] = f"{found[3]}-{found[1]}-{found[2]}"
    if area := _AREA_NAMED.search(name):
        context["area"] = area[1].upper()
    lower = name.lower()
    kind = "items"
    if "calendar" in lower or "zmethod=calendar" in lower:
        kind = "calendar"
    elif "preview" in lower:
        kind = "day"
    elif "fnc=update" in lower or "statuses" in lower:
        kind = "statuses"
    return PageRequest(key=f"file/{name}", kind=kind, path=f"/{quote(name)}", context=context)


def _day_path(on: date) -> str:
    return f"/index.cfm?zaction=AUCTION&Zmethod=PREVIEW&AUCTIONDATE={on:%m/%d/%Y}"


def _next(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _number(site: Site, quirk: str, otherwise: int) -> int:
    said = site.quirks.get(quirk, "")
    return min(int(said), 366) if said.isdecimal() else otherwise
