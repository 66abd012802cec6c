"""What a user chose to hear of: shown beside what comes of it, and chosen anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.services.notifications import repository
from taxlien.services.notifications.logic.kinds import (
    KINDS,
    Category,
    Channel,
    language_for,
)
from taxlien.services.notifications.logic.titles import title_of
from taxlien.services.notifications.logic.wishes import Wishes, choosable
from taxlien.services.notifications.models import Recipient

from .wishing import take_back_unwanted, wishes_of


class KindChoice(NamedTuple):
    """A kind with what was chosen, and the channels by which it comes now."""

    kind: str
    title: str
    category: Category
    chosen: dict[Channel, bool]
    comes_by: list[Channel]


class Choices(NamedTuple):
    """All kinds that one may choose about, and whether all optional mail is stopped."""

    kinds: list[KindChoice]
    mail_stopped: bool


async def my_wishes(session: Session, user_id: UUID) -> Choices:
    """Return what a user chose; what is usual for one nobody heard of yet."""
    recipient = await repository.get_recipient(session, user_id)
    if recipient is None:
        return _choices(Wishes(), None, staff=False)
    return await _choices_of(session, recipient)


async def choose(
    session: Session,
    user_id: UUID,
    wanted: Mapping[str, Mapping[Channel, bool]],
    *,
    mail_stopped: bool,
) -> Choices:
    """Replace what a user chose. Raises ``InvalidInput`` naming the kind, ``NotFound`` for an erased user."""
    _check(wanted)
    recipient = await repository.lock_recipient(session, user_id)
    if recipient.erased_at is not None:
        raise NotFound("There is no such user.")
    await repository.delete_choices(session, user_id)
    choices = {(kind, channel): on for kind, ways in wanted.items() for channel, on in ways.items()}
    await repository.put_choices(session, user_id, choices)
    if not mail_stopped:
        recipient.mail_stopped_at = None
    elif recipient.mail_stopped_at is None:
        recipient.mail_stopped_at = datetime.now(UTC)
    await take_back_unwanted(session, recipient)
    return await _choices_of(session, recipient)


async def _choices_of(session: Session, recipient: Recipient) -> Choices:
    wishes = await wishes_of(session, recipient)
    return _choices(wishes, recipient.language, staff=recipient.administrator)


def _check(wanted: Mapping[str, Mapping[Channel, bool]]) -> None:
    known = {kind.name for kind in choosable()}
    for name, ways in wanted.items():
        if name not in known:
            raise InvalidInput(f"kinds.{name}", "is no kind of message one can choose about")
        for channel in ways:
            if channel not in KINDS[name].channels:
                raise InvalidInput(f"kinds.{name}.{channel}", "is no way this kind comes")


def _choices(wishes: Wishes, language: str | None, *, staff: bool) -> Choices:
    spoken = language_for(language)
    kinds = [
        KindChoice(
            kind.name,
            title_of(kind.name, spoken),
            kind.category,
            {channel: wishes.chosen(kind, channel) for channel in kind.channels},
            list(wishes.channels(kind)),
        )
        for kind in choosable(staff=staff)
    ]
    return Choices(kinds, wishes.mail_stopped)
