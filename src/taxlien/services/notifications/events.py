"""What notifications hears: what happened to a user in order, by one handler; news of liens in
batches; what needs a person, to those who look after the product."""

from __future__ import annotations

from taxlien.interfaces.auth import (
    DeviceAdded,
    EmailVerificationRequested,
    EmailVerified,
    IdentityLinked,
    PasswordChanged,
    PasswordResetRequested,
    RefreshTokenReused,
    RolesChanged,
    SecondFactorChanged,
    SignUpRepeated,
    UserSignedUp,
)
from taxlien.interfaces.ml import ModelAlerted
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
from taxlien.kit.handlers import on, on_batch

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
    | RolesChanged
    | UserExportReady
    | UserDeletionRequested
    | UserDeletionCancelled
    | UserExportRequested
    | UserErasureDue
    | UserErased
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
    RolesChanged,
    UserExportReady,
    UserDeletionRequested,
    UserDeletionCancelled,
    UserExportRequested,
    UserErasureDue,
    UserErased,
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
        case RolesChanged():
            await service.note_roles(session, event)
        case UserExportRequested():
            await service.export_user(session, event)
        case UserErasureDue():
            await service.erase_user(session, event)
        case UserErased():
            await service.send_farewell(session, event)
        case AuctionNeared() | TierChanged() | UserSubscribed() | PaymentReceived():
            await service.note_occasion(session, event)
        case UserExportReady() | UserDeletionRequested() | UserDeletionCancelled():
            await service.note_announcement(session, event)
        case _:
            await service.note_secured(session, event)


@on_batch(SearchMatched, WatchTriggered)
async def gather_news(session: Session, events: list[service.News]) -> None:
    """Keep what users are to be told together."""
    await service.note_news(session, events)


@on(ModelAlerted)
async def tell_administrators(session: Session, event: ModelAlerted) -> None:
    """Tell who looks after the product what became of a model."""
    await service.note_model_alert(session, event)
