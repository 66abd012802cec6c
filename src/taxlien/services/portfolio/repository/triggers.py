"""Every query of watched liens as they were last heard of, and of what was told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session
from taxlien.services.portfolio.logic.changes import Before, Change, state_of
from taxlien.services.portfolio.logic.targets import published_day
from taxlien.services.portfolio.models import Trigger, Watch, WatchedLien

_ROWS_AT_ONCE = 2_000


async def lock_states(session: Session, lien_ids: Sequence[UUID]) -> dict[UUID, Before]:
    """Return liens as they were last heard of, locked until the transaction ends."""
    if not lien_ids:
        return {}
    rows = await session.execute(
        select(WatchedLien.lien_id, WatchedLien.version, WatchedLien.status, WatchedLien.price)
        .where(WatchedLien.lien_id.in_(lien_ids))
        .order_by(WatchedLien.lien_id)
        .with_for_update()
    )
    return {found: Before(version, status, price) for found, version, status, price in rows}


async def remember(session: Session, liens: Sequence[Lien]) -> None:
    """Keep liens as they are now, each unless a newer version is known. Each is there once."""
    ordered = sorted(liens, key=lambda lien: lien.lien_id)
    for start in range(0, len(ordered), _ROWS_AT_ONCE):
        rows = [_row(lien) for lien in ordered[start : start + _ROWS_AT_ONCE]]
        new = insert(WatchedLien).values(rows)
        written = {name: getattr(new.excluded, name) for name in rows[0] if name != "lien_id"}
        older = WatchedLien.version < new.excluded.version
        await session.execute(
            new.on_conflict_do_update(index_elements=["lien_id"], set_=written, where=older)
        )


def _row(lien: Lien) -> dict[str, object]:
    state = state_of(lien)
    return {
        "lien_id": lien.lien_id,
        **state._asdict(),
        "county_fips": lien.county_fips,
        "parcel_key": lien.parcel_key,
        "sale_date": published_day(lien),
    }


async def record(
    session: Session, found: Mapping[tuple[int, UUID, int], Change]
) -> set[tuple[int, UUID, int]]:
    """Record changes by watch number, lien and version; return those that were not there before."""
    new: set[tuple[int, UUID, int]] = set()
    keys = sorted(found)
    for start in range(0, len(keys), _ROWS_AT_ONCE):
        rows = [_trigger(key[0], found[key]) for key in keys[start : start + _ROWS_AT_ONCE]]
        written = await session.execute(
            insert(Trigger)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(Trigger.number, Trigger.lien_id, Trigger.version)
        )
        new |= {(number, lien_id, version) for number, lien_id, version in written}
    return new


def _trigger(number: int, change: Change) -> dict[str, object]:
    return {
        "number": number,
        "lien_id": change.lien.lien_id,
        "version": change.lien.version,
        "reason": change.reason,
        "status": change.lien.status,
        "previous_status": change.previous_status,
        "price": change.price,
        "previous_price": change.previous_price,
    }


async def latest(session: Session, number: int, limit: int) -> Sequence[Trigger]:
    """Return what was last recorded of a watch, the latest first."""
    rows = await session.scalars(
        select(Trigger)
        .where(Trigger.number == number)
        .order_by(Trigger.at.desc(), Trigger.version.desc(), Trigger.lien_id)
        .limit(limit)
    )
    return rows.all()


class Told(NamedTuple):
    """What happened to a watched thing, as somebody takes it along."""

    watch_id: UUID
    lien_id: UUID
    version: int
    reason: str
    at: datetime


async def all_of(session: Session, user_id: UUID) -> list[Told]:
    """Return everything recorded of a user's watches, the oldest first."""
    rows = await session.execute(
        select(Watch.watch_id, Trigger.lien_id, Trigger.version, Trigger.reason, Trigger.at)
        .join(Watch, Watch.number == Trigger.number)
        .where(Watch.user_id == user_id)
        .order_by(Trigger.at, Watch.number, Trigger.lien_id, Trigger.version)
    )
    return [Told(*row) for row in rows]


async def remove_all(session: Session, user_id: UUID) -> int:
    """Forget what was recorded of a user's watches. Returns how many rows."""
    mine = select(Watch.number).where(Watch.user_id == user_id)
    gone = await session.execute(delete(Trigger).where(Trigger.number.in_(mine)))
    return int(gone.rowcount)  # type: ignore[attr-defined]
