"""How a user wants to be told: their rhythm, switches and choices, and changing the choices."""

from __future__ import annotations

from taxlien.kit.database import Session
from taxlien.services.notifications import repository
from taxlien.services.notifications.logic.pacing import Rhythm
from taxlien.services.notifications.logic.wishes import Wishes, choosable
from taxlien.services.notifications.models import Recipient

USUAL_ZONE = "America/New_York"
"""Where somebody lives who did not say: as their profile has it."""


def rhythm_of(recipient: Recipient) -> Rhythm:
    """Return the zone and the hours of quiet of a user."""
    zone = recipient.time_zone or USUAL_ZONE
    return Rhythm.of(zone, recipient.quiet_from, recipient.quiet_until)


async def wishes_of(session: Session, recipient: Recipient) -> Wishes:
    """Return what a user wants to hear of and how."""
    return Wishes(
        switches={
            "email": recipient.email_notifications,
            "push": recipient.push_notifications,
            "sms": recipient.sms_notifications,
        },
        choices=await repository.choices_of(session, recipient.user_id),
        mail_stopped=recipient.mail_stopped_at is not None,
    )


async def take_back_unwanted(session: Session, recipient: Recipient) -> None:
    """Stop what waits to be sent to a user and is not wanted any more."""
    wishes = await wishes_of(session, recipient)
    for kind in choosable():
        for channel in kind.channels:
            if not wishes.wants(kind, channel):
                await repository.suppress_queued(session, recipient.user_id, [kind.name], channel)
