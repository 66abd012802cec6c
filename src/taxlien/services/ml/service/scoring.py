"""Every lien that is open is told how risky it is: soon after it comes, and again by every new champion."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from taxlien.interfaces.ml import LienScored, RiskScore
from taxlien.kit.blobs import Blobs
from taxlien.kit.bus import Bus, BusError
from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.outbox import emit_many
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.ml.adapters.scorer import Scorer
from taxlien.services.ml.logic.risk.asked import OPEN, SCORED_KINDS, UNKNOWN, Scored
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.repository import appointments, scores
from taxlien.services.ml.settings import MlSettings

from .serving import Champions

MODEL = "risk"
AT_ONCE = 4_096
_A_PACK = 500
"""Scores in one event: some 60 kB, far below what a bus takes."""
_MOST_BEFORE = {"search.index_liens": 2, "search.keep_scores": 16}
"""Messages that may wait for a listener while more is scored. Liens are to be found first, then judged."""


def open_champions() -> Champions:
    """Return the champions of this process, none loaded yet."""
    settings = read_settings(KitSettings)
    return Champions(Blobs.from_settings(settings), read_settings(MlSettings).refresh_seconds)


async def is_room(bus: Bus) -> bool:
    """Tell whether those who listen keep up: what is scored now would not be in the way of liens."""
    try:
        behind = [await bus.lag(group) or 0 for group in _MOST_BEFORE]
    except BusError:  # nobody hears of it now: later is as good
        return False
    return all(n <= most for n, most in zip(behind, _MOST_BEFORE.values(), strict=True))


async def is_work(session: Session) -> bool:
    """Tell whether the champion has liens before it."""
    champion = await appointments.in_office(session, MODEL, "champion")
    return champion is not None and await scores.is_any_waiting(session, champion.number)


async def score_some(session: Session, champions: Champions) -> int:
    """Score liens that wait for the champion; returns how many were looked at, 0 where none wait.

    Scores and their event are one transaction: what is cut off is scored again, to the same end. While
    the champion cannot be read nothing is scored: what was said before stays.
    """
    champion = await appointments.in_office(session, MODEL, "champion")
    loaded = await champions.champion(session, MODEL) if champion else None
    if champion is None or loaded is None or loaded.artifact != champion.artifact:
        return 0
    model = loaded.model
    if not isinstance(model, Scorer):
        return 0
    waiting = await scores.claim(session, champion.number, AT_ONCE)
    if not waiting:
        return 0
    said = await asyncio.to_thread(_say, model, waiting, champion.synthetic)
    told = list(zip(waiting, said, strict=True))
    written = await scores.write(session, champion.number, champion.version, told)
    changed = [(one, now) for one, now in told if one.score != now.score and one.lien_id in written]
    await emit_many(session, _events(champion, changed))
    return len(waiting)


async def score_of(session: Session, lien_id: UUID) -> scores.Kept:
    """Return what was said of a lien. Raises ``NotFound`` where it was never scored."""
    found = await scores.get(session, lien_id)
    if found is None:
        raise NotFound(f"no score of lien {lien_id}")
    return found


def _say(model: Scorer, waiting: Sequence[scores.Waiting], synthetic: bool) -> list[Scored]:
    """Ask of what is open. Made-up liens teach nothing about real ones, nor the other way round."""
    asked = [
        one.kind in SCORED_KINDS and one.status in OPEN and one.synthetic == synthetic
        for one in waiting
    ]
    chosen = [one.asked for one, is_asked in zip(waiting, asked, strict=True) if is_asked]
    said = iter(model.score(chosen))
    return [next(said) if is_asked else UNKNOWN for is_asked in asked]


def _events(
    champion: Appointment, changed: Sequence[tuple[scores.Waiting, Scored]]
) -> list[LienScored]:
    counties: defaultdict[str, list[RiskScore]] = defaultdict(list)
    for one, said in changed:
        counties[one.asked.county_fips].append(
            RiskScore(
                lien_id=one.lien_id, version=one.version,
                score=said.score, p_unredeemed=said.p_unredeemed,
            )
        )  # fmt: skip
    return [
        LienScored(
            county_fips=fips,
            model_version=champion.version,
            appointment=champion.number,
            synthetic=champion.synthetic,
            scores=tuple(of_county[start : start + _A_PACK]),
            at=datetime.now(UTC),
        )
        for fips, of_county in counties.items()
        for start in range(0, len(of_county), _A_PACK)
    ]
