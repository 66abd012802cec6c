"""Stopping mails with one click (RFC 8058): a sealed token says whose and which; no sign-in is needed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, NamedTuple
from urllib.parse import quote
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.security.sealing import Keyring, SealBroken
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.logic.kinds import KINDS, language_for
from taxlien.services.notifications.logic.wishes import choosable
from taxlien.services.notifications.models import Recipient

from .wishing import wishes_of

STOP_PATH = "/v1/notifications/unsubscribe"
Change = Literal["kind", "all", "resume"]
_CONTEXT = "notifications.stop"


class Stop(msgspec.Struct, array_like=True):
    """What a token says."""

    user_id: UUID
    kind: str


class Standing(NamedTuple):
    """How it stands with the mails that a token is about, in the language of their reader."""

    kind: str
    language: str
    kind_stopped: bool
    all_stopped: bool


def stop_url_of(keyring: Keyring, api_url: str, user_id: UUID, kind: str) -> str | None:
    """Return the address that stops mails of ``kind`` to a user; None where they cannot be stopped."""
    if not KINDS[kind].stoppable:
        return None
    token = keyring.seal_text(msgspec.json.encode(Stop(user_id, kind)).decode(), _CONTEXT)
    return f"{api_url}{STOP_PATH}?token={quote(token)}"


async def standing(session: Session, token: str) -> Standing:
    """Return how it stands, changing nothing: mail scanners open links. Raises ``NotFound``."""
    stop = _opened(token)
    recipient = await repository.get_recipient(session, stop.user_id)
    return await _standing(session, stop, recipient)


async def change_mails(session: Session, token: str, change: Change) -> Standing:
    """Stop mails of the token's kind, stop all that can be stopped, or take both back. Safe to repeat.

    What waits to be sent is stopped as well. Raises ``NotFound`` for a token that is none of ours.
    """
    stop = _opened(token)
    recipient = await repository.lock_recipient(session, stop.user_id)
    if recipient.erased_at is not None:
        return await _standing(session, stop, recipient)
    if change == "all":
        recipient.mail_stopped_at = recipient.mail_stopped_at or datetime.now(UTC)
        kinds = [kind.name for kind in choosable()]
        await repository.suppress_queued(session, stop.user_id, kinds, "email")
    elif change == "kind":
        await repository.put_choices(session, stop.user_id, {(stop.kind, "email"): False})
        await repository.suppress_queued(session, stop.user_id, [stop.kind], "email")
    else:
        recipient.mail_stopped_at = None
        await repository.put_choices(session, stop.user_id, {(stop.kind, "email"): True})
    return await _standing(session, stop, recipient)


async def _standing(session: Session, stop: Stop, recipient: Recipient | None) -> Standing:
    if recipient is None:
        return Standing(stop.kind, language_for(None), kind_stopped=False, all_stopped=False)
    wishes = await wishes_of(session, recipient)
    return Standing(
        stop.kind,
        language_for(recipient.language),
        kind_stopped=not wishes.chosen(KINDS[stop.kind], "email"),
        all_stopped=wishes.mail_stopped,
    )


def _opened(token: str) -> Stop:
    try:
        plain = current.keyring().open_text(token, _CONTEXT)
        stop = msgspec.json.decode(plain, type=Stop)
    except (SealBroken, UnicodeError, msgspec.MsgspecError):
        raise NotFound("This link is not one of ours, or not whole.") from None
    if stop.kind not in KINDS:
        raise NotFound("This link is about mails that are not sent any more.")
    return stop
