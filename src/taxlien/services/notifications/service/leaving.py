"""What a user may take along, and how a user is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from taxlien.interfaces.users import (
    UserDataErased,
    UserDataExported,
    UserErased,
    UserErasureDue,
    UserExportRequested,
    part_context,
)
from taxlien.kit import personal_data
from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.kinds import language_for
from taxlien.services.notifications.logic.letters import event_id_of
from taxlien.services.notifications.models import Gathered, Message, Recipient

from .forgetting import forget_addresses, known_addresses
from .gathering import facts_context
from .inbox import opened
from .sealing import seal, unseal

SERVICE = "notifications"
FAREWELL = "account_erased"
HELD_DAYS = 14
MOST_NOTICES = 100_000
FAREWELL_DAYS = 3
KEPT = "the address, sealed, for the one mail that says it is done"


async def export_user(session: Session, event: UserExportRequested) -> None:
    """Put what is known of a user into the object store, sealed, and say where it is."""
    recipient = await repository.get_recipient(session, event.user_id)
    messages = await repository.messages_of(session, event.user_id)
    choices = await repository.choices_of(session, event.user_id)
    gathered = await repository.gathered_of(session, event.user_id)
    notices = await repository.notices_of(
        session, event.user_id, before=None, limit=MOST_NOTICES, unread_only=False
    )
    part = {
        "recipients": [_recipient_row(recipient)] if recipient else [],
        "messages": [_message_row(message) for message in messages],
        "choices": [
            {"kind": kind, "channel": channel, "wanted": wanted}
            for (kind, channel), wanted in choices.items()
        ],
        "gathered": [_gathered_row(item) for item in gathered],
        **await known_addresses(session, event.user_id),
        "notices": [opened(current.keyring(), row)._asdict() for row in notices],
    }
    handed = await personal_data.hand_over(part, part_context(event.export_id, SERVICE))
    await emit(
        session,
        UserDataExported(
            **event.answer(SERVICE, datetime.now(UTC)), sha256=handed.sha256, rows=handed.rows
        ),
    )


async def erase_user(session: Session, event: UserErasureDue) -> None:
    """Forget a user. The address alone stays, sealed in a mail that waits for ``user.erased``.

    Safe to repeat: the second time there is nothing left, and the answer is given again.
    """
    recipient = await repository.lock_recipient(session, event.user_id)
    email, language = recipient.email, recipient.language
    rows = await repository.delete_messages(session, event.user_id)
    rows += await repository.delete_gathered(session, event.user_id)
    rows += await repository.delete_choices(session, event.user_id)
    rows += await repository.delete_notices(session, event.user_id)
    rows += await forget_addresses(session, event.user_id, email)
    if recipient.erased_at is None:
        rows += 1 if email is not None else 0
        _blank(recipient)
    if email is not None:
        await _hold_farewell(session, event, email, language)
    held = await repository.lock_held(session, event.user_id)
    await emit(
        session,
        UserDataErased(
            **event.answer(SERVICE, datetime.now(UTC)), rows=rows, kept=(KEPT,) if held else ()
        ),
    )


async def send_farewell(session: Session, event: UserErased) -> None:
    """Let the last mail go, with the proof. When it is sent, or too late, it is deleted whole."""
    message = await repository.lock_held(session, event.user_id)
    if message is None:
        return
    keyring = current.keyring()
    to = unseal(keyring, message.message_id, message.sealed or b"").to
    told: dict[str, str | int | None] = {"at": event.at.isoformat(), "proof": event.proof}
    message.sealed = seal(keyring, message.message_id, to, told)
    message.status = "queued"
    message.next_attempt_at = datetime.now(UTC)
    message.expires_at = datetime.now(UTC) + timedelta(days=FAREWELL_DAYS)


async def _hold_farewell(
    session: Session, event: UserErasureDue, email: str, language: str | None
) -> None:
    message_id = new_id()
    values: dict[str, object] = {
        "message_id": message_id,
        "event_id": event_id_of(event, FAREWELL),
        "user_id": event.user_id,
        "kind": FAREWELL,
        "language": language_for(language),
        "status": "held",
        "sealed": seal(current.keyring(), message_id, email, {}),
        "expires_at": datetime.now(UTC) + timedelta(days=HELD_DAYS),
    }
    await repository.add_message(session, values)


def _blank(recipient: Recipient) -> None:
    """Leave nothing but the id and the fact: events that come late must not bring the user back."""
    recipient.email = None
    recipient.language = None
    recipient.language_chosen = False
    recipient.verified = False
    recipient.email_notifications = False
    recipient.push_notifications = False
    recipient.sms_notifications = False
    recipient.administrator = False
    recipient.roles_at = None
    recipient.time_zone = None
    recipient.quiet_from = None
    recipient.quiet_until = None
    recipient.mail_stopped_at = None
    recipient.account_at = None
    recipient.preferences_at = None
    recipient.welcomed_at = None
    recipient.erased_at = datetime.now(UTC)


def _recipient_row(recipient: Recipient) -> dict[str, object]:
    return {
        "user_id": recipient.user_id,
        "email": recipient.email,
        "verified": recipient.verified,
        "language": recipient.language,
        "email_notifications": recipient.email_notifications,
        "push_notifications": recipient.push_notifications,
        "sms_notifications": recipient.sms_notifications,
        "administrator": recipient.administrator,
        "time_zone": recipient.time_zone,
        "quiet_from": recipient.quiet_from,
        "quiet_until": recipient.quiet_until,
        "mail_stopped_at": recipient.mail_stopped_at,
        "welcomed_at": recipient.welcomed_at,
        "created_at": recipient.created_at,
    }


def _message_row(message: Message) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "kind": message.kind,
        "channel": message.channel,
        "language": message.language,
        "status": message.status,
        "attempts": message.attempts,
        "created_at": message.created_at,
        "sent_at": message.sent_at,
    }


def _gathered_row(item: Gathered) -> dict[str, object]:
    """What of a message to come is the user's: which facts it tells is public, that it was to be told not."""
    facts: dict[str, object] = {}
    if item.sealed is not None:
        plain = current.keyring().open(bytes(item.sealed), facts_context(item.item_id))
        facts = msgspec.json.decode(plain)
    return {
        "kind": item.kind,
        "pace": item.pace,
        "due_at": item.due_at,
        "told_at": item.told_at,
        "facts": facts,
    }
