"""How the trial of premium begins and ends: pure rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from taxlien.interfaces.users import Tier
from taxlien.kit.errors import Conflict

TRIAL_TIER: Tier = "premium"


def trial_end(tier: str, trial_started_at: datetime | None, now: datetime, days: int) -> datetime:
    """Return when a trial that begins now ends. Raises ``Conflict`` where there is none to have."""
    if trial_started_at is not None:
        raise Conflict("The trial was used before; there is one for each person.")
    if tier != "free":
        raise Conflict(f"A trial of {TRIAL_TIER} gives nothing that {tier} does not have.")
    return now + timedelta(days=days)
