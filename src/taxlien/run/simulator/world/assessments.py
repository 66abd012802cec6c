"""What the assessor and the collector know of a parcel on a day: values, bills, payments, sales.

Values are whole dollars, taxes whole cents. A roll of year Y is out on 1 October of Y, its bill on
1 November, due by 31 March of the next year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.draws import Draw, topic
from taxlien.run.simulator.world.parcels import Parcel

FIRST_YEAR = 2010
ROLL_YEARS = 6

_MARKET = topic("market")
_VALUE = topic("value")
_BILL = topic("bill")
_TRANSFER = topic("transfer")


@dataclass(frozen=True, slots=True)
class Roll:
    """One year's values in dollars."""

    year: int
    land: int
    building: int
    features: int
    market: int
    assessed: int
    exempt: int
    taxable: int
    taxable_school: int


@dataclass(frozen=True, slots=True)
class Bill:
    """One year's tax in cents. ``paid_on`` is None while it is open."""

    year: int
    number: str
    amount: int
    paid_on: date | None

    @property
    def due(self) -> int:
        """What is unpaid, in cents."""
        return 0 if self.paid_on else self.amount


@dataclass(frozen=True, slots=True)
class Sale:
    """The parcel changed hands. ``price`` in dollars; ``code`` is the deed's abbreviation."""

    day: date
    price: int
    deed: str
    code: str
    book: int
    page: int
    qualified: bool
    grantor: str


_DEEDS = (("WARRANTY", "WD"), ("WARRANTY", "WD"), ("QUIT CLAIM", "QC"), ("TAX DEED", "TD"))
_GRANTORS = ("SPECIMEN HOLDINGS LLC", "PLACEHOLDER TRUST", "FICTION ALPHA", "EXEMPLAR BANK")


def last_roll(today: date) -> int:
    """The year of the newest roll that is out."""
    return today.year if today >= date(today.year, 10, 1) else today.year - 1


@cache
def _market_level(seed: int, county: int, year: int) -> float:
    """Prices of a county's year against those of 2010."""
    if year <= FIRST_YEAR:
        return 1.0
    move = 0.045 + 0.14 * (Draw(seed, _MARKET, county, year).share() - 0.5)
    return _market_level(seed, county, year - 1) * (1.0 + move)


def _market(seed: int, county: County, parcel: Parcel, year: int) -> int:
    noise = 1.0 + 0.05 * (Draw(seed, _VALUE, county.index, parcel.number, year).share() - 0.5)
    return round(parcel.base * _market_level(seed, county.index, year) * noise) + parcel.features


def roll(seed: int, county: County, parcel: Parcel, year: int) -> Roll:
    """Return the values of one year. Assessed values rise by at most 10% a year, 3% on a homestead."""
    cap = 1.03 if parcel.homestead else 1.10
    past = range(max(FIRST_YEAR, year - 4), year + 1)
    markets = [_market(seed, county, parcel, y) for y in past]
    market = markets[-1]
    assessed = min(int(m * cap ** (year - y)) for y, m in zip(past, markets, strict=True))
    land = int((market - parcel.features) * parcel.land_share)
    exempt = min(assessed, 50_000) if parcel.homestead else 0
    return Roll(
        year=year,
        land=land,
        building=market - parcel.features - land,
        features=parcel.features,
        market=market,
        assessed=assessed,
        exempt=exempt,
        taxable=assessed - exempt,
        taxable_school=assessed - exempt // 2,
    )


def rolls(seed: int, county: County, parcel: Parcel, today: date) -> tuple[Roll, ...]:
    """The newest rolls that are out, newest first."""
    newest = last_roll(today)
    return tuple(roll(seed, county, parcel, newest - back) for back in range(ROLL_YEARS))


@cache
def millage(seed: int, county: int) -> int:
    """A county's rate in ten-thousandths of a mill, as pages print it (``19.2923``)."""
    return Draw(seed, topic("millage"), county).between(110_000, 240_000)


def tax_amount(seed: int, county: County, parcel: Parcel, year: int) -> int:
    """A year's tax in cents, before interest; never less than five dollars."""
    taxable = roll(seed, county, parcel, year).taxable
    return max(500, taxable * millage(seed, county.index) // 100_000)


def paid_in_time(seed: int, county: County, number: int, year: int) -> date:
    """The day on which a bill is paid that is paid in time: November to March."""
    return date(year, 11, 2) + timedelta(Draw(seed, _BILL, county.index, number, year).below(148))


def transfers(seed: int, county: County, parcel: Parcel, today: date) -> tuple[Sale, ...]:
    """Sales of the parcel until ``today``, newest first."""
    draw = Draw(seed, _TRANSFER, county.index, parcel.number)
    day, sold = date(1988, 1, 1) + timedelta(draw.below(3600)), []
    for _ in range(parcel.purchased + 4):
        deed, code = draw.pick(_DEEDS)
        level = _market_level(seed, county.index, max(FIRST_YEAR, day.year))
        fair = round(parcel.base * level * (0.85 + 0.3 * draw.share()) / 100) * 100
        sale = Sale(
            day=day,
            price=fair if code == "WD" else 100,
            deed=deed,
            code=code,
            book=draw.between(100, 4000),
            page=draw.between(1, 999),
            qualified=code == "WD",
            grantor=draw.pick(_GRANTORS),
        )
        if day > today:
            break
        sold.append(sale)
        day += timedelta(400 + draw.below(5200))
    return tuple(reversed(sold))
