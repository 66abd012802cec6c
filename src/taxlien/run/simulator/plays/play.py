"""What every played host offers: pages, the site file of it, and the truth its pages tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any, Protocol

from taxlien.interfaces.scraper import LienObserved, ParcelObserved
from taxlien.run.simulator.serving.messages import Answer, Request
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.world import World

Truth = ParcelObserved | LienObserved | dict[str, Any]

# Pages change their markup only with their parser; that costs nothing here, so sites are asked at full speed.
POLITENESS = {"requests_per_second": 1000.0, "burst": 1000, "concurrency": 16}


@dataclass(frozen=True, slots=True)
class HostCard:
    """A played host: the first part of its path, whom it plays, and the name of its site."""

    host: str
    platform: str
    name: str
    title: str
    county: County


class Play(Protocol):
    """One played host. Holds nothing but what it is: the world is given with every request."""

    card: HostCard

    def respond(self, request: Request, world: World) -> Answer:
        """Answer a request; its path begins after the host."""
        ...

    def site(self, world: World) -> dict[str, Any]:
        """What a site file says of it beyond name, platform, county and address."""
        ...

    def truth(self, key: str, world: World) -> Truth | None:
        """What a correct collector finds of the record ``key``; None where there is none."""
        ...


def site_file(play: Play, world: World, origin: str) -> dict[str, Any]:
    """The whole site file of a played host, in the format of ``Site``."""
    card = play.card
    return {
        "name": card.name,
        "platform": card.platform,
        "title": card.title,
        "county_fips": card.county.fips,
        "base_url": f"{origin}/{card.host}",
        "legal_status": "synthetic",
        "terms": {"says": "Played by the simulator: read it as often as you like.", "accept": True},
        "politeness": POLITENESS,
        **play.site(world),
    }


def dollars(cents: int) -> str:
    """``$1,234.56``."""
    return f"${cents // 100:,}.{cents % 100:02d}"


def money(cents: int) -> Decimal:
    """Cents as exact dollars."""
    return Decimal(cents).scaleb(-2)


def us_day(day: date) -> str:
    """``1/9/2019``, without leading zeros."""
    return f"{day.month}/{day.day}/{day.year}"


def full_day(day: date) -> str:
    """``01/09/2019``."""
    return f"{day.month:02d}/{day.day:02d}/{day.year}"


def parsed_day(text: str) -> date | None:
    """Read ``01/09/2019``; None where it is no day."""
    parts = text.split("/")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    try:
        return date(int(parts[2]), int(parts[0]), int(parts[1]))
    except ValueError:
        return None


def safe(text: str) -> str:
    """Text as HTML."""
    return escape(text, quote=True)
