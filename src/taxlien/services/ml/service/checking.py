"""Whether champions still fit: what they are told against what taught them, what they said against what
came of it. An alarm is raised once, and cleared once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from taxlien.interfaces.ml import ModelAlerted
from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database, Session
from taxlien.kit.outbox import emit
from taxlien.kit.telemetry.metrics import Gauge
from taxlien.services.ml.adapters import artifacts, watcher
from taxlien.services.ml.logic.watching.check import FEATURES, Found, news
from taxlien.services.ml.logic.watching.trial import Measured
from taxlien.services.ml.models import Appointment, Check
from taxlien.services.ml.repository import appointments, facts, trials
from taxlien.services.ml.repository import checks as kept

EVERY = timedelta(hours=24)
LATELY = timedelta(days=30)
MOST = 20_000
_OUTCOMES_OF = "redemption"
"""The model of which it can be told whether what it said came true."""

_log = structlog.get_logger("taxlien.ml")
_drift = Gauge("taxlien_ml_drifted", "1 while a check of a model raises an alarm", ["name", "kind"])


@dataclass(frozen=True)
class Asked:
    """A champion to check. ``trial``: the number and the artifact of a challenger on trial beside it."""

    champion: Appointment
    trial: tuple[int, str] | None


async def due(session: Session, *, every: timedelta = EVERY) -> list[Asked]:
    """Return the champions that were not checked for so long, nor came into office since."""
    now = datetime.now(UTC)
    checked: dict[str, datetime] = {}
    for one in await kept.latest(session):
        checked[one.name] = max(one.at, checked.get(one.name, one.at))
    found = []
    for office in await appointments.all_in_office(session):
        since = max(office.at, checked.get(office.name, office.at))
        if office.alias == "champion" and since <= now - every:
            trial = await trials.running(session, office.name)
            found.append(Asked(office, (trial.number, trial.artifact) if trial else None))
    return found


async def latest(session: Session) -> Sequence[Check]:
    """Return what was found last, of each model and kind."""
    return await kept.latest(session)


async def check(database: Database, blobs: Blobs, asked: Asked) -> list[Found]:
    """Check a champion, and write down what was found. Raises ``UnfitArtifact`` where it cannot be read.

    Nothing is locked, and no transaction is open, while the arithmetic goes on.
    """
    champion = asked.champion
    files = await artifacts.fetch(blobs, champion.artifact)
    other = await artifacts.fetch(blobs, asked.trial[1]) if asked.trial else None
    since = max(champion.at, datetime.now(UTC) - LATELY)
    async with database.session() as session:
        lately = await kept.came_since(
            session, since, FEATURES, synthetic=champion.synthetic, most=MOST
        )
    found = [await asyncio.to_thread(watcher.features, files, lately)]
    measured = None
    if champion.name == _OUTCOMES_OF:
        async with _frame(database) as frame:
            of_outcomes, measured = await asyncio.to_thread(
                watcher.outcomes, files, other, frame, champion.at.date()
            )
        found.append(of_outcomes)
    async with database.session() as session:
        await keep(session, champion, found)
        if asked.trial and measured:
            await _keep_misses(session, asked.trial[0], measured)
    return found


async def keep(session: Session, champion: Appointment, found: list[Found]) -> None:
    """Write down what was found of a champion, and tell of what is news."""
    await kept.lock(session, champion.name)
    for one in found:
        told = news(await kept.last_known(session, champion.name, one.kind), one.state)
        session.add(
            Check(
                name=champion.name, kind=one.kind, version=champion.version, state=one.state,
                rows=one.rows, detail=one.detail,
            )
        )  # fmt: skip
        if one.state != "unknown":
            _drift.labels(champion.name, one.kind).set(one.state == "drifted")
        if told is None:
            continue
        _log.warning(
            "model_alert", name=champion.name, kind=one.kind, state=told, detail=one.detail
        )
        alert = ModelAlerted(
            name=champion.name, model_version=champion.version, kind=one.kind, state=told,
            detail=one.detail,
        )  # fmt: skip
        await emit(session, alert)


async def _keep_misses(session: Session, trial: int, measured: tuple[Measured, Measured]) -> None:
    champion, challenger = measured
    await trials.keep(
        session,
        trials.EVERYWHERE,
        [
            (trial, "champion", "squared_miss", champion),
            (trial, "challenger", "squared_miss", challenger),
        ],
    )


@asynccontextmanager
async def _frame(database: Database) -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="taxlien-ml-") as folder:
        file = Path(folder) / "frame.csv"
        async with database.session() as session:
            with file.open("wb") as content:
                async for piece in facts.read_csv(session):
                    content.write(piece)
        yield file
