"""Which source is collected next: what people want first, and everyone in turn.

A source's score is a sum of five shares, each 0 to 1, by these weights:

* customers who pay for the county's data 3.0, full from 7 on: they were promised fresh data;
* a sale near 3.0, full from a week before to three days after, none 45 days before: lists change daily then;
* staleness 2.0, from half of ``fresh_hours`` on, full at twice that, and for what was never collected;
* watchlists with a lien of the county 1.5, full from 100 on;
* searches of the last days 1.5, full from 1,000 on: many, but each costs nothing.

The first, fourth and fifth grow by the logarithm: the tenth customer matters less than the second. Wanting
alone must not starve anybody: every ``FAIR_EVERY``-th pick takes the source that waits longest, so each of
N due sources is picked within ``FAIR_EVERY * N`` picks, whatever the others are worth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

FAIR_EVERY = 4
BEST = 9
_CUSTOMERS, _SALE, _STALE, _WATCHED, _SEARCHED = 3.0, 3.0, 2.0, 1.5, 1.5
_DAYS_BEFORE, _DAYS_AFTER, _DAYS_NOTICED = 7, 3, 45
_LEAST_HOURS = 1.0
_FIRST_RETRY_HOURS = 0.25
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What people want of a county: searches of the last days, watchlists and customers as of now."""

    searches: int = 0
    watchlists: int = 0
    customers: int = 0
    next_sale: date | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A source that may be collected: how it is scheduled, how it went, and who wants its county.

    ``failures`` counts runs that failed since the last success.
    """

    source: str
    every_hours: float = 24.0
    fresh_hours: float = 48.0
    last_started: datetime | None = None
    last_success: datetime | None = None
    failures: int = 0
    demand: Demand = Demand()


def score(candidate: Candidate, now: datetime, today: date) -> float:
    """Return how much a source is wanted, 0 to 11. ``today`` is the county's own day."""
    demand = candidate.demand
    return (
        _CUSTOMERS * _share(demand.customers, full=7)
        + _SALE * _nearness(demand.next_sale, today)
        + _STALE * _staleness(candidate, now)
        + _WATCHED * _share(demand.watchlists, full=100)
        + _SEARCHED * _share(demand.searches, full=1_000)
    )


def priority(candidate: Candidate, now: datetime, today: date) -> int:
    """Return the priority of a run's tasks as the queue counts: 0 is served first, 9 last."""
    return BEST - min(BEST, round(score(candidate, now, today)))


def due_at(candidate: Candidate, now: datetime, today: date) -> datetime:
    """Return when a source is to be collected next.

    The most wanted come twice as often as their site file says. After a failed run it is tried again in a
    quarter of an hour, then in twice the time each time, until the usual interval is reached.
    """
    if candidate.last_started is None:
        return now
    wanted = min(1.0, score(candidate, now, today) / BEST)
    hours = max(min(_LEAST_HOURS, candidate.every_hours), candidate.every_hours * (1 - wanted / 2))
    if candidate.failures:
        hours = min(hours, _FIRST_RETRY_HOURS * 2.0 ** min(candidate.failures - 1, 30))
    return candidate.last_started + timedelta(hours=hours)


def choose(
    candidates: Iterable[Candidate], count: int, *, turn: int, now: datetime, today: date
) -> list[Candidate]:
    """Return which of the due sources to collect next, at most ``count``, the first first.

    ``turn`` is how many picks there were before, ever: it says whose turn a fair pick is.
    """
    due = [one for one in candidates if due_at(one, now, today) <= now]
    by_score = sorted(due, key=lambda one: (-score(one, now, today), *_waiting(one)))
    by_waiting = sorted(due, key=_waiting)
    chosen: list[Candidate] = []
    taken: set[str] = set()
    for pick in range(turn, turn + min(count, len(due))):
        order = by_waiting if pick % FAIR_EVERY == FAIR_EVERY - 1 else by_score
        found = _first(order, taken)
        chosen.append(found)
        taken.add(found.source)
    return chosen


def _first(order: Sequence[Candidate], taken: set[str]) -> Candidate:
    return next(one for one in order if one.source not in taken)


def _waiting(candidate: Candidate) -> tuple[datetime, str]:
    """Order by who waits longest; the name decides between two that never ran."""
    return candidate.last_started or _NEVER, candidate.source


def _share(count: int, *, full: int) -> float:
    return min(1.0, math.log1p(max(0, count)) / math.log1p(full))


def _nearness(sale: date | None, today: date) -> float:
    if sale is None:
        return 0.0
    days = (sale - today).days
    if days < 0:
        return 1.0 if -days <= _DAYS_AFTER else 0.0
    if days <= _DAYS_BEFORE:
        return 1.0
    return max(0.0, (_DAYS_NOTICED - days) / (_DAYS_NOTICED - _DAYS_BEFORE))


def _staleness(candidate: Candidate, now: datetime) -> float:
    if candidate.last_success is None:
        return 1.0
    age = (now - candidate.last_success) / timedelta(hours=candidate.fresh_hours)
    return min(1.0, max(0.0, (age - 0.5) / 1.5))
