"""What other services may know of models: how risky a lien is said to be."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from taxlien.kit.events import Event


class RiskScore(msgspec.Struct, frozen=True, kw_only=True):
    """How risky a lien is, as it was in ``version``. Null is unknown, also where it was known before.

    ``score`` 1 to 100: each point is about half a dollar expected to be lost of 100 laid out, and no less
    than red flags allow. ``p_unredeemed`` is the chance not to be redeemed within 60 months.
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
