"""What other services may know of models: how risky a lien is said to be, who was answered in a
trial, and what needs a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from taxlien.kit.events import Event


class RiskScore(msgspec.Struct, frozen=True, kw_only=True):
    """How risky a lien is, as it was in ``version``. Null is unknown, also where it was known before.

    ``score`` 1 to 100: each point is about half a dollar expected to be lost of 100 laid out, and no less
    than red flags allow. ``p_unredeemed`` is the chance to be neither redeemed within
    60 months nor refunded as void.
    """

    lien_id: UUID
    version: int
    score: int | None = None
    p_unredeemed: float | None = None


class LienScored(Event, frozen=True, kw_only=True):
    """Scores of liens of one county that came, changed or went: each lien at most once.

    ``model_version`` is the registered version that said so. ``appointment`` is the number under which it
    came into office: a score of a higher one is newer; of the same, that of a higher ``version`` is.
    """

    type: ClassVar[str] = "lien.scored"

    county_fips: str
    model_version: int
    appointment: int
    synthetic: bool  # made-up liens taught the model
    scores: tuple[RiskScore, ...]
    at: datetime

    def key(self) -> str:
        return self.county_fips


class ModelExposed(Event, frozen=True, kw_only=True):
    """A user was answered in a trial, the first time on a UTC day. ``trial`` is its number, ``arm`` the
    side that answered, ``model_version`` the registered version."""

    type: ClassVar[str] = "model.exposed"

    name: str
    trial: int
    arm: Literal["champion", "challenger"]
    model_version: int
    user_id: UUID
    day: date

    def key(self) -> str:
        return str(self.user_id)


class ModelAlerted(Event, frozen=True, kw_only=True):
    """Something about a model needs a person, or does so no more; each change is told once.

    ``kind``: trial (stopped by a guardrail), features (what it is told is no longer like what taught it),
    outcomes (what it says does not come true), loading (the champion cannot be loaded; the last good one
    serves). ``detail`` is in words, without anything of people; ``at`` is UTC.
    """

    type: ClassVar[str] = "model.alerted"

    name: str
    model_version: int
    kind: Literal["trial", "features", "outcomes", "loading"]
    state: Literal["raised", "cleared"]
    detail: str
    at: datetime | None = None

    def key(self) -> str:
        return self.name
