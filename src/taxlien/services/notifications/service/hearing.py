"""From events to messages that wait to be sent."""

from __future__ import annotations

from datetime import UTC, datetime, time

from taxlien.interfaces.auth import (
    TOKEN_CONTEXT,
    EmailVerificationRequested,
    EmailVerified,
    RolesChanged,
    UserSignedUp,
)
from taxlien.interfaces.users import PreferencesChanged
from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.kinds import language_for
from taxlien.services.notifications.logic.letters import (
    Announced,
    Letter,
    Secured,
    event_id_of,
    letter_of,
)
from taxlien.services.notifications.models import Recipient

from .queueing import queue
from .wishing import take_back_unwanted

ADMINISTRATOR = "admin"
"""The role of who looks after the product."""


async def note_sign_up(session: Session, event: UserSignedUp) -> None:
    """Remember a new user; who brings a verified address is welcomed at once."""
    recipient = await repository.lock_recipient(session, event.user_id)
    _learn(recipient, event.at, event.email, event.language)
    if event.email_verified and recipient.erased_at is None:
        recipient.verified = True
        await _welcome(session, recipient, greet=not event.synthetic)


async def note_verified(session: Session, event: EmailVerified) -> None:
    """Remember that an address is its user's, and welcome those who are new."""
    recipient = await repository.lock_recipient(session, event.user_id)
    if recipient.erased_at is not None:
        return
    _learn(recipient, event.at, event.email, None)
    recipient.verified = True
    await _welcome(session, recipient, greet=True)


async def note_preferences(session: Session, event: PreferencesChanged) -> None:
    """Remember how a user wants to be written to; the newest wish counts."""
    recipient = await repository.lock_recipient(session, event.user_id)
    newer = recipient.preferences_at is None or recipient.preferences_at <= event.at
    if recipient.erased_at is None and newer:
        recipient.preferences_at = event.at
        recipient.language = language_for(event.language)
        recipient.language_chosen = True
        recipient.email_notifications = event.email_notifications
        recipient.push_notifications = event.push_notifications
        recipient.sms_notifications = event.sms_notifications
        recipient.time_zone = event.time_zone
        recipient.quiet_from = _clock(event.quiet_from)
        recipient.quiet_until = _clock(event.quiet_until)
        await take_back_unwanted(session, recipient)


async def note_roles(session: Session, event: RolesChanged) -> None:
    """Remember whether a user looks after the product; the newest word counts."""
    recipient = await repository.lock_recipient(session, event.user_id)
    newer = recipient.roles_at is None or recipient.roles_at <= event.at
    if recipient.erased_at is None and newer:
        recipient.roles_at = event.at
        recipient.administrator = ADMINISTRATOR in event.roles


async def note_secured(session: Session, event: Secured) -> None:
    """Queue the mail about something that touches the safety of an account."""
    recipient = await repository.lock_recipient(session, event.user_id)
    # Only a confirmation is asked of an address that may be another's.
    known = None if isinstance(event, EmailVerificationRequested) else event.email
    _learn(recipient, event.at, known, event.language)
    context = f"{TOKEN_CONTEXT}:{event.user_id}"
    letter = letter_of(event, lambda sealed: current.keyring().open_text(sealed, context))
    await queue(session, recipient, letter, event_id_of(event, letter.kind))


async def note_announcement(session: Session, event: Announced) -> None:
    """Queue the mail about something a user asked for."""
    recipient = await repository.lock_recipient(session, event.user_id)
    letter = letter_of(event, str)
    await queue(session, recipient, letter, event_id_of(event, letter.kind))


def _learn(recipient: Recipient, at: datetime, email: str | None, language: str | None) -> None:
    """Take over what an account's event says, unless a newer one was heard or the user chose."""
    if recipient.erased_at is not None:
        return
    if email is not None and (recipient.account_at is None or recipient.account_at <= at):
        recipient.email = email
        recipient.account_at = at
    if language is not None and not recipient.language_chosen:
        recipient.language = language_for(language)


async def _welcome(session: Session, recipient: Recipient, *, greet: bool) -> None:
    """Welcome once in a user's life."""
    if recipient.welcomed_at is not None:
        return
    recipient.welcomed_at = datetime.now(UTC)
    if greet:
        await queue(session, recipient, Letter("welcome"), recipient.user_id)


def _clock(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None
