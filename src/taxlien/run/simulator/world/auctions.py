"""Days on which a county sells land, and the items of each: they come up, are paid off, sell or do not.

Money is in cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal

from taxlien.run.simulator.world.assessments import last_roll, roll
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.draws import Draw, topic
from taxlien.run.simulator.world.liens import face_amount, late_count, late_parcel
from taxlien.run.simulator.world.parcels import Parcel, parcel

_DAY = topic("sale day")
_ITEM = topic("item")

# An item comes on the list this long before its day.
LISTED_DAYS = 60
FIRST_ITEM = 1_000_000

SaleKind = Literal["tax_deed", "foreclosure"]
ItemState = Literal["waiting", "canceled", "sold", "unsold"]


@dataclass(frozen=True, slots=True)
class SaleDay:
    """A day of sale. ``active`` items are still on, of ``scheduled`` that were ever listed."""

    day: date
    kind: SaleKind
    clock: str
    scheduled: int

    def listed_on(self, today: date) -> bool:
        """Whether its items are on the list yet."""
        return self.day - timedelta(LISTED_DAYS) <= today


@dataclass(frozen=True, slots=True)
class Item:
    """A parcel up for sale, as it stands on the day that was asked for. Cents; None where unknown yet."""

    item_id: str
    kind: SaleKind
    day: date
    case_number: str
    certificate_number: str
    opening_bid: int
    judgment: int
    deposit: int
    assessed: int
    market: int
    state: ItemState
    reason: str
    winning_bid: int | None
    buyer: str
    bids: int
    parcel: Parcel


@cache
def sale_days(seed: int, county: County, count: int, year: int, month: int) -> tuple[SaleDay, ...]:
    """The days of sale in a month: every Thursday but a few, and Mondays for foreclosures in Florida."""
    day, found, most = date(year, month, 1), [], late_count(count)
    while day.month == month:
        draw = Draw(seed, _DAY, county.index, day.toordinal())
        if day.weekday() == 3 and draw.chance(0.8):
            kind: SaleKind = "foreclosure" if county.state in {"OH", "PA"} else "tax_deed"
            found.append(SaleDay(day, kind, "10:00 AM", min(most, 1 + draw.below(34))))
        elif day.weekday() == 0 and county.state == "FL" and draw.chance(0.4):
            found.append(SaleDay(day, "foreclosure", "09:00 AM", min(most, 1 + draw.below(12))))
        day += timedelta(1)
    return tuple(found)


def sale_on(seed: int, county: County, count: int, day: date) -> SaleDay | None:
    """The sale of a day; None where there is none."""
    days = sale_days(seed, county, count, day.year, day.month)
    return next((sale for sale in days if sale.day == day), None)


def item(seed: int, county: County, count: int, sale: SaleDay, place: int, today: date) -> Item:
    """Return the ``place``-th item of a sale as it stands on ``today``."""
    draw = Draw(seed, _ITEM, county.index, sale.day.toordinal(), place)
    tax_year = sale.day.year - 3
    start = Draw(seed, _ITEM, county.index, sale.day.toordinal()).number()
    ordinal = (start + place) % late_count(count)
    held = parcel(seed, county, late_parcel(seed, county, count, tax_year, ordinal))
    values = roll(seed, county, held, last_roll(min(today, sale.day)))
    face = face_amount(seed, county, held, tax_year)
    opening = face * (320 + draw.below(300)) // 100 + 45_000
    if sale.kind == "foreclosure":
        opening = values.market * 100 * 2 // 3
    state, reason = _state(draw, sale.day, today)
    winning = opening * (100 + draw.below(400)) // 100 if state == "sold" else None
    serial = sale.day.toordinal() % 10_000 * 100 + place
    return Item(
        item_id=str(FIRST_ITEM + serial),
        kind=sale.kind,
        day=sale.day,
        case_number=_case(county, sale, serial),
        certificate_number=f"{(tax_year + 1) % 100:02d}-{ordinal + 1:05d}",
        opening_bid=opening,
        judgment=opening * (110 + draw.below(200)) // 100 + draw.below(100),
        deposit=max(20_000, opening // 2_000 * 100),
        assessed=values.assessed * 100,
        market=values.market * 100,
        state=state,
        reason=reason,
        winning_bid=winning,
        buyer=("3rd Party Bidder" if draw.chance(0.8) else "Certificate Holder") if winning else "",
        bids=draw.between(1, 40) if winning else 0,
        parcel=held,
    )


def _state(draw: Draw, sold_on: date, today: date) -> tuple[ItemState, str]:
    fate, canceled_on = draw.share(), sold_on - timedelta(draw.below(LISTED_DAYS - 5))
    reason = draw.pick(("Redeemed", "Canceled per County", "Canceled per Bankruptcy"))
    if fate < 0.4:
        return ("canceled", reason) if canceled_on <= today else ("waiting", "")
    if today <= sold_on:
        return "waiting", ""
    return ("sold", "") if fate < 0.9 else ("unsold", "No bidders")


def _case(county: County, sale: SaleDay, serial: int) -> str:
    if county.state == "OH":
        return f"{sale.day.year - 1} CV {serial % 100_000:05d}"
    if sale.kind == "foreclosure":
        return f"{county.fips[3:]}-{sale.day.year - 1}-CA-{serial % 1_000_000:06d}"
    styles = (
        f"{sale.day.year}-{serial % 100_000:05d}TD",
        f"{sale.day.year}{serial:06d}",
        f"TD {sale.day.year}-{serial % 100_000:05d}",
    )
    return styles[county.style % 3]


def place_of_item(item_id: str) -> tuple[int, int] | None:
    """What an item's number tells: the last four digits of its day's ordinal, and its place that day."""
    number = int(item_id) - FIRST_ITEM if item_id.isdecimal() and len(item_id) < 9 else -1
    return divmod(number, 100) if 0 <= number < 1_000_000 else None


@lru_cache(maxsize=256)
def items(seed: int, county: County, count: int, sale: SaleDay, today: date) -> tuple[Item, ...]:
    """All items of a sale, in the order of the list; none before they are listed.

    The pages of a day are asked for one after another: the last days' items are kept at hand.
    """
    if not sale.listed_on(today):
        return ()
    return tuple(item(seed, county, count, sale, n, today) for n in range(sale.scheduled))
