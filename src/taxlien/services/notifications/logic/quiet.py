"""Hours of quiet and mornings, in the zone of a user, over every change of its clock.

Quiet hours are nights: from the first moment a day's clock shows their beginning to the last moment it
shows their end. A clock that is put back makes such a night longer, never two of it; a clock that jumps
over a beginning or an end has it at the jump.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_MOST_NIGHTS = 4


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` until ``end``, clock times in ``zone``; over midnight where ``end`` is earlier."""

    start: time
    end: time
    zone: ZoneInfo

    def release(self, at: datetime) -> datetime:
        """Return the first moment from ``at`` on that is not quiet; ``at`` itself where it is not."""
        found = at
        for _ in range(_MOST_NIGHTS):
            night_end = self._end_of_night(found)
            if night_end is None:
                return found
            found = night_end
        return found  # all but a moment of each day is quiet: tell at that moment

    def covers(self, at: datetime) -> bool:
        """Say whether ``at`` is within a night of quiet."""
        return self._end_of_night(at) is not None

    def _end_of_night(self, at: datetime) -> datetime | None:
        today = at.astimezone(self.zone).date()
        for day in (today - _DAY, today):
            begins = clock_time(day, self.start, self.zone, last=False)
            last_day = day if self.start < self.end else day + _DAY
            ends = clock_time(last_day, self.end, self.zone, last=True)
            if begins <= at < ends:
                return ends
        return None


def next_morning(
    after: datetime, zone: ZoneInfo, hour: int, *, weekday: int | None = None
) -> datetime:
    """Return the next time after ``after`` that clocks in ``zone`` show ``hour``:00, in UTC.

    With ``weekday`` (Monday is 0), on that day of the week.
    """
    day = after.astimezone(zone).date()
    while True:
        if weekday is None or day.weekday() == weekday:
            found = clock_time(day, time(hour), zone, last=False)
            if found > after:
                return found
        day += _DAY


def clock_time(day: date, wall: time, zone: ZoneInfo, *, last: bool) -> datetime:
    """Return the first or ``last`` moment, in UTC, that a clock shows ``wall`` on ``day``, or jumps it."""
    local = datetime.combine(day, wall, zone)
    early, late = sorted(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if early.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        return _jump(early, late, zone)
    return late if last else early


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment after ``before`` with the offset that ``after`` has, to the second."""
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return after
