"""What a user was told in the product: written as a notice at once, read when they come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.security.sealing import Keyring
from taxlien.services.notifications import repository
from taxlien.services.notifications.adapters import current
from taxlien.services.notifications.adapters.rendering import render_note
from taxlien.services.notifications.logic.gathering import path_of
from taxlien.services.notifications.logic.kinds import KINDS, Category, language_for
from taxlien.services.notifications.logic.letters import Letter
from taxlien.services.notifications.models import Notice, Recipient


class Written(msgspec.Struct):
    """What a notice says, as it is sealed."""

    title: str
    body: str
    path: str | None


class NoticeRead(NamedTuple):
    """A notice as its user sees it."""

    notice_id: UUID
    kind: str
    category: Category
    title: str
    body: str
    path: str | None
    created_at: datetime
    read_at: datetime | None


class InboxPage(NamedTuple):
    """Notices, and how many of all are unread."""

    notices: Sequence[NoticeRead]
    unread: int


async def add_notice(
    session: Session, recipient: Recipient, letter: Letter, event_id: UUID
) -> None:
    """Write a notice in the language of its reader; the same event never makes two."""
    language = recipient.language or language_for(letter.language)
    note = render_note(letter.kind, language, letter.parameters)
    notice_id = new_id()
    written = Written(note.title, note.body, path_of(letter.parameters))
    await repository.add_notice(
        session,
        {
            "notice_id": notice_id,
            "event_id": event_id,
            "user_id": recipient.user_id,
            "kind": letter.kind,
            "sealed": current.keyring().seal(msgspec.json.encode(written), _context(notice_id)),
        },
    )


async def my_inbox(
    session: Session, user_id: UUID, *, before: UUID | None, limit: int, unread_only: bool
) -> InboxPage:
    """Return notices older than ``before``, the newest first."""
    rows = await repository.notices_of(
        session, user_id, before=before, limit=limit, unread_only=unread_only
    )
    keyring = current.keyring()
    unread = await repository.count_unread(session, user_id)
    return InboxPage([opened(keyring, row) for row in rows], unread)


async def read_notice(session: Session, user_id: UUID, notice_id: UUID) -> None:
    """Mark a notice as read. Raises ``NotFound`` where it is not this user's."""
    if not await repository.mark_read(session, user_id, notice_id):
        raise NotFound("There is no such notice.")


async def read_all(session: Session, user_id: UUID) -> int:
    """Mark all notices of a user as read. Returns how many were not."""
    return await repository.mark_all_read(session, user_id)


def opened(keyring: Keyring, row: Notice) -> NoticeRead:
    """Return a notice with what it says. Raises ``SealBroken``."""
    plain = keyring.open(bytes(row.sealed), _context(row.notice_id))
    said = msgspec.json.decode(plain, type=Written)
    return NoticeRead(
        row.notice_id,
        row.kind,
        KINDS[row.kind].category if row.kind in KINDS else "alert",
        said.title,
        said.body,
        said.path,
        row.created_at,
        row.read_at,
    )


def _context(notice_id: UUID) -> str:
    return f"notifications.notice:{notice_id}"
