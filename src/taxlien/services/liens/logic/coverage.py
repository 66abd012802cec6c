"""How far a source can be relied on, from facts and the clock. Pure.

Confidence, 0 to 1, is a product of what is known and nothing else:

    complete x (0.5 + 0.5 x filled) x fresh x legal

``complete`` is the share of the last run's pages (or a file's rows) that could be read and ``filled``
that of the promised fields that were there; what is unknown counts a half. ``fresh`` is 1 while the data
is younger than ``fresh_hours``, then ``fresh_hours / age``. ``legal`` is 1 where the publisher allows it,
0.8 where nobody has read the terms, 0.5 where they forbid collecting (such data came as files). What a
simulator plays has the confidence 0: it says nothing of the real county.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple, get_args

CoverageStatus = Literal["green", "amber", "red", "grey"]
STATUSES: tuple[CoverageStatus, ...] = get_args(CoverageStatus)

FILE_FRESH_HOURS = 365 * 24.0
"""Sources known by files alone publish once a year."""

LONG_STALE = 4.0
"""Data this many times older than it may grow is red."""

UNKNOWN_SHARE = 0.5
_LEGAL = {"unknown": 0.8, "terms_forbid": 0.5}
_BAD_ENDS = {
    "quarantined": "the last run was held back",
    "failed": "the last run failed",
    "refused": "the last list could not be taken",
    "stopped": "the last run was broken off",
}


class SourceFacts(NamedTuple):
    """What is known of one source in one county. Percentages 0 to 100; null is unknown.

    ``scraped`` counts what its last published run read, changed or not.
    """

    county_fips: str
    source: str
    title: str
    platform: str | None
    legal_status: str
    synthetic: bool
    url: str | None
    properties: int
    liens: int
    not_recorded: int
    last_fetched_at: datetime | None
    last_run_state: str | None
    last_run_reason: str | None
    last_run_at: datetime | None
    last_success_at: datetime | None
    complete_pct: float | None
    filled_pct: float | None
    fresh_hours: float | None
    stopped_at: datetime | None
    stop_kind: str | None
    stop_reason: str | None
    resumed_at: datetime | None
    scraped: int | None

    @property
    def brings_nothing(self) -> bool:
        """Whether it was read, and publishes nothing now: a list out of season, an empty folder."""
        return self.scraped == 0 and self.properties + self.liens == 0

    @property
    def stands_still(self) -> bool:
        """Whether the source refused us and nobody has looked since."""
        stopped = self.stopped_at
        return stopped is not None and (self.resumed_at is None or self.resumed_at < stopped)


class Judgement(NamedTuple):
    """A source at one moment. ``reason`` is in words; ages in hours."""

    status: CoverageStatus
    reason: str
    age_hours: float | None
    fresh_hours: float
    confidence: float


def judge(facts: SourceFacts, now: datetime) -> Judgement:
    """Return how a source stands at ``now``. It turns amber by itself when its data grows old."""
    fresh_hours = facts.fresh_hours or FILE_FRESH_HOURS
    age = None
    if facts.last_success_at is not None:
        age = max(0.0, (now - facts.last_success_at).total_seconds() / 3600)
    status, reason = _status(facts, age, fresh_hours)
    return Judgement(status, reason, age, fresh_hours, confidence(facts, age, fresh_hours))


def _status(
    facts: SourceFacts, age: float | None, fresh_hours: float
) -> tuple[CoverageStatus, str]:
    trouble = _trouble(facts)
    if age is None:
        if trouble:
            return "red", f"{trouble}; nothing was ever published"
        if facts.legal_status in _LEGAL:
            return "grey", f"not collected: legal status {facts.legal_status}"
        return "grey", "never collected"
    old = f"{_hours(age)} old, more than {_hours(fresh_hours)}"
    if age > LONG_STALE * fresh_hours or (trouble and age > fresh_hours):
        return "red", f"{old}; {trouble}" if trouble else old
    if trouble:
        return "amber", trouble
    if age > fresh_hours:
        return "amber", old
    if facts.brings_nothing:
        return "grey", f"looked {_hours(age)} ago: nothing is published there now"
    return "green", f"{_hours(age)} old, fresh up to {_hours(fresh_hours)}"


def _trouble(facts: SourceFacts) -> str | None:
    """Say what is wrong with collecting now, or None."""
    if facts.stands_still:
        return f"the source stands still ({facts.stop_kind}): {facts.stop_reason}"
    ended = _BAD_ENDS.get(facts.last_run_state or "")
    if ended is None:
        return None
    return f"{ended}: {facts.last_run_reason}" if facts.last_run_reason else ended


def _hours(hours: float) -> str:
    return f"{hours / 24:.0f} days" if hours >= 96 else f"{hours:.0f} hours"


def confidence(facts: SourceFacts, age: float | None, fresh_hours: float) -> float:
    """Return how far the source can be relied on, 0 to 1: see the formula of this module."""
    if age is None or facts.synthetic or facts.brings_nothing:
        return 0.0
    complete, filled = _share(facts.complete_pct), _share(facts.filled_pct)
    fresh = min(1.0, fresh_hours / age) if age > 0 else 1.0
    legal = _LEGAL.get(facts.legal_status, 1.0)
    return round(complete * (0.5 + 0.5 * filled) * fresh * legal, 3)


def _share(pct: float | None) -> float:
    return UNKNOWN_SHARE if pct is None else min(max(pct, 0.0), 100.0) / 100


def worst(statuses: list[CoverageStatus]) -> CoverageStatus:
    """Return how a county stands: as its worst source, leaving out those that bring nothing anyway."""
    telling = [status for status in statuses if status != "grey"]
    for status in ("red", "amber", "green"):
        if status in telling:
            return status
    return "grey"
