"""Trials begin, are guarded, and end: by themselves where the challenger is surely worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from taxlien.interfaces.ml import ModelAlerted
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.outbox import emit
from taxlien.kit.telemetry.metrics import Counter
from taxlien.services.ml.adapters.family import FAMILIES
from taxlien.services.ml.logic.watching.trial import Measured, must_stop
from taxlien.services.ml.models import Trial
from taxlien.services.ml.repository import appointments
from taxlien.services.ml.repository import trials as kept

GUARDRAILS: Mapping[str, float] = {
    "errors": 0.01,
    "insufficient": 0.05,
    "seconds": 0.005,
    "squared_miss": 0.02,
    "interval_miss": 0.03,
    "log_miss": 0.03,
}
"""What must not be worse, and the difference that would matter: shares, seconds a case, squared chances,
shares of bids outside their interval, logarithms of prices."""
MOST_DAYS = 365
_DAYS_KEPT = timedelta(days=1)

_log = structlog.get_logger("taxlien.ml")
_stopped = Counter("taxlien_ml_trials_stopped", "Trials that a guardrail stopped", ["name"])


@dataclass(frozen=True)
class Status:
    """A trial and what was measured in it, by metric and arm."""

    trial: Trial
    measured: Mapping[str, Mapping[str, Measured]]


async def start(session: Session, name: str, percent: float, days: float) -> Trial:
    """Let ``percent`` of the users be answered by the challenger for ``days``.

    Raises ``InvalidInput`` for values that make no trial, ``NotFound`` without models, ``Conflict`` where
    there is a trial, no other version, or a challenger that made-up liens taught beside real ones.
    """
    _check_name(name)
    if not 0 < percent <= 100:
        raise InvalidInput("percent", "above 0, at most 100")
    if not 0 < days <= MOST_DAYS:
        raise InvalidInput("days", f"above 0, at most {MOST_DAYS}")
    await appointments.lock(session, name)
    champion = await appointments.in_office(session, name, "champion")
    challenger = await appointments.in_office(session, name, "challenger")
    if champion is None or challenger is None:
        raise NotFound(f"{name} has no challenger: train one first")
    if challenger.synthetic and not champion.synthetic:
        raise Conflict(f"version {challenger.version} of {name} learned from made-up liens")
    if challenger.version <= champion.version:
        raise Conflict(f"no version of {name} is newer than its champion {champion.version}")
    if await kept.running(session, name):
        raise Conflict(f"a trial of {name} is under way: stop it first")
    trial = Trial(
        name=name, champion=champion.version, challenger=challenger.version,
        artifact=challenger.artifact, share_pct=percent,
        ends_at=datetime.now(UTC) + timedelta(days=days),
    )  # fmt: skip
    session.add(trial)
    await session.flush()
    return trial


def _check_name(name: str) -> None:
    if name not in FAMILIES or FAMILIES[name].teachers:
        answering = ", ".join(one for one, family in FAMILIES.items() if not family.teachers)
        raise InvalidInput("name", f"{name} answers no users; {answering} do")


async def stop(session: Session, name: str) -> Trial:
    """Stop the trial of ``name``: the champion answers everybody again.

    Raises ``InvalidInput`` for a model that answers no users, ``NotFound``.
    """
    _check_name(name)
    trial = await kept.running(session, name)
    if trial is None or not await kept.stop(session, trial.number, "stopped by hand"):
        raise NotFound(f"no trial of {name} is under way")
    return trial


async def status(session: Session, name: str | None = None) -> list[Status]:
    """Return the latest trial of ``name``, or of every model. Raises as ``stop`` does."""
    if name is not None:
        _check_name(name)
    found = await kept.latest(session, name)
    return [Status(one, await kept.measured(session, one.number)) for one in found]


async def guard(session: Session) -> Sequence[str]:
    """End trials that are over, and those whose challenger is surely worse; returns names of these.

    A reason is told once: who stops a trial tells of it, in one transaction.
    """
    now, worse = datetime.now(UTC), []
    for trial in await kept.all_running(session):
        over = await _over(session, trial, now)
        reason = over or _worse_in(await kept.measured(session, trial.number))
        if reason is None or not await kept.stop(session, trial.number, reason):
            continue
        _log.warning("trial_stopped", name=trial.name, version=trial.challenger, reason=reason)
        _stopped.labels(trial.name).inc(over is None)
        if over is None:
            worse.append(trial.name)
            await emit(session, _alert(trial, reason))
    await kept.forget(session, now - _DAYS_KEPT)
    return worse


async def _over(session: Session, trial: Trial, now: datetime) -> str | None:
    if now >= trial.ends_at:
        return "its time is over"
    champion = await appointments.in_office(session, trial.name, "champion")
    if champion is None or champion.version != trial.champion:
        return "another champion came into office"
    return None


def _worse_in(measured: Mapping[str, Mapping[str, Measured]]) -> str | None:
    """Return in which metric the challenger is surely worse, in words; None in none."""
    for metric, scale in GUARDRAILS.items():
        arms = measured.get(metric, {})
        champion, challenger = arms.get("champion"), arms.get("challenger")
        if champion and challenger and must_stop(champion, challenger, scale):
            return f"{metric}: {challenger.mean:.4g} against {champion.mean:.4g} of the champion"
    return None


def _alert(trial: Trial, reason: str) -> ModelAlerted:
    return ModelAlerted(
        name=trial.name,
        model_version=trial.challenger,
        kind="trial",
        state="raised",
        detail=reason,
        at=datetime.now(UTC),
    )
