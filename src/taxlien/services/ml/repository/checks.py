"""What checks of models found, and the facts they look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from taxlien.kit.database import Session
from taxlien.services.ml.models import Check, LienFacts

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('ml.checks'), hashtext(:name))")


async def lock(session: Session, name: str) -> None:
    """Let nobody else write a check of ``name`` until the transaction ends."""
    await session.execute(_LOCK, {"name": name})


async def last_known(session: Session, name: str, kind: str) -> str | None:
    """Return the latest state that was not unknown."""
    found: str | None = await session.scalar(
        select(Check.state)
        .where(Check.name == name, Check.kind == kind, Check.state != "unknown")
        .order_by(Check.number.desc())
        .limit(1)
    )
    return found


async def last(session: Session, name: str, kind: str) -> Check | None:
    """Return the latest check of a kind."""
    found: Check | None = await session.scalar(
        select(Check)
        .where(Check.name == name, Check.kind == kind)
        .order_by(Check.number.desc())
        .limit(1)
    )
    return found


async def latest(session: Session) -> Sequence[Check]:
    """Return the latest check of each model and kind."""
    last = select(func.max(Check.number)).group_by(Check.name, Check.kind)
    rows = await session.scalars(
        select(Check).where(Check.number.in_(last)).order_by(Check.name, Check.kind)
    )
    return rows.all()


async def came_since(
    session: Session, at: datetime, names: Sequence[str], *, synthetic: bool, most: int
) -> list[Sequence[Any]]:
    """Return these facts of the liens that came since ``at``, the latest first."""
    # Ids are UUIDv7: they begin with the milliseconds at which the lien was first seen.
    first = UUID(int=int(at.timestamp() * 1_000) << 80)
    columns = [getattr(LienFacts, name) for name in names]
    rows = await session.execute(
        select(*columns)
        .where(LienFacts.lien_id >= first, LienFacts.synthetic == synthetic)
        .order_by(LienFacts.lien_id.desc())
        .limit(most)
    )
    return [tuple(row) for row in rows]
