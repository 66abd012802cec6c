"""Unpaid taxes, certificates and deed sales of a county: who is late in which year, and what becomes of it.

Who is late is a window on a permutation of the county's parcels that moves a little every year: so the
``n``-th certificate of a year is found without looking at other parcels, any parcel knows its own
certificates, and most who are late one year are late the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from math import gcd
from typing import Literal

from taxlien.run.simulator.world.assessments import Bill, last_roll, paid_in_time, tax_amount
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.draws import Draw, topic
from taxlien.run.simulator.world.parcels import Parcel, parcel

LATE_SHARE = 0.09
STRUCK_SHARE = 0.12
CERTIFICATE_YEARS = 5

_ORDER = topic("order")
_LIEN = topic("lien")

State = Literal["advertised", "removed", "sold", "struck_off", "redeemed"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A year's unpaid tax of one parcel. ``face`` in cents, ``rate`` in hundredths of a percent.

    ``state`` and ``redeemed_on`` are those of the day that was asked for; a certificate struck off was
    bid on by nobody and is held by the county.
    """

    ordinal: int
    certificate_id: str
    advertising_number: str
    number: str
    tax_year: int
    sale_day: date
    face: int
    rate: int
    bids: int
    state: State
    redeemed_on: date | None
    parcel: Parcel


