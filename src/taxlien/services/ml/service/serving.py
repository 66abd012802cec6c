"""Champions are loaded and asked. While a new one cannot be read, the last good one serves."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session, describe
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.kit.telemetry.degraded import degrade, restore
from taxlien.kit.telemetry.metrics import Counter, Gauge
from taxlien.services.ml.adapters import artifacts
from taxlien.services.ml.adapters.family import FAMILIES, Model
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import appointments
from taxlien.services.ml.settings import MlSettings

from .alarming import Loading, note_loading
from .answering import MOST_EXPLAINED, Unanswered, answer
from .errands import Errands
from .together import Together
from .trying import Seat, Trials

MANY = 24
"""From so many cases on they are answered beside the loop, which goes on with others meanwhile."""

_log = structlog.get_logger("taxlien.ml")
_unfit = Gauge("taxlien_ml_model_unfit", "1 while the model in office cannot be loaded", ["name"])
_serving = Gauge("taxlien_ml_model_version", "Version of the model that serves", ["name"])
_predictions = Counter("taxlien_ml_predictions", "Cases answered", ["name"])
_together = Together()


@dataclass(frozen=True)
class Loaded:
    """A model that serves, and which it is."""

    version: int
    artifact: str
    model: Model


class Champions:
    """The champions of this process. A new one is loaded beside the old, which serves until then."""

    def __init__(self, blobs: Blobs, refresh_seconds: float) -> None:
        self._blobs = blobs
        self._refresh = refresh_seconds
        self._loaded: dict[str, Loaded] = {}
        self._look_at: dict[str, float] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._looking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._errands = Errands()
        self._unfit: set[str] = set()
        self._to_tell: dict[str, list[Loading]] = {}

    async def champion(self, session: Session, name: str) -> Loaded | None:
        """Return who serves ``name``; None where nothing was ever trained or can be read."""
        looking = self._looking[name]
        if self._must_look(name) and not (name in self._loaded and looking.locked()):
            async with looking:  # one at a time: who read earlier must not have the last word
                if self._must_look(name):
                    history = await appointments.history(session, name)
                    self._look_at[name] = time.monotonic() + self._refresh
                    self._errands.back(name)
                    self._follow(name, history)
        if name not in self._loaded and (first := self._loading.get(name)):
            await asyncio.shield(first)
        if name in self._to_tell:
            await self._tell(session, name)
        return self._loaded.get(name)

    def known(self, name: str) -> Loaded | None:
        """Return who serves ``name``; None where the one who asks has to look into the database for it."""
        loaded = self._loaded.get(name)
        sent = loaded is not None and self._must_look(name) and self._errands.send(name)
        return None if sent else loaded

    def why_none(self, name: str) -> str:
        """Return in words why nobody serves ``name``."""
        if name in self._unfit:
            return "no model that was trained here can be loaded"
        return "no model has been trained here"

    def _must_look(self, name: str) -> bool:
        return time.monotonic() >= self._look_at.get(name, 0.0) and name not in self._loading

    def _follow(self, name: str, history: Sequence[Appointment]) -> None:
        known = self._loaded.get(name)
        if not history or (known and known.artifact == history[0].artifact):
            _fit(name)
            if name in self._unfit and history:
                self._note(name, Loading(history[0].version, True, datetime.now(UTC)))
            return
        if name not in self._loading:
            # Known versions go along, not rows: the session ends before the loading does.
            # What made-up liens taught is no stand-in for what real ones did.
            fit = [one for one in history if history[0].synthetic or not one.synthetic]
            tried = [(one.version, one.artifact) for one in fit]
            task = asyncio.create_task(self._load(name, tried[:1] if known else tried))
            self._loading[name] = task
            task.add_done_callback(lambda _: self._loading.pop(name, None))

    async def _load(self, name: str, tried: Sequence[tuple[int, str]]) -> None:
        """Load the first of ``tried`` that can be read: the champion, then those before it."""
        unfit: set[str] = set()
        begun, why = datetime.now(UTC), ""
        for version, artifact in tried:
            if artifact in unfit:
                continue
            try:
                files = await artifacts.fetch(self._blobs, artifact)
                model = await asyncio.to_thread(FAMILIES[name].load, files, str(version))
            except Exception as error:  # whatever damaged files, or objects that are away, make
                unfit.add(artifact)
                why = why or f"version {version} cannot be loaded: {_words(error)}"
                _unfit.labels(name).set(1)
                degrade(f"model {name}", f"version {version} cannot be loaded")
                _log.error("model_unfit", name=name, version=version, error=str(error)[:200])
                continue
            self._loaded[name] = Loaded(version, artifact, model)
            _serving.labels(name).set(version)
            if not unfit:
                _fit(name)
            _log.info("model_serves", name=name, version=version)
            break
        self._note(name, Loading(tried[0][0], not unfit, begun, why))

    def _note(self, name: str, seen: Loading) -> None:
        """Remember what is to be told: twice, since the transaction of who asks may be lost."""
        (self._unfit.discard if seen.fits else self._unfit.add)(name)
        self._to_tell[name] = [seen, seen]

    async def _tell(self, session: Session, name: str) -> None:
        """Write down whether the champion can be loaded; an answer does not fail for it."""
        waiting = self._to_tell.pop(name)
        try:
            async with session.begin_nested():
                await note_loading(session, name, waiting[0])
        except SQLAlchemyError as error:
            _log.warning("loading_not_noted", name=name, error=describe(error))
        if waiting[1:]:
            self._to_tell.setdefault(name, waiting[1:])


def _words(error: Exception) -> str:
    """Return what may be read by anybody of why files make no model."""
    return str(error)[:200] if isinstance(error, artifacts.UnfitArtifact) else type(error).__name__


def _fit(name: str) -> None:
    _unfit.labels(name).set(0)
    restore(f"model {name}")


async def predict(
    session: Session,
    name: str,
    contents: Sequence[object],
    reasons: bool | None = None,
    user_id: UUID | None = None,
) -> list[Any]:
    """Return one answer for each of ``contents`` (cases as they came), in order. Never raises for them.

    While a trial is under way a share of the users is answered by the challenger.

    ``reasons`` that cost more than the answer are told unless it is false, or the cases are many (None).
    Raises ``InvalidInput`` where they are asked for of too many.
    """
    found = await _champions().champion(session, name)
    if found is None:
        cases = [read_case(content) for content in contents]
        _predictions.labels(name).inc(len(cases))
        nothing = _champions().why_none(name)
        return [Unanswered(id=case.id, evidence=nothing, problems=case.problems) for case in cases]
    await _trials().look(session, name)
    return await _tried(found, name, contents, reasons, user_id)


async def predict_at_once(
    name: str,
    contents: Sequence[object],
    reasons: bool | None = None,
    user_id: UUID | None = None,
) -> list[Any] | None:
    """Return what ``predict`` does; None where this request has to ask the database first."""
    found = _champions().known(name)
    if found is None or _trials().sends(name):
        return None
    return await _tried(found, name, contents, reasons, user_id)


def is_noted() -> bool:
    """Tell whether this process noted anything of trials that is not surely written."""
    return _trials.cache_info().currsize > 0 and _trials().is_noted


async def keep_noted(session: Session) -> None:
    """Write what this process noted of trials."""
    await _trials().write(session)


async def _tried(
    champion: Loaded,
    name: str,
    contents: Sequence[object],
    reasons: bool | None,
    user_id: UUID | None,
) -> list[Any]:
    seat = _trials().seat(name, champion.version, user_id)
    if seat is None:
        return await _answers(champion.model, name, contents, reasons)
    model = _model_of(seat, champion)
    begun = time.perf_counter()
    told = await _answers(model, name, contents, reasons)
    _trials().note(seat, told, time.perf_counter() - begun)
    return told


def _model_of(seat: Seat, champion: Loaded) -> Model:
    return seat.running.model if seat.arm == "challenger" else champion.model


async def _answers(
    model: Model, name: str, contents: Sequence[object], reasons: bool | None
) -> list[Any]:
    if reasons and len(contents) > MOST_EXPLAINED:
        raise InvalidInput("reasons", f"told of at most {MOST_EXPLAINED} cases at once")
    explain = len(contents) <= MOST_EXPLAINED if reasons is None else reasons
    cases = [read_case(content) for content in contents]
    _predictions.labels(name).inc(len(cases))
    if len(cases) < MANY:
        return await _together.answer(model, cases, explain)
    return await asyncio.to_thread(answer, model, cases, explain)


async def who_serves(session: Session, name: str) -> Loaded | None:
    """Return the champion of this process; None where nothing was trained or can be read."""
    return await _champions().champion(session, name)


async def champion_of(session: Session, blobs: Blobs, name: str) -> Model:
    """Return the champion of ``name``, as ``loaded_of`` does."""
    return (await loaded_of(session, blobs, name)).model


async def loaded_of(session: Session, blobs: Blobs, name: str) -> Loaded:
    """Return the champion of ``name``, or the last before it that can be read, and which it is.

    Raises ``InvalidInput`` for a name there is not, ``NotFound`` where no model can be read.
    """
    if name not in FAMILIES:
        raise InvalidInput("name", f"no model {name}; there are {', '.join(FAMILIES)}")
    found = await Champions(blobs, refresh_seconds=60.0).champion(session, name)
    if found is None:
        raise NotFound(f"no model of {name} can be read: train one")
    return found


async def teachers_of(session: Session, blobs: Blobs, name: str) -> dict[str, Model]:
    """Return the models in office that ``name`` learns from. Raises as ``champion_of`` does."""
    names = FAMILIES[name].teachers if name in FAMILIES else ()
    return {one: await champion_of(session, blobs, one) for one in names}


async def models(session: Session) -> Sequence[Appointment]:
    """Return who holds each office, by name and alias; a challenger no newer than the champion is none."""
    held = await appointments.all_in_office(session)
    champions = {one.name: one.version for one in held if one.alias == "champion"}
    return [
        one for one in held if one.alias == "champion" or one.version > champions.get(one.name, 0)
    ]


@cache
def _champions() -> Champions:
    return Champions(open_blobs(), read_settings(MlSettings).refresh_seconds)


def open_blobs() -> Blobs:
    """Return where models are kept."""
    return Blobs.from_settings(read_settings(KitSettings))


@cache
def _trials() -> Trials:
    return Trials(open_blobs, read_settings(MlSettings).refresh_seconds)
