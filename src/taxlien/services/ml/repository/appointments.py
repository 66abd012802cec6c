"""Which version of a model is in office."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text

from taxlien.kit.database import Session
from taxlien.services.ml.models import Appointment

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ml.appointments'), hashtext(:name))")


async def lock(session: Session, name: str) -> None:
    """Let nobody else appoint a model of ``name`` until the transaction ends."""
    await session.execute(_LOCK, {"name": name})


async def in_office(session: Session, name: str, alias: str) -> Appointment | None:
    """Return who is ``alias`` of ``name``, or None."""
    found = await history(session, name, alias, limit=1)
    return found[0] if found else None


async def history(
    session: Session, name: str, alias: str = "champion", *, limit: int = 20
) -> Sequence[Appointment]:
    """Return who was ``alias`` of ``name``, the latest first."""
    rows = await session.scalars(
        select(Appointment)
        .where(Appointment.name == name, Appointment.alias == alias)
        .order_by(Appointment.number.desc())
        .limit(limit)
    )
    return rows.all()


async def is_anybody(session: Session) -> bool:
    """Return whether any model that real liens taught ever was in office."""
    real = select(Appointment.number).where(~Appointment.synthetic)
    return bool(await session.scalar(select(real.exists())))


async def all_in_office(session: Session) -> Sequence[Appointment]:
    """Return who holds each office, by name and alias."""
    latest = select(func.max(Appointment.number)).group_by(Appointment.name, Appointment.alias)
    rows = await session.scalars(
        select(Appointment)
        .where(Appointment.number.in_(latest))
        .order_by(Appointment.name, Appointment.alias)
    )
    return rows.all()
