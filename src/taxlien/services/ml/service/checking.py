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
from taxlien.services.ml.logic.watching.trial import Arm, Measured
from taxlien.services.ml.models import Appointment, Check, Trial
from taxlien.services.ml.repository import appointments, facts, trials
from taxlien.services.ml.repository import checks as kept

from . import alarming
from .alarming import LOADING, Loading

EVERY = timedelta(hours=24)
LATELY = timedelta(days=30)
MOST = 20_000
MOST_JUDGED = 50_000
"""Liens that outcomes are told by at once: of more, those of some parcels."""


@dataclass(frozen=True)
class Asked:
    """A champion to check, and the trial of a challenger beside it."""

    champion: Appointment
    trial: Trial | None


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
            found.append(Asked(office, await trials.running(session, office.name)))
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
    challenger = await _challenger(blobs, asked.trial)
    since = max(champion.at, datetime.now(UTC) - LATELY)
    async with database.session() as session:
        lately = await kept.came_since(
            session, since, ("county_fips", *FEATURES), synthetic=champion.synthetic, most=MOST
        )
    found = [await asyncio.to_thread(watcher.features, files, lately)]
    measured: watcher.Misses = {}
    if champion.name in watcher.HELD:
        told = (champion.name, files, champion.at.date())
        since_when = await asyncio.to_thread(watcher.since, *told)
        async with _frame(database, since_when, synthetic=champion.synthetic) as frame:
            of_outcomes, measured = await asyncio.to_thread(
                watcher.outcomes, *told[:2], challenger, frame, told[2]
            )
        found.append(of_outcomes)
    async with database.session() as session:
        await alarming.keep(session, champion.name, champion.version, found)
        if asked.trial:
            await _keep_misses(session, asked.trial.number, measured)
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


async def _challenger(blobs: Blobs, trial: Trial | None) -> watcher.Challenger | None:
    if trial is None:
        return None
    return watcher.Challenger(await artifacts.fetch(blobs, trial.artifact), trial.started_at.date())


async def _keep_misses(session: Session, trial: int, measured: watcher.Misses) -> None:
    rows: list[tuple[int, Arm, str, Measured]] = []
    for metric, (champion, challenger) in measured.items():
        rows += [
            (trial, "champion", metric, champion),
            (trial, "challenger", metric, challenger),
        ]
    await trials.keep(session, trials.EVERYWHERE, rows)


@asynccontextmanager
async def _frame(
    database: Database, since: watcher.Since, *, synthetic: bool
) -> AsyncIterator[Path]:
    """Make a file of the liens that are needed: however many there are, memory and disk are bounded."""
    with tempfile.TemporaryDirectory(prefix="taxlien-ml-") as folder:
        file = Path(folder) / "frame.csv"
        async with database.session() as session:
            pieces = facts.read_since(
                session, since.of_source, since.otherwise, news=since.news, synthetic=synthetic,
                most=MOST_JUDGED,
            )  # fmt: skip
            with file.open("wb") as content:
                async for piece in pieces:
                    content.write(piece)
        yield file
