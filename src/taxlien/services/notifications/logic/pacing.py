"""When a user is told: at once within a short window, in the morning, on Monday; never in hours of quiet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from .kinds import Kind
from .quiet import QuietHours, next_morning

Pace = Literal["instant", "daily", "weekly"]
MONDAY = 0
LATEST_BEFORE = timedelta(hours=1)
"""How long before it is of no use any more something that waits for the end of quiet hours must come."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a user lives: their zone, and hours of quiet in it where they named some."""

    zone: ZoneInfo
    quiet: QuietHours | None = None

    @classmethod
    def of(cls, zone: str | None, start: time | None, end: time | None) -> Rhythm:
        """Return a rhythm; UTC for a zone nobody knows any more."""
        known = zone_named(zone)
        return cls(known, QuietHours(start, end, known) if start and end and start != end else None)

    def awake(self, at: datetime) -> datetime:
        """Return the first moment from ``at`` on outside the hours of quiet."""
        return self.quiet.release(at) if self.quiet else at


def due_at(pace: Pace, now: datetime, rhythm: Rhythm, *, window: timedelta, hour: int) -> datetime:
    """Return when what is gathered from ``now`` on is told.

    ``window`` is how long something instant waits for more of its kind; ``hour`` is when mornings are.
    """
    if pace == "instant":
        return rhythm.awake(now + window)
    weekday = MONDAY if pace == "weekly" else None
    return rhythm.awake(next_morning(now, rhythm.zone, hour, weekday=weekday))


def send_at(kind: Kind, now: datetime, rhythm: Rhythm, expires_at: datetime | None) -> datetime:
    """Return when a single message goes out.

    What concerns an account's safety or what a user just did goes at once. What would come too late
    after the hours of quiet comes before their end: a sale does not wait.
    """
    if kind.category in ("security", "transactional"):
        return now
    awake = rhythm.awake(now)
    if expires_at is not None and awake > expires_at - LATEST_BEFORE:
        return now
    return awake


def zone_named(name: str | None) -> ZoneInfo:
    """Return a zone by its IANA name; UTC where there is none of that name."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
