"""From a letter to rows that wait to be sent: one for each channel it may come by."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.kinds import KINDS, Channel, Kind, language_for
from taxlien.services.notifications.logic.letters import Letter
from taxlien.services.notifications.logic.pacing import send_at
from taxlien.services.notifications.models import Recipient

from .inbox import add_notice
from .sealing import seal
from .wishing import rhythm_of, wishes_of


async def queue(session: Session, recipient: Recipient, letter: Letter, event_id: UUID) -> None:
    """Add a message for each channel. An address not known yet is looked up when it is to be sent.

    A mail that its user does not want, or of a user who is erased, is written down as suppressed.
    """
    kind = KINDS[letter.kind]
    wishes = await wishes_of(session, recipient)
    gone = recipient.erased_at is not None
    if gone or not wishes.wants(kind, "email"):
        error = "the user is erased" if gone else "not wanted by the user"
        await _add(session, recipient, letter, event_id, "email", error)
    if gone:
        return
    reachable = await _reachable(session, recipient, kind)
    for channel in wishes.channels(kind):
        if channel == "in_app" and letter.not_before is None:
            await add_notice(session, recipient, letter, event_id)
        elif channel in reachable:
            await _add(session, recipient, letter, event_id, channel, None)


async def _reachable(session: Session, recipient: Recipient, kind: Kind) -> frozenset[Channel]:
    """Return by which channels a user can be reached at all.

    What can be stopped goes to confirmed addresses alone; for the rest an address may still become known.
    """
    others = await repository.reachable_by(session, recipient.user_id)
    return others | {"email"} if recipient.verified or not kind.stoppable else others


async def _add(
    session: Session,
    recipient: Recipient,
    letter: Letter,
    event_id: UUID,
    channel: Channel,
    suppressed: str | None,
) -> None:
    message_id, now = new_id(), datetime.now(UTC)
    values: dict[str, object] = {
        "message_id": message_id,
        "event_id": event_id,
        "user_id": recipient.user_id,
        "kind": letter.kind,
        "channel": channel,
        "language": recipient.language or language_for(letter.language),
        "expires_at": letter.expires_at,
        "status": "suppressed" if suppressed else "queued",
        "error": suppressed,
        "next_attempt_at": send_at(
            KINDS[letter.kind],
            max(now, letter.not_before or now),
            rhythm_of(recipient),
            letter.expires_at,
        ),
    }
    if not suppressed:
        to = letter.email or recipient.email if channel == "email" else None
        values["sealed"] = seal(current.keyring(), message_id, to, letter.parameters)
    await repository.add_message(session, values)
