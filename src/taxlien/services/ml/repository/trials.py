"""Which challenger is on trial, who was answered in it, and what was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from taxlien.kit.database import Session
from taxlien.services.ml.logic.watching.trial import Arm, Measured
from taxlien.services.ml.models import Trial

EVERYWHERE = UUID(int=0)
"""Stands for the process of what is counted in the database itself."""

_STOP = text(
    "UPDATE ml.trials SET stopped_at = now(), reason = :reason"
    " WHERE number = :number AND stopped_at IS NULL RETURNING number"
)
_EXPOSE = text(
    "INSERT INTO ml.exposures (trial, day, person)"
    " SELECT * FROM unnest(CAST(:trials AS bigint[]), CAST(:days AS date[]),"
    " CAST(:persons AS bigint[])) ON CONFLICT DO NOTHING RETURNING trial, day, person"
)
# A process says what it saw since its start: saying it again changes nothing.
_KEEP = text(
    "INSERT INTO ml.trial_measures (trial, process, arm, metric, count, total, squares)"
    " VALUES (:trial, :process, :arm, :metric, :count, :total, :squares)"
    " ON CONFLICT (trial, process, arm, metric) DO UPDATE"
    " SET count = excluded.count, total = excluded.total, squares = excluded.squares"
)
_ADD = text(
    "INSERT INTO ml.trial_measures AS kept (trial, process, arm, metric, count, total, squares)"
    " VALUES (:trial, :process, :arm, 'exposed', :count, 0, 0)"
    " ON CONFLICT (trial, process, arm, metric) DO UPDATE SET count = kept.count + excluded.count"
)
_MEASURED = text(
    "SELECT metric, arm, sum(count)::bigint, sum(total), sum(squares) FROM ml.trial_measures"
    " WHERE trial = :trial GROUP BY metric, arm"
)
_FORGET = text("DELETE FROM ml.exposures WHERE day < :day")


class Exposed(NamedTuple):
    """``person`` was answered in a trial on a day."""

    trial: int
    day: date
    person: int


async def running(session: Session, name: str) -> Trial | None:
    """Return the trial of ``name`` that nobody stopped; it may be over by now."""
    found: Trial | None = await session.scalar(
        select(Trial).where(Trial.name == name, Trial.stopped_at.is_(None))
    )
    return found


async def all_running(session: Session) -> Sequence[Trial]:
    """Return the trials that nobody stopped, by name."""
    rows = await session.scalars(
        select(Trial).where(Trial.stopped_at.is_(None)).order_by(Trial.name)
    )
    return rows.all()


async def latest(session: Session, name: str | None) -> Sequence[Trial]:
    """Return the latest trial of ``name``, or of every model, stopped or not."""
    last = select(func.max(Trial.number)).group_by(Trial.name)
    chosen = select(Trial).where(Trial.number.in_(last)).order_by(Trial.name)
    return (await session.scalars(chosen.where(Trial.name == name) if name else chosen)).all()


async def stop(session: Session, number: int, reason: str) -> bool:
    """Stop a trial; returns whether it was running."""
    return await session.scalar(_STOP, {"number": number, "reason": reason}) is not None


async def expose(session: Session, seen: Sequence[Exposed]) -> list[Exposed]:
    """Write down who was answered; returns those that were not written down before."""
    inserted = await session.execute(
        _EXPOSE,
        {
            "trials": [one.trial for one in seen],
            "days": [one.day for one in seen],
            "persons": [one.person for one in seen],
        },
    )
    return [Exposed(*row) for row in inserted]


async def count_exposed(session: Session, counts: Mapping[tuple[int, Arm], int]) -> None:
    """Add so many people to the arms of trials."""
    rows = [
        {"trial": trial, "process": EVERYWHERE, "arm": arm, "count": count}
        for (trial, arm), count in sorted(counts.items())
    ]
    if rows:
        await session.execute(_ADD, rows)


async def keep(
    session: Session, process: UUID, measured: Iterable[tuple[int, Arm, str, Measured]]
) -> None:
    """Write what ``process`` measured since its start."""
    rows = [
        {
            "trial": trial, "process": process, "arm": arm, "metric": metric,
            "count": one.count, "total": one.total, "squares": one.squares,
        }
        for trial, arm, metric, one in sorted(measured, key=lambda row: row[:3])
    ]  # fmt: skip
    if rows:
        await session.execute(_KEEP, rows)


async def measured(session: Session, trial: int) -> Mapping[str, Mapping[str, Measured]]:
    """Return what all processes measured, by metric and arm."""
    found: defaultdict[str, dict[str, Measured]] = defaultdict(dict)
    for metric, arm, count, total, squares in await session.execute(_MEASURED, {"trial": trial}):
        found[metric][arm] = Measured(count, total, squares)
    return found


async def forget(session: Session, before: datetime) -> None:
    """Forget who was answered before that day."""
    await session.execute(_FORGET, {"day": before.date()})
