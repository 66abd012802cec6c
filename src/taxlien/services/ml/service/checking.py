"""Whether champions still fit: what they are told against what taught them, what they said against what
came of it. An alarm is raised once, and cleared once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database, Session
from taxlien.services.ml.adapters import artifacts, watcher
from taxlien.services.ml.logic.watching.check import FEATURES, Found
from taxlien.services.ml.logic.watching.trial import Measured
from taxlien.services.ml.models import Appointment, Check
from taxlien.services.ml.repository import appointments, facts, trials
from taxlien.services.ml.repository import checks as kept

from . import alarming
from .alarming import LOADING, Loading

EVERY = timedelta(hours=24)
LATELY = timedelta(days=30)
MOST = 20_000
_OUTCOMES_OF = "redemption"
"""The model of which it can be told whether what it said came true."""


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
        if one.kind != LOADING:
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
    files = await _whole(database, blobs, champion)
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
        await alarming.keep(session, champion.name, champion.version, found)
        if asked.trial and measured:
            await _keep_misses(session, asked.trial[0], measured)
    return found


async def _whole(database: Database, blobs: Blobs, champion: Appointment) -> Mapping[str, bytes]:
    """Return the files of a champion; that they are missing or damaged is an alarm of its own."""
    begun, unfit = datetime.now(UTC), None
    try:
        files = await artifacts.fetch(blobs, champion.artifact)
    except artifacts.UnfitArtifact as error:
        unfit = error
    seen = Loading(champion.version, unfit is None, begun, str(unfit or ""))
    async with database.session() as session:
        await alarming.note_loading(session, champion.name, seen)
    if unfit:
        raise unfit
    return files


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
