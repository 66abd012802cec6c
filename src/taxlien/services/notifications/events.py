"""What notifications hears. One handler for all, so that what happened to one user is heard in order."""

from __future__ import annotations

from taxlien.interfaces.auth import (
    DeviceAdded,
    EmailVerificationRequested,
    EmailVerified,
    IdentityLinked,
    PasswordChanged,
    PasswordResetRequested,
    RefreshTokenReused,
    SecondFactorChanged,
    SignUpRepeated,
    UserSignedUp,
)
from taxlien.interfaces.payments import PaymentReceived, UserSubscribed
from taxlien.interfaces.portfolio import AuctionNeared, WatchTriggered
from taxlien.interfaces.search import SearchMatched
from taxlien.interfaces.users import (
    PreferencesChanged,
    TierChanged,
    UserDeletionCancelled,
    UserDeletionRequested,
    UserErased,
    UserErasureDue,
    UserExportReady,
    UserExportRequested,
)
from taxlien.kit.database import Session
from taxlien.kit.handlers import on

from . import service

Heard = (
    UserSignedUp
    | EmailVerificationRequested
    | SignUpRepeated
    | EmailVerified
    | PasswordResetRequested
    | PasswordChanged
    | DeviceAdded
    | RefreshTokenReused
    | SecondFactorChanged
    | IdentityLinked
    | PreferencesChanged
    | UserExportReady
    | UserDeletionRequested
    | UserDeletionCancelled
    | UserExportRequested
    | UserErasureDue
    | UserErased
    | SearchMatched
    | WatchTriggered
    | AuctionNeared
    | TierChanged
    | UserSubscribed
    | PaymentReceived
)


@on(
    UserSignedUp,
    EmailVerificationRequested,
    SignUpRepeated,
    EmailVerified,
    PasswordResetRequested,
    PasswordChanged,
    DeviceAdded,
    RefreshTokenReused,
    SecondFactorChanged,
    IdentityLinked,
    PreferencesChanged,
    UserExportReady,
    UserDeletionRequested,
    UserDeletionCancelled,
    UserExportRequested,
    UserErasureDue,
    UserErased,
    SearchMatched,
    WatchTriggered,
    AuctionNeared,
    TierChanged,
    UserSubscribed,
    PaymentReceived,
)
async def take_note(session: Session, event: Heard) -> None:
    """Do what the event asks of whoever writes to people."""
    match event:
        case UserSignedUp():
            await service.note_sign_up(session, event)
        case EmailVerified():
            await service.note_verified(session, event)
        case PreferencesChanged():
            await service.note_preferences(session, event)
        case UserExportRequested():
            await service.export_user(session, event)
        case UserErasureDue():
            await service.erase_user(session, event)
        case UserErased():
            await service.send_farewell(session, event)
        case SearchMatched():
            await service.note_match(session, event)
        case WatchTriggered():
            await service.note_watch(session, event)
        case AuctionNeared() | TierChanged() | UserSubscribed() | PaymentReceived():
            await service.note_occasion(session, event)
        case UserExportReady() | UserDeletionRequested() | UserDeletionCancelled():
            await service.note_announcement(session, event)
        case _:
            await service.note_secured(session, event)
