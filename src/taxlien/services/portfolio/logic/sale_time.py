"""When a sale begins: an hour of the county's own clock, or the beginning of its day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NOTICE = timedelta(hours=24)


_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def hour_of(text: str | None) -> str | None:
    """Return an hour of the clock as HH:MM; None for what a source says that is none."""
    return text if text and _HOUR.fullmatch(text) else None


def starts_at(day: date, hour: str | None, zone: ZoneInfo) -> datetime:
    """Return in UTC when a sale of ``day`` begins; ``hour`` is HH:MM local, None the day's beginning.

    An hour that the clocks skip counts as if they had not been put forward yet; of an hour that comes
    twice, the first counts.
    """
    local = datetime.combine(day, time.fromisoformat(hour) if hour else time(), zone)
    return local.astimezone(UTC)


def is_near(starts: datetime, now: datetime) -> bool:
    """Say whether a sale begins within 24 hours; one that has begun is not near any more."""
    return starts - NOTICE <= now < starts
