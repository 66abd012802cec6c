"""What people may use: their tier, the one trial of premium, and what every tier allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, cast
from uuid import UUID

from taxlien.interfaces.users import ALLOWANCES, Allowance, Tier, TierChanged
from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.outbox import emit
from taxlien.kit.security.identity import Caller
from taxlien.kit.settings import read_settings
from taxlien.services.users.logic.tiers import TRIAL_TIER, trial_end
from taxlien.services.users.models import User
from taxlien.services.users.repository import people as repository
from taxlien.services.users.settings import UsersSettings

from .audit import record as record_access

_TRIALS_AT_ONCE = 500
_FIELDS = ("subscription_tier", "trial_end_date")

Reason = Literal["subscription", "trial_started", "trial_ended", "admin"]


def tiers() -> tuple[Allowance, ...]:
    """Return what every tier allows."""
    return ALLOWANCES


async def start_trial(session: Session, caller: Caller) -> User:
    """Give the caller premium for the days of the trial. Raises ``Conflict`` the second time."""
    user = await _lock(session, caller.user_id)
    now = datetime.now(UTC)
    days = read_settings(UsersSettings).trial_days
    user.trial_end_date = trial_end(user.subscription_tier, user.trial_started_at, now, days)
    user.trial_started_at = now
    await _move(session, user, TRIAL_TIER, "trial_started", caller)
    return user


async def set_tier(
    session: Session, caller: Caller, user_id: UUID, tier: Tier, reason: str
) -> User:
    """Give somebody a tier for good; a trial that runs ends by it. Raises ``NotFound``."""
    user = await _lock(session, user_id)
    if user.subscription_tier == tier and user.trial_end_date is None:
        return user
    user.trial_end_date = None
    await _move(session, user, tier, "admin", caller, reason)
    return user


async def end_trials(session: Session, now: datetime) -> int:
    """End trials that are over, at most 500. Returns how many: ask again while it is not 0."""
    over = await repository.lock_ended_trials(session, now, _TRIALS_AT_ONCE)
    for user in over:
        user.trial_end_date = None
        if user.erased_at is None and user.subscription_tier == TRIAL_TIER:
            await _move(session, user, "free", "trial_ended", None)
    await session.flush()
    return len(over)


async def _lock(session: Session, user_id: UUID) -> User:
    user = await repository.lock_user(session, user_id)
    if user is None or user.erased_at is not None:
        raise NotFound("There is no profile of this user.")
    return user


async def _move(
    session: Session,
    user: User,
    tier: Tier,
    reason: Reason,
    actor: Caller | None,
    why: str | None = None,
) -> None:
    previous = cast(Tier, user.subscription_tier)
    user.subscription_tier = tier
    user.version += 1
    user.updated_at = datetime.now(UTC)
    await emit(
        session,
        TierChanged(
            user_id=user.id,
            at=user.updated_at,
            tier=tier,
            previous_tier=previous,
            reason=reason,
            trial_end_date=user.trial_end_date,
        ),
    )
    await record_access(
        session,
        actor=actor,
        subject=user.id,
        action=f"tier.{reason}",
        fields=_FIELDS,
        reason=why,
    )