@cache
def _permutation(seed: int, county: int, count: int) -> tuple[int, int, int]:
    draw = Draw(seed, _ORDER, county)
    factor = draw.between(count // 3 + 1, count + 1)
    while gcd(factor, count) != 1:
        factor += 1
    return factor % count or 1, draw.below(count), pow(factor, -1, count) if count > 1 else 0


def late_count(count: int) -> int:
    """How many parcels of ``count`` are late in a year."""
    return max(1, round(count * LATE_SHARE))


def _shift(count: int, year: int) -> int:
    return year * max(1, late_count(count) // 4)


def late_parcel(seed: int, county: County, count: int, year: int, ordinal: int) -> int:
    """The number of the parcel that is the ``ordinal``-th of those late with the tax of ``year``."""
    factor, offset, _ = _permutation(seed, county.index, count)
    return (factor * (ordinal + _shift(count, year)) + offset) % count


def late_ordinal(seed: int, county: County, count: int, year: int, number: int) -> int | None:
    """Which of a year's late parcels this one is; None where it pays in time."""
    _, offset, inverse = _permutation(seed, county.index, count)
    place = ((number - offset) * inverse - _shift(count, year)) % count
    return place if place < late_count(count) else None


def paid_late(seed: int, county: County, number: int, year: int) -> date | None:
    """The day on which a late bill is paid; None where it never is."""
    draw = Draw(seed, _LIEN, county.index, number, year)
    if draw.chance(0.12):
        return None
    if draw.chance(0.35):  # in the rush before the sale
        return date(year + 1, 4, 1) + timedelta(draw.below(61))
    return date(year + 1, 6, 2) + timedelta(10 + int(draw.waiting(330)))


def bills(seed: int, county: County, count: int, held: Parcel, today: date) -> tuple[Bill, ...]:
    """The parcel's last five tax bills, newest first, with the payments made until ``today``."""
    newest = today.year if today >= date(today.year, 11, 1) else today.year - 1
    found = []
    for year in range(newest, newest - 5, -1):
        late = late_ordinal(seed, county, count, year, held.number) is not None
        paid: date | None
        if late:
            paid = paid_late(seed, county, held.number, year)
        else:
            paid = paid_in_time(seed, county, held.number, year)
        amount = tax_amount(seed, county, held, year)
        number = f"{year}-{held.number + 1:07d}"
        found.append(Bill(year, number, amount, paid if paid and paid <= today else None))
    return tuple(found)


def owes_more(
    seed: int, county: County, count: int, number: int, tax_year: int, today: date
) -> bool:
    """Whether the parcel has an unpaid certificate of another year than ``tax_year``."""
    newest = min(advertised_year(today), last_roll(today))
    for year in range(newest, newest - CERTIFICATE_YEARS, -1):
        late = year != tax_year and today >= sale_day(year)
        if late and late_ordinal(seed, county, count, year, number) is not None:
            paid = paid_late(seed, county, number, year)
            if paid is None or paid > today:
                return True
    return False


def sale_day(tax_year: int) -> date:
    """The day of the certificate sale for a tax year: the first of June after it."""
    return date(tax_year + 1, 6, 1)


def advertised_year(today: date) -> int:
    """The tax year of the newest list: out from 15 April before the sale."""
    return today.year - 1 if today >= date(today.year, 4, 15) else today.year - 2


def face_amount(seed: int, county: County, held: Parcel, tax_year: int) -> int:
    """The tax with interest, advertising and the collector's commission, as Florida adds them. Cents."""
    return tax_amount(seed, county, held, tax_year) * 103 // 100 + 2050


def certificate(
    seed: int, county: County, count: int, tax_year: int, ordinal: int, today: date
) -> Certificate:
    """Return the ``ordinal``-th certificate of a tax year as it stands on ``today``."""
    number = late_parcel(seed, county, count, tax_year, ordinal)
    held = parcel(seed, county, number)
    paid = paid_late(seed, county, number, tax_year)
    draw = Draw(seed, _LIEN, county.index, tax_year, ordinal, 7)
    struck = draw.chance(STRUCK_SHARE)
    rate = 1800 if struck else _rate(draw, county)
    return Certificate(
        ordinal=ordinal,
        certificate_id=str(tax_year % 100 * 10_000_000 + 1_000 + ordinal),
        advertising_number=f"{ordinal + 1:07d}",
        number=f"{(tax_year + 1) % 100:02d}-{ordinal + 1:05d}",
        tax_year=tax_year,
        sale_day=sale_day(tax_year),
        face=face_amount(seed, county, held, tax_year),
        rate=rate,
        bids=0 if struck else 1 + int(draw.waiting(4)),
        state=_state(paid, struck, sale_day(tax_year), today),
        redeemed_on=paid if paid and sale_day(tax_year) < paid <= today else None,
        parcel=held,
    )


def place_of_id(certificate_id: str) -> tuple[int, int] | None:
    """Tax year and ordinal of a certificate's id; None where it can be none."""
    if not certificate_id.isdecimal() or len(certificate_id) > 9:
        return None
    year, ordinal = divmod(int(certificate_id) - 1_000, 10_000_000)
    return (2000 + year, ordinal) if 10 <= year < 60 else None


@lru_cache(maxsize=512)
def held_by_county(
    seed: int, county: County, count: int, tax_year: int, today: date
) -> tuple[int, ...]:
    """Ordinals of the certificates that nobody bid on and that are unpaid: the county's, for sale."""
    if today < sale_day(tax_year):
        return ()
    found = []
    for ordinal in range(late_count(count)):
        if Draw(seed, _LIEN, county.index, tax_year, ordinal, 7).chance(STRUCK_SHARE):
            number = late_parcel(seed, county, count, tax_year, ordinal)
            paid = paid_late(seed, county, number, tax_year)
            if paid is None or paid > today:
                found.append(ordinal)
    return tuple(found)


def _state(paid: date | None, struck: bool, sold_on: date, today: date) -> State:
    if paid and paid <= sold_on and paid <= today:
        return "removed"
    if today < sold_on:
        return "advertised"
    if paid and paid <= today:
        return "redeemed"
    return "struck_off" if struck else "sold"


def _rate(draw: Draw, county: County) -> int:
    if county.state == "AZ":
        return min(1600, 100 * draw.between(3, 19))
    return 25 if draw.chance(0.62) else min(1775, 25 * (1 + int(draw.waiting(18))))


def certificates_of(
    seed: int, county: County, count: int, held: Parcel, today: date
) -> tuple[Certificate, ...]:
    """The parcel's certificates of the last years that were ever listed, newest first."""
    newest = min(advertised_year(today), last_roll(today))
    found = []
    for year in range(newest, newest - CERTIFICATE_YEARS, -1):
        ordinal = late_ordinal(seed, county, count, year, held.number)
        if ordinal is not None:
            found.append(certificate(seed, county, count, year, ordinal, today))
    return tuple(found)
