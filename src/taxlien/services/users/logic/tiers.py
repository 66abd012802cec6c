"""What each tier allows, and how the trial of premium begins and ends: one table, and pure rules.

The tiers are those of the gateway's limits and the subscriptions (free, premium, enterprise). A limit of
None is no limit. The portfolio optimizer is enterprise's; the data interface has subscriptions of its
own. Nothing that the law says of a lien is ever behind a tier.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from taxlien.interfaces.users import Tier
from taxlien.kit.errors import Conflict

TRIAL_TIER: Tier = "premium"


class Allowance(NamedTuple):
    """What a tier allows. Counts are of things kept at one time; requests are of one minute."""

    tier: Tier
    requests_per_minute: int
    saved_searches: int | None
    watchlist_liens: int | None
    instant_alerts: bool
    risk_scores: bool
    portfolio_optimizer: bool
    export_rows: int | None


ALLOWANCES: tuple[Allowance, ...] = (
    Allowance("free", 600, 3, 25, False, False, False, 0),
    Allowance("premium", 3_000, 100, 1_000, True, True, False, 10_000),
    Allowance("enterprise", 12_000, None, None, True, True, True, None),
)


def trial_end(tier: str, trial_started_at: datetime | None, now: datetime, days: int) -> datetime:
    """Return when a trial that begins now ends. Raises ``Conflict`` where there is none to have."""
    if trial_started_at is not None:
        raise Conflict("The trial was used before; there is one for each person.")
    if tier != "free":
        raise Conflict(f"A trial of {TRIAL_TIER} gives nothing that {tier} does not have.")
    return now + timedelta(days=days)
