"""Hours of quiet and mornings, over every change of clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from taxlien.services.notifications.logic.kinds import KINDS
from taxlien.services.notifications.logic.pacing import Rhythm, due_at, send_at
from taxlien.services.notifications.logic.quiet import QuietHours, clock_time, next_morning

NEW_YORK = ZoneInfo("America/New_York")
# Whole hours, half an hour of summer time, no summer time, a day that was skipped, the far ends.
ZONES = [
    ZoneInfo(name)
    for name in (
        "America/New_York", "America/Phoenix", "America/Anchorage", "Europe/Moscow", "Asia/Kolkata",
        "Australia/Lord_Howe", "Pacific/Apia", "America/Nuuk", "Pacific/Kiritimati", "UTC",
    )
]  # fmt: skip
MOMENTS = st.datetimes(
    datetime(2010, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
CLOCKS = st.times().map(lambda t: t.replace(second=0, microsecond=0))
MINUTE = timedelta(minutes=1)


def clock(quiet: QuietHours, at: datetime) -> bool:
    """Say what the wall says: is its clock within the hours."""
    now = at.astimezone(quiet.zone).time()
    if quiet.start < quiet.end:
        return quiet.start <= now < quiet.end
    return now >= quiet.start or now < quiet.end


def is_even(zone: ZoneInfo, at: datetime) -> bool:
    """Say whether no clock was put forward or back within two days of a moment."""
    days = [at + timedelta(hours=12 * n) for n in range(-4, 5)]
    return len({day.astimezone(zone).utcoffset() for day in days}) == 1


@settings(max_examples=300, deadline=None)
@given(at=MOMENTS, start=CLOCKS, end=CLOCKS, zone=st.sampled_from(ZONES))
@example(datetime(2026, 3, 8, 6, 59, tzinfo=UTC), time(22), time(2, 30), NEW_YORK)
@example(datetime(2026, 11, 1, 5, 45, tzinfo=UTC), time(22), time(1, 30), NEW_YORK)
@example(datetime(2026, 11, 1, 5, 45, tzinfo=UTC), time(1, 45), time(1, 30), NEW_YORK)
@example(datetime(2011, 12, 30, 9, 30, tzinfo=UTC), time(22), time(7), ZoneInfo("Pacific/Apia"))
def test_what_is_released_is_the_first_moment_that_is_not_quiet(
    at: datetime, start: time, end: time, zone: ZoneInfo
) -> None:
    if start == end:
        return
    quiet = QuietHours(start, end, zone)
    released = quiet.release(at)
    assert at <= released <= at + timedelta(hours=27)
    assert (released == at) == (not quiet.covers(at))
    if released > at:
        assert quiet.covers(max(at, released - MINUTE))
    if is_even(zone, at):
        assert quiet.covers(at) == clock(quiet, at)
        assert not clock(quiet, released)


@pytest.mark.parametrize(
    ("at", "start", "end", "released"),
    [
        # Over midnight, in winter and in summer.
        ("2026-01-10T03:00Z", "22:00", "07:00", "2026-01-10T12:00Z"),
        ("2026-07-10T03:00Z", "22:00", "07:00", "2026-07-10T11:00Z"),
        # 02:30 does not exist on 8 March: quiet ends when clocks jump to 03:00.
        ("2026-03-08T06:00Z", "22:00", "02:30", "2026-03-08T07:00Z"),
        # 01:30 comes twice on 1 November: quiet ends with the second.
        ("2026-11-01T05:40Z", "22:00", "01:30", "2026-11-01T06:30Z"),
        # Within a day, and outside.
        ("2026-01-10T18:00Z", "12:00", "14:00", "2026-01-10T19:00Z"),
        ("2026-01-10T20:00Z", "12:00", "14:00", "2026-01-10T20:00Z"),
    ],
)
def test_nights_of_new_york(at: str, start: str, end: str, released: str) -> None:
    quiet = QuietHours(time.fromisoformat(start), time.fromisoformat(end), NEW_YORK)
    assert quiet.release(datetime.fromisoformat(at)) == datetime.fromisoformat(released)


@settings(max_examples=100, deadline=None)
@given(after=MOMENTS, zone=st.sampled_from(ZONES), weekday=st.one_of(st.none(), st.integers(0, 6)))
def test_next_morning_is_later_and_the_first_of_its_kind(
    after: datetime, zone: ZoneInfo, weekday: int | None
) -> None:
    found = next_morning(after, zone, 8, weekday=weekday)
    local = found.astimezone(zone)
    assert after < found <= after + timedelta(days=2 if weekday is None else 9)
    assert (local.hour, local.minute) == (8, 0)
    assert weekday in (None, local.weekday())


def test_clock_that_never_showed_a_time_has_it_at_the_jump() -> None:
    day = date(2026, 3, 8)
    jump = datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert clock_time(day, time(2, 30), NEW_YORK, last=False) == jump
    assert clock_time(day, time(2, 30), NEW_YORK, last=True) == jump


NIGHT = datetime(2026, 1, 10, 4, 0, tzinfo=UTC)  # 23:00 in New York
SLEEPER = Rhythm.of("America/New_York", time(22), time(7))
WAKES = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)


def test_paces_lead_to_the_window_the_morning_and_monday() -> None:
    window = timedelta(minutes=1)
    noon = datetime(2026, 1, 10, 17, 0, tzinfo=UTC)  # a Saturday
    due = [due_at(p, noon, SLEEPER, window=window, hour=8) for p in ("instant", "daily", "weekly")]
    assert due == [
        noon + window,
        datetime(2026, 1, 11, 13, 0, tzinfo=UTC),
        datetime(2026, 1, 12, 13, 0, tzinfo=UTC),
    ]
    assert due_at("instant", NIGHT, SLEEPER, window=window, hour=8) == WAKES


def test_security_goes_out_at_night_and_nothing_else_unless_it_would_be_too_late() -> None:
    assert send_at(KINDS["password_changed"], NIGHT, SLEEPER, None) == NIGHT
    alert = KINDS["saved_search_matches"]
    assert send_at(alert, NIGHT, SLEEPER, None) == WAKES
    assert send_at(alert, NIGHT, SLEEPER, WAKES + timedelta(hours=2)) == WAKES
    assert send_at(alert, NIGHT, SLEEPER, WAKES + timedelta(minutes=30)) == NIGHT


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd"])
def test_zone_that_nobody_knows_is_utc(zone: str | None) -> None:
    assert Rhythm.of(zone, None, None).zone.key == "UTC"
