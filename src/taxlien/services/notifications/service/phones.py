"""A user's number for text messages: theirs once they gave back the code that was sent to it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, NotFound, TooManyAttempts
from taxlien.kit.ids import new_id
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.calling import address_hash
from taxlien.services.notifications.logic.kinds import language_for
from taxlien.services.notifications.logic.phone_codes import (
    CODE_LIFE,
    CODES_PER,
    MOST_CODES,
    MOST_GUESSES,
    PHONE_CODE,
    code_hash,
    fits,
    new_code,
    number_of,
)
from taxlien.services.notifications.models import Phone, Recipient

from .addressing import phone_context
from .sealing import seal


class PhoneKnown(NamedTuple):
    """A number as its user sees it."""

    phone: str
    confirmed: bool


async def my_phone(session: Session, user_id: UUID) -> PhoneKnown:
    """Return a user's number. Raises ``NotFound`` where there is none."""
    found = await phone_if_any(session, user_id)
    if found is None:
        raise NotFound("There is no number.")
    return found


async def phone_if_any(session: Session, user_id: UUID) -> PhoneKnown | None:
    """Return a user's number."""
    found = await repository.get_phone(session, user_id)
    number = _opened(found) if found is not None else ""
    if found is None or not number:
        return None
    return PhoneKnown(number, found.confirmed_at is not None)


async def change_phone(session: Session, user_id: UUID, text: str) -> PhoneKnown:
    """Remember a number and send it a code. One that is confirmed already gets none.

    Raises ``InvalidInput``, ``Conflict`` where no text messages are sent, ``TooManyAttempts``.
    """
    number = number_of(text)
    if current.texter() is None:
        raise Conflict("Text messages are not sent here.")
    recipient = await repository.lock_recipient(session, user_id)
    if recipient.erased_at is not None:
        raise NotFound("There is no such user.")
    found = await repository.lock_phone(session, user_id)
    if found is not None and found.confirmed_at is not None and _opened(found) == number:
        return PhoneKnown(number, confirmed=True)
    now, code = datetime.now(UTC), new_code()
    sealed = current.keyring().seal_text(number, phone_context(user_id)).encode()
    if found is None:
        found = Phone(user_id=user_id, sealed=sealed, codes=0, guesses=0, first_code_at=now)
        await repository.add_phone(session, found)
    _count(found, now)
    found.sealed, found.confirmed_at, found.guesses = sealed, None, 0
    found.code_sha256, found.code_expires_at = code_hash(user_id, code), now + CODE_LIFE
    await _send_code(session, recipient, number, code, now)
    return PhoneKnown(number, confirmed=False)


async def confirm_phone(session: Session, user_id: UUID, code: str) -> bool:
    """Take a code back; False where it is a wrong one, which counts.

    Raises ``NotFound``, ``TooManyAttempts``.
    """
    found = await repository.lock_phone(session, user_id)
    if found is None:
        raise NotFound("There is no number.")
    if found.confirmed_at is not None:
        return True
    now = datetime.now(UTC)
    if found.guesses >= MOST_GUESSES:
        raise TooManyAttempts("Too many codes were wrong. Ask for a new one.", 60)
    if found.code_sha256 is None or found.code_expires_at is None or found.code_expires_at < now:
        return False
    found.guesses += 1
    if not fits(found.code_sha256, user_id, code):
        return False
    found.confirmed_at, found.code_sha256, found.code_expires_at = now, None, None
    # The code arrived: whatever kept messages from this number is over.
    await repository.lift_suppression(session, "sms", address_hash("sms", _opened(found)))
    return True


async def forget_phone(session: Session, user_id: UUID) -> None:
    """Send no text messages any more. The count of codes stays while it matters. Safe to repeat."""
    found = await repository.lock_phone(session, user_id)
    if found is not None and found.first_code_at + CODES_PER > datetime.now(UTC):
        found.sealed = current.keyring().seal_text("", phone_context(user_id)).encode()
        found.confirmed_at, found.code_sha256, found.code_expires_at = None, None, None
    elif found is not None:
        await repository.delete_phone(session, user_id)


def _count(phone: Phone, now: datetime) -> None:
    if phone.first_code_at + CODES_PER <= now:
        phone.first_code_at, phone.codes = now, 0
    if phone.codes >= MOST_CODES:
        wait = int((phone.first_code_at + CODES_PER - now).total_seconds()) + 1
        raise TooManyAttempts("Too many codes were asked for today.", wait)
    phone.codes += 1


async def _send_code(
    session: Session, recipient: Recipient, number: str, code: str, now: datetime
) -> None:
    message_id = new_id()
    await repository.add_message(
        session,
        {
            "message_id": message_id,
            "event_id": message_id,
            "user_id": recipient.user_id,
            "kind": PHONE_CODE,
            "channel": "sms",
            "language": language_for(recipient.language),
            "status": "queued",
            "sealed": seal(current.keyring(), message_id, number, {"code": code}),
            "expires_at": now + CODE_LIFE,
        },
    )


def _opened(phone: Phone) -> str:
    return current.keyring().open_text(phone.sealed.decode(), phone_context(phone.user_id))
