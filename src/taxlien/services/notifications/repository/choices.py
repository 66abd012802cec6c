"""Queries on what users chose to hear of."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.notifications.logic.kinds import CHANNELS, Channel
from taxlien.services.notifications.models import Choice as ChoiceRow

_KNOWN: dict[str, Channel] = {name: name for name in CHANNELS}


async def choices_of(session: Session, user_id: UUID) -> dict[tuple[str, Channel], bool]:
    """Return what a user chose, by kind and channel."""
    rows = await session.scalars(select(ChoiceRow).where(ChoiceRow.user_id == user_id))
    return {(row.kind, _KNOWN[row.channel]): row.wanted for row in rows if row.channel in _KNOWN}


async def put_choices(
    session: Session, user_id: UUID, choices: Mapping[tuple[str, Channel], bool]
) -> None:
    """Write choices down; the same ones again change nothing."""
    if not choices:
        return
    rows = [
        {"user_id": user_id, "kind": kind, "channel": channel, "wanted": wanted}
        for (kind, channel), wanted in choices.items()
    ]
    statement = insert(ChoiceRow).values(rows)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id", "kind", "channel"],
            set_={"wanted": statement.excluded.wanted, "changed_at": func.now()},
            where=ChoiceRow.wanted != statement.excluded.wanted,
        )
    )


async def delete_choices(session: Session, user_id: UUID) -> int:
    """Delete what a user chose. Returns how many rows."""
    gone = await session.scalars(
        delete(ChoiceRow).where(ChoiceRow.user_id == user_id).returning(ChoiceRow.kind)
    )
    return len(gone.all())
