"""What users hears: people who made an account, and addresses that were shown to be theirs."""

from __future__ import annotations

from taxlien.interfaces.auth import AccountAccessed, EmailVerified, UserSignedUp
from taxlien.interfaces.users import UserDataErased, UserDataExported, UserErasureDue
from taxlien.kit.database import Session
from taxlien.kit.handlers import on

from . import service


# One function, hence one reader: the events of one person arrive in their order.
@on(UserSignedUp, EmailVerified)
async def follow_accounts(session: Session, event: UserSignedUp | EmailVerified) -> None:
    """Keep a profile for every account."""
    if isinstance(event, UserSignedUp):
        await service.create_profile(session, event)
    else:
        await service.note_verified_email(session, event)


@on(UserDataExported)
async def collect_exports(session: Session, event: UserDataExported) -> None:
    """Keep what a service answered to the wish for all data."""
    await service.exports.take_part(session, event)


@on(UserErasureDue)
async def erase_own_data(session: Session, event: UserErasureDue) -> None:
    """Forget a person here, and say so."""
    await service.deletions.erase_own(session, event)


@on(UserDataErased)
async def collect_erasures(session: Session, event: UserDataErased) -> None:
    """Count who has forgotten a person; the last one completes it."""
    await service.deletions.take_answer(session, event)


@on(AccountAccessed)
async def log_account_access(session: Session, event: AccountAccessed) -> None:
    """Add what staff did with an account to the log of accesses."""
    await service.audit.record_told(session, event)
