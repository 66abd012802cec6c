"""Serving in a trial: a share of the users is answered by the challenger, always the same ones.

Who was answered, and how, is noted in the process and written with the next look for the trial, every
few seconds while anything is asked, and before the process stops.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from taxlien.interfaces.ml import ModelExposed
from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session, describe
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.kit.telemetry.metrics import Gauge
from taxlien.services.ml.adapters import artifacts
from taxlien.services.ml.adapters.family import FAMILIES, Model
from taxlien.services.ml.logic.watching.trial import Arm, Measured, Trial, arm_of
from taxlien.services.ml.repository import trials
from taxlien.services.ml.repository.trials import Exposed

from .answering import Unanswered
from .errands import Errands

_log = structlog.get_logger("taxlien.ml")
_unfit = Gauge(
    "taxlien_ml_challenger_unfit", "1 while a challenger on trial cannot be loaded", ["name"]
)


@dataclass(frozen=True)
class Running:
    """A trial under way, with its challenger. ``champion`` is the version it is compared with."""

    number: int
    name: str
    champion: int
    challenger: int
    artifact: str
    ends_at: datetime
    trial: Trial
    model: Model


@dataclass(frozen=True)
class Seat:
    """Where somebody sits in a trial."""

    running: Running
    arm: Arm
    user_id: UUID

    @property
    def model_version(self) -> int:
        """Return the version that answers."""
        chosen = self.running
        return chosen.challenger if self.arm == "challenger" else chosen.champion


class Trials:
    """The trials of this process: looked for every few seconds, in the session of who asks then."""

    def __init__(self, open_blobs: Callable[[], Blobs], refresh_seconds: float) -> None:
        """``open_blobs`` is asked where models are kept once there is a trial."""
        self._open_blobs = open_blobs
        self._refresh = refresh_seconds
        self._look_at: dict[str, float] = {}
        self._errands = Errands()
        self._running: dict[str, Running] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._process = new_id()
        self._measured: dict[tuple[int, Arm, str], Measured] = {}
        self._new: dict[Exposed, Seat] = {}
        self._written: dict[Exposed, Seat] = {}
        self._known: set[Exposed] = set()
        self._day = date.min
        self._to_write = 0  # what was noted is written twice, see ``write``

    @property
    def is_noted(self) -> bool:
        """Tell whether something is not surely written yet."""
        return self._to_write > 0

    def must_look(self, name: str) -> bool:
        """Tell whether the database has to be asked for a trial of ``name``."""
        return time.monotonic() >= self._look_at.get(name, 0.0)

    def sends(self, name: str) -> bool:
        """Tell whether the one who asks has to look into the database: of many, one is sent."""
        return self.must_look(name) and self._errands.send(name)

    async def look(self, session: Session, name: str) -> None:
        """Look for a trial of ``name`` where it is time to, and write what was noted meanwhile."""
        if not self.must_look(name):
            return
        self._look_at[name] = time.monotonic() + self._refresh
        self._errands.back(name)
        found = await trials.running(session, name)
        known = self._running.get(name)
        if found is None:
            self._running.pop(name, None)
            _unfit.labels(name).set(0)
        elif (known is None or known.number != found.number) and name not in self._loading:
            self._running.pop(name, None)
            said = Trial(f"{name} {found.number} {found.artifact}", found.share_pct)
            values = (found.number, name, found.champion, found.challenger, found.artifact)
            task = asyncio.create_task(self._load(values, found.ends_at, said))
            self._loading[name] = task
            task.add_done_callback(lambda _: self._loading.pop(name, None))
        try:
            async with session.begin_nested():
                await self.write(session)
        except SQLAlchemyError as error:  # an answer does not wait for what is noted of it
            _log.warning("trial_not_noted", error=describe(error))

    def seat(self, name: str, champion: int, user_id: UUID | None) -> Seat | None:
        """Return where somebody sits; None without a trial of this champion, and for the anonymous."""
        running = self._running.get(name)
        if running is None or user_id is None or running.champion != champion:
            return None
        if datetime.now(UTC) >= running.ends_at:
            return None
        return Seat(running, arm_of(running.trial, user_id), user_id)

    def note(self, seat: Seat, told: Sequence[Any], seconds: float) -> None:
        """Note that somebody was answered, and how: shares of the cases of one question, seconds a case."""
        if not told:
            return
        self._to_write = 2
        failed = sum(isinstance(one, Unanswered) for one in told) / len(told)
        unsure = sum(getattr(one, "basis", "") == "insufficient_data" for one in told) / len(told)
        for metric, value in (
            ("errors", failed),
            ("insufficient", unsure),
            ("seconds", seconds / len(told)),
        ):
            key = (seat.running.number, seat.arm, metric)
            known = self._measured.get(key, Measured(0, 0.0, 0.0))
            self._measured[key] = Measured(
                known.count + 1, known.total + value, known.squares + value * value
            )
        today = datetime.now(UTC).date()
        if today != self._day:
            self._day, self._known = today, set()
        seen = Exposed(seat.running.number, today, _person(seat.running, seat.user_id))
        if seen not in self._known:
            self._known.add(seen)
            self._new[seen] = seat

    async def write(self, session: Session) -> None:
        """Write what was noted. What was written last time goes along once more: that transaction may have
        been lost, and what is known already is not counted again."""
        waiting = self._written | self._new
        if not self._to_write:
            return
        self._to_write -= 1
        self._written, self._new = self._new, {}
        keys = sorted(waiting)
        fresh = await trials.expose(session, keys) if keys else []
        await trials.count_exposed(session, Counter((e.trial, waiting[e].arm) for e in fresh))
        measured = [(*key, one) for key, one in self._measured.items()]
        await trials.keep(session, self._process, measured)
        await emit(session, *(_event(one, waiting[one]) for one in fresh))

    async def _load(
        self, found: tuple[int, str, int, int, str], ends: datetime, said: Trial
    ) -> None:
        number, name, champion, challenger, artifact = found
        try:
            files = await artifacts.fetch(self._open_blobs(), artifact)
            model = await asyncio.to_thread(FAMILIES[name].load, files, str(challenger))
        except Exception as error:  # whatever damaged files make: the champion answers everybody
            _unfit.labels(name).set(1)
            _log.error("challenger_unfit", name=name, version=challenger, error=str(error)[:200])
            return
        _unfit.labels(name).set(0)
        self._running[name] = Running(
            number, name, champion, challenger, artifact, ends, said, model
        )
        _log.info("trial_serves", name=name, version=challenger, trial=number)


def _person(running: Running, user_id: UUID) -> int:
    """Return what stands for a user in this trial alone."""
    key = bytes.fromhex(running.artifact)
    salt = running.number.to_bytes(8, "big")
    made = blake2b(user_id.bytes, digest_size=8, key=key, salt=salt)
    return int.from_bytes(made.digest(), "big", signed=True)


def _event(exposed: Exposed, seat: Seat) -> ModelExposed:
    return ModelExposed(
        name=seat.running.name,
        trial=seat.running.number,
        arm=seat.arm,
        model_version=seat.model_version,
        user_id=seat.user_id,
        day=exposed.day,
    )
