"""Pages of Bid4Assets."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from taxlien.run.simulator.plays.play import dollars, safe
from taxlien.run.simulator.world.auctions import Item, SaleDay
from taxlien.run.simulator.world.counties import County


def calendar_page(county: County, events: Sequence[tuple[SaleDay, str | None]]) -> str:
    """Months with their sales; a sale without a storefront is only announced. Days have no year."""
    months = []
    for (year, month), found in groupby(events, key=lambda e: (e[0].day.year, e[0].day.month)):
        rows = "".join(_event(county, sale, slug) for sale, slug in found)
        months.append(
            f'<div class="month active" data-year="{year}" style="width: 298px;">\n<div class="title">\n<h3>'
            f'{month_name[month]}</h3>\n</div>\n<ul class="auction-list">\n{rows}</ul>\n</div>\n'
        )
    later = events[-1][0].day if events else None
    if later:
        words = f"Tax Sale Dates to be announced soon for {month_name[later.month % 12 + 1]}"
        year = later.year + later.month // 12
        months.append(
            f'<div class="month" data-year="{year}"><div class="title"><h3>'
            f"{month_name[later.month % 12 + 1]}</h3>"
            f'</div>\n<ul class="auction-list">\n<li>\n{words}\n</li>\n</ul>\n</div>\n'
        )
    return _CALENDAR.format(months="".join(months), year=events[0][0].day.year if events else "")


def _event(county: County, sale: SaleDay, slug: str | None) -> str:
    title = f"{safe(county.full_name)}, {county.state} Tax Foreclosed Properties Auction"
    first = sale.day - timedelta(3)
    named = f'<a href="/storefront/{slug}">{title}</a>' if slug else f"<strong>{title}</strong>"
    days = f"{month_name[first.month]} {_ordinal(first.day)} - {_ordinal(sale.day.day)}"
    return f"<li>\n{named}\n<span>{days}</span>\n</li>\n"


def _ordinal(day: int) -> str:
    ending = "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def storefront_page(county: County, title: str, number: int) -> str:
    """A storefront with two folders."""
    folders = "".join(
        f'<div class="accordion"><input type="checkbox" name="accordion-1" id="ac-{number * 10 + n}"><label '
        f'for="ac-{number * 10 + n}">Folder {n}</label></div>\n'
        for n in (1, 2)
    )
    script = ",".join(f'{{"StorefrontCollectionId":{number * 10 + n}}}' for n in (1, 2))
    name = f"{safe(county.full_name)}, {county.state}"
    return _STOREFRONT.format(name=name, title=title, number=number, folders=folders, script=script)


def auction_page(item: Item, title: str, county: County) -> str:
    """An item. Rows of the panel move once it is sold or withdrawn: others take their place."""
    opens = item.day - timedelta(3)
    rows = [("Auction ID", item.item_id)]
    match item.state:
        case "sold":
            rows += [("Status", "Sold"), ("Winning Bid", dollars(item.winning_bid or 0))]
            rows += [("Number of Bids", str(item.bids))]
        case "canceled":
            rows += [("Status", "Withdrawn")]
        case "unsold":
            rows += [("Status", "Closed"), ("Minimum Bid", dollars(item.opening_bid))]
        case _:
            rows += [("Minimum Bid", dollars(item.opening_bid)), ("Reserve", "No Reserve")]
    rows += [
        ("Auction Starts", f"{opens:%m-%d-%y} 11:00 AM ET"),
        ("Auction Closes", f"{item.day:%m-%d-%y} 02:15 PM ET"),
        ("Deposit Required", dollars(item.deposit)),
    ]
    held = item.parcel
    street = f"{safe(held.situs)}<br>" if held.situs else ""
    specifics = (
        ("Debt Amount", dollars(item.judgment)),
        ("<strong>APN</strong>", safe(held.parcel_id)),
        ("Legal Description", safe(held.legal)),
        ("Address", f"{street}{safe(held.city)}, {county.state}."),
    )
    return _AUCTION.format(
        title=safe(title),
        panel="".join(f"<tr><td>{label}</td><td>{value}</td></tr>\n" for label, value in rows),
        specifics="".join(
            f"<tr><td>{label}</td><td>{value}</td></tr>\n" for label, value in specifics
        ),
    )


_CALENDAR = """<!DOCTYPE html>
<html lang="en"><head><title>County Tax Sales | Bid4Assets</title></head><body>
<section class="auction-calendar">
<h2>Auction Calendar <span class="year strong" data-content="year">{year}</span></h2>
<div id="auction-calendar-carousel" class="calendar-carousel"><div class="carousel-inner">
<div class="calendar" data-show="3">
{months}</div></div></div>
</section>
<input name="__RequestVerificationToken" type="hidden" value="%FRESH_STATE%">
</body></html>
"""
_STOREFRONT = """<!DOCTYPE html>
<html lang="en"><head><title>{name} Tax Foreclosed Properties Auction {title}</title></head><body>
<h1>{name} Tax Foreclosed Properties Auction</h1>
<input type="hidden" name="StorefrontId" value="{number}">
<div id="auction-folders-wp">
{folders}</div>
<script>var folders = [{script}];</script>
<input name="__RequestVerificationToken" type="hidden" value="%FRESH_STATE%">
</body></html>
"""
_AUCTION = """<!DOCTYPE html>
<html lang="en"><head><title>{title}</title></head><body>
<div id="auction-content"><h1>{title}</h1>
<div id="auction-right-panel"><table>
{panel}</table></div>
<h2>Item Specifics - Parcel Information</h2>
<table class="item-specifics-table">
{specifics}</table></div>
<input name="__RequestVerificationToken" type="hidden" value="%FRESH_STATE%">
</body></html>
"""
