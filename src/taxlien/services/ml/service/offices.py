"""Who is in office, how long, whether they still fit, and what is on trial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from taxlien.kit.database import Session
from taxlien.services.ml.models import Check, Trial
from taxlien.services.ml.repository import checks, trials

from . import serving

_A_DAY = 86_400.0


@dataclass(frozen=True)
class Office:
    """An appointment, what its last checks found (of a champion), and the trial under way."""

    name: str
    alias: str
    version: int
    artifact: str
    reason: str
    synthetic: bool
    at: datetime
    age_days: float
    checks: list[Check]
    trial: Trial | None


async def offices(session: Session) -> list[Office]:
    """Return who holds each office, by name and alias; a challenger no newer than the champion is none."""
    now = datetime.now(UTC)
    checked = await checks.latest(session)
    running = {one.name: one for one in await trials.all_running(session) if now < one.ends_at}
    return [
        Office(
            one.name, one.alias, one.version, one.artifact, one.reason, one.synthetic, one.at,
            age_days=max(0.0, (now - one.at).total_seconds() / _A_DAY),
            checks=[c for c in checked if c.name == one.name and one.alias == "champion"],
            trial=running.get(one.name),
        )
        for one in await serving.models(session)
    ]  # fmt: skip
