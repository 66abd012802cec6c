"""Alarms about models: each is raised once and cleared once, whoever finds the same and however often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from taxlien.interfaces.ml import ModelAlerted
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.kit.telemetry.metrics import Gauge
from taxlien.services.ml.logic.watching.check import ALARMS, Found, Kind, news
from taxlien.services.ml.models import Check
from taxlien.services.ml.repository import checks as kept

LOADING: Kind = "loading"

_log = structlog.get_logger("taxlien.ml")
_drift = Gauge("taxlien_ml_drifted", "1 while a check of a model raises an alarm", ["name", "kind"])


@dataclass(frozen=True)
class Loading:
    """Whether a process could load the champion, ``version``, when it began to at ``at`` (UTC).
    ``why`` says in words why not."""

    version: int
    fits: bool
    at: datetime
    why: str = ""


async def keep(
    session: Session, name: str, version: int, found: Sequence[Found], at: datetime | None = None
) -> None:
    """Write down what was found of a champion, and tell of what is news."""
    await kept.lock(session, name)
    now = at or datetime.now(UTC)
    for one in found:
        told = news(await kept.last_known(session, name, one.kind), one.state)
        session.add(
            Check(
                name=name, kind=one.kind, version=version, state=one.state,
                rows=one.rows, detail=one.detail, at=now,
            )
        )  # fmt: skip
        if one.state != "unknown" and one.kind != LOADING:  # each process has its own gauge of that
            _drift.labels(name, one.kind).set(one.state in ALARMS)
        if told is None:
            continue
        _log.warning("model_alert", name=name, kind=one.kind, state=told, detail=one.detail)
        alert = ModelAlerted(
            name=name, model_version=version, kind=one.kind, state=told, detail=one.detail, at=now
        )
        await emit(session, alert)


async def note_loading(session: Session, name: str, seen: Loading) -> None:
    """Raise the alarm of a champion that a process cannot load; clear it where one could since.

    Many processes load it, and say so again and again: what is known already changes nothing.
    """
    if not await _is_news(session, name, seen):
        return
    await kept.lock(session, name)
    if await _is_news(session, name, seen):
        found = Found(LOADING, "stable" if seen.fits else "unfit", 0, seen.why or "it was loaded")
        await keep(session, name, seen.version, [found], seen.at)


async def _is_news(session: Session, name: str, seen: Loading) -> bool:
    """What was seen before the last news says nothing of it."""
    last = await kept.last(session, name, LOADING)
    if last is None:
        return not seen.fits
    return last.at < seen.at and seen.fits == (last.state == "unfit")
