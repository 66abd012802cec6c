"""What is answered about the risk of one case."""

from __future__ import annotations

from typing import Literal

import msgspec

from taxlien.services.ml.logic.about import TrainedOn

from .flags import Flag
from .meaning import HORIZON
from .reasons import Reason


class RiskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How risky one lien is.

    ``score`` 1 to 100: each point above 1 is about half a dollar expected to be lost of 100 laid out, of
    principal and by delay at 8 % a year; ``safety_score`` is 101 less it. ``model_score`` is the same
    before ``floor``, the least that severe ``flags`` allow. ``p_unredeemed`` is the chance to be neither
    redeemed within ``horizon_months`` nor refunded as void; ``lost_unredeemed`` what of 100 dollars is lost
    if so, and ``lost_by_delay`` otherwise. ``not_checked`` names risks that nothing was known about. ``n``
    liens of ``cell`` were learned from; ``trained_on`` synthetic: made-up ones. ``interval`` is the 80 %
    interval of ``expected_loss_per_100`` for liens like this one as a whole: how many are never redeemed
    differs from sale to sale. ``reasons`` are its parts.
    """

    id: str | int | None
    basis: Literal["model", "insufficient_data"]
    score: int
    safety_score: int
    model_score: int
    expected_loss_per_100: float
    p_unredeemed: float
    lost_unredeemed: float
    lost_by_delay: float
    flags: tuple[Flag, ...]
    not_checked: tuple[str, ...]
    floor: int | None = None
    horizon_months: int = HORIZON
    n: int = 0
    cell: str = "all"
    interval: tuple[float, float] = (0.0, 100.0)
    reasons: tuple[Reason, ...] = ()
    evidence: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    model_version: str = ""
    trained_on: TrainedOn | None = None
