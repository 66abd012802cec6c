"""What auth hears: tiers and languages that changed, and people who want their data or to be forgotten."""

from __future__ import annotations

from taxlien.interfaces.users import (
    PreferencesChanged,
    TierChanged,
    UserDeletionCancelled,
    UserDeletionRequested,
    UserErasureDue,
    UserExportRequested,
)
from taxlien.kit.database import Session
from taxlien.kit.handlers import on

from . import service


@on(TierChanged)
async def change_tier(session: Session, event: TierChanged) -> None:
    """Put the tier into the access tokens from now on."""
    await service.set_tier(session, event.user_id, event.tier)


@on(PreferencesChanged)
async def change_language(session: Session, event: PreferencesChanged) -> None:
    """Write to the person in their language."""
    await service.set_language(session, event.user_id, event.language)


@on(UserDeletionRequested, UserDeletionCancelled)
async def note_deletion(
    session: Session, event: UserDeletionRequested | UserDeletionCancelled
) -> None:
    """Show the coming erasure at ``/v1/auth/me``; signing in, to change one's mind, goes on working."""
    moment = event.erase_after if isinstance(event, UserDeletionRequested) else None
    await service.set_erase_after(session, event.user_id, moment)


@on(UserErasureDue)
async def erase(session: Session, event: UserErasureDue) -> None:
    """Forget a person."""
    await service.erase_personal_data(session, event)


@on(UserExportRequested)
async def export(session: Session, event: UserExportRequested) -> None:
    """Hand over what is stored about a person."""
    await service.export_personal_data(session, event)
