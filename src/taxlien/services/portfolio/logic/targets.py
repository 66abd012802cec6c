"""What can be watched: named by its own kind of key, so that the same thing is watched once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.liens import Lien, parcel_key
from taxlien.interfaces.portfolio import WatchPace, WatchTarget
from taxlien.interfaces.users import usual_pace
from taxlien.kit.errors import InvalidInput

from .counties import County, county_of

MAX_LABEL = 100
MAX_PARCEL = 60
FARTHEST = timedelta(days=3 * 366)

_FIELDS: dict[WatchTarget, tuple[str, ...]] = {
    "lien": ("lien_id",),
    "parcel": ("county_fips", "parcel_id"),
    "county": ("county_fips",),
    "auction": ("county_fips", "auction_on"),
}


class Wish(NamedTuple):
    """What somebody asks to watch: fields as they were sent."""

    target: WatchTarget
    lien_id: UUID | None = None
    county_fips: str | None = None
    parcel_id: str | None = None
    auction_on: date | None = None
    label: str | None = None
    pace: WatchPace | None = None


class Target(NamedTuple):
    """A thing that is watched, and the name it has without one of its user's."""

    target: WatchTarget
    key: str
    county: County
    name: str
    lien_id: UUID | None = None
    parcel_key: str | None = None
    parcel_id: str | None = None
    auction_on: date | None = None


def usual_pace_of(target: Target, tier: str) -> WatchPace:
    """Return how soon somebody hears of a thing who did not say: of a county weekly, of much else soon."""
    return "weekly" if target.target == "county" else usual_pace(tier)


def check_fields(wish: Wish) -> None:
    """Raise ``InvalidInput`` for a field that is lacking, or is no part of what is to be watched."""
    for name in ("lien_id", "county_fips", "parcel_id", "auction_on"):
        given, wanted = getattr(wish, name) is not None, name in _FIELDS[wish.target]
        if wanted and not given:
            raise InvalidInput(name, f"is needed to watch what is called {wish.target}")
        if given and not wanted:
            raise InvalidInput(name, f"is no part of what is called {wish.target}")


def county_named(fips: str | None) -> County:
    """Return a county. Raises ``InvalidInput`` for a code that no county has."""
    found = county_of(fips or "")
    if found is None:
        raise InvalidInput("county_fips", f"no county has the FIPS code {fips}")
    return found


def county_target(county: County) -> Target:
    """Return a county as a thing to watch."""
    name = f"{county.full_name}, {county.state}"
    return Target("county", f"county:{county.fips}", county, name)


def auction_target(county: County, day: date, now: datetime) -> Target:
    """Return a sale day as a thing to watch. Raises ``InvalidInput`` for one that is over or far off."""
    today = now.astimezone(county.zone).date()
    if day < today:
        raise InvalidInput("auction_on", "is over in that county")
    if day > today + FARTHEST:
        raise InvalidInput("auction_on", "is more than three years ahead")
    name = f"Sale of {county.full_name}, {county.state}, {day.isoformat()}"
    return Target("auction", auction_key(county.fips, day), county, name, auction_on=day)


def checked_parcel(parcel_id: str) -> str:
    """Return a parcel id without space around it. Raises ``InvalidInput`` for what cannot be one."""
    kept = " ".join(parcel_id.replace("\x00", " ").split())
    if not 1 <= len(kept) <= MAX_PARCEL:
        raise InvalidInput("parcel_id", f"must have 1 to {MAX_PARCEL} characters")
    if not any(sign.isdigit() for sign in parcel_key(kept)):
        raise InvalidInput("parcel_id", "has no digit, as every number of a parcel does")
    return kept


def parcel_target(county: County, parcel_id: str, key: str, address: str | None) -> Target:
    """Return a parcel as a thing to watch, known to the catalogue or not yet."""
    name = address or f"Parcel {parcel_id}"
    return Target(
        "parcel",
        f"parcel:{county.fips}:{key}",
        county,
        f"{name}, {county.name}, {county.state}"[:MAX_LABEL],
        parcel_key=key,
        parcel_id=parcel_id,
    )


def lien_target(lien: Lien) -> Target:
    """Return a lien as a thing to watch. Raises ``InvalidInput`` for one of an unknown county."""
    county = county_named(lien.county_fips)
    number = f"{lien.certificate_number} " if lien.certificate_number else ""
    name = f"{number}{lien.situs_address or lien.parcel_id}, {county.name}, {county.state}"
    return Target(
        "lien",
        f"lien:{lien.lien_id}",
        county,
        name[:MAX_LABEL],
        lien_id=lien.lien_id,
        parcel_key=lien.parcel_key,
        parcel_id=lien.parcel_id,
    )


def checked_label(label: str) -> str:
    """Return a label without space around it. Raises ``InvalidInput``."""
    kept = " ".join(label.replace("\x00", " ").split())
    if not 1 <= len(kept) <= MAX_LABEL:
        raise InvalidInput("label", f"must have 1 to {MAX_LABEL} characters")
    return kept


def auction_key(fips: str, day: date) -> str:
    """Return the key of a sale day."""
    return f"auction:{fips}:{day.isoformat()}"


def published_day(lien: Lien) -> date | None:
    """Return the day of a lien's sale where a source published it; an assumed one is none."""
    return lien.sale_date if lien.sale_date_basis == "published" else None


def today_utc() -> date:
    """Return the date in UTC."""
    return datetime.now(UTC).date()
