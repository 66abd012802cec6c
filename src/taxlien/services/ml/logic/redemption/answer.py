"""What is answered about the redemption of one case, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.about import TrainedOn
from taxlien.services.ml.logic.survival import EDGES

from .columns import Floats

ASKED: tuple[int, ...] = (6, 12, 24, 36)
HORIZON = EDGES[-1]
Basis = Literal["model", "insufficient_data"]
Cell = Literal["sale", "taxes", "county", "state", "all"]
MOST_REASONS = 5
_LEAST_PULL = 0.03

OF_A_CASE = frozenset({"log_face", "premium", "premium_share"})
"""Features that whoever asks can give; the others are looked up."""
WORDS: Mapping[str, str] = {
    "log_face": "the face amount",
    "premium": "the premium",
    "premium_share": "the premium beside the face amount",
    "parcel": "where the parcel lies in the county",
    "face_rank": "the face amount beside others of the sale",
    "near_10": "next-door parcels in the same sale",
    "near_100": "parcels close by in the same sale",
    "near_1000": "parcels of the same quarter in the same sale",
    "nearest": "how near the next parcel of the sale lies",
    "same_face": "liens of the same amount in the sale",
    "near_face": "the face amount beside its neighbours'",
    "near_premium": "premiums paid close by",
    "nearest_face": "the face amount beside the next parcel's",
    "sold_before": "how often the parcel was sold before",
    "years_since": "when the parcel was last sold",
    "days_then": "how long the parcel's last lien was open",
    "days_usual": "how long the parcel's liens are usually open",
    "taxes_paid": "later taxes that holders paid for the parcel",
    "face_change": "the change of the amount since the last sale",
    "days_8": "how fast next-door parcels redeemed earlier",
    "open_8": "liens next door that are still open",
    "days_40": "how fast parcels close by redeemed earlier",
    "open_40": "liens close by that are still open",
    "spread": "how densely liens were sold around",
    "year": "the year of the sale",
    "month": "the month of the sale",
}


class Reason(msgspec.Struct, frozen=True):
    """What moved the answer. ``effect`` is in log odds of redeeming in an interval: above 0, sooner."""

    text: str
    effect: float


class RedemptionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one lien is redeemed, and when. Probabilities 0..1, null is unknown.

    ``p_redeem`` is the chance within ``horizon_months``, ``interval`` its 80 % interval: where the
    share of liens like this one may come to lie. ``expected_months`` is the mean of those that redeem
    by then. ``p_deeded`` and ``p_void`` are null in states whose sources tell no such ends, which
    ``notes`` say. ``n`` liens
    of ``cell`` were learned from, ``base_rate`` is what they redeem at within the horizon.
    ``trained_on`` synthetic: liens that were made up taught it.
    """

    id: str | int | None
    basis: Basis
    p_redeem: float
    p_redeem_by_months: dict[int, float]
    expected_months: float | None
    interval: tuple[float, float]
    p_deeded: float | None = None
    p_void: float | None = None
    horizon_months: int = HORIZON
    n: int = 0
    cell: Cell = "all"
    base_rate: float | None = None
    reasons: tuple[Reason, ...] = ()
    evidence: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    model_version: str = ""
    trained_on: TrainedOn | None = None

    @property
    def insufficient_data(self) -> bool:
        return self.basis == "insufficient_data"


def reasons_of(
    names: tuple[str, ...], pulls: Floats, unknown: NDArray[np.bool_]
) -> list[tuple[Reason, ...]]:
    """Return for each case the strongest of its ``pulls`` (log odds, one a name) in words, strongest first.
    That a value is ``unknown`` moves an answer too, and is told as such."""
    order = np.argsort(-np.abs(pulls), axis=1, kind="stable")[:, :MOST_REASONS]
    case = np.arange(len(pulls))[:, None]
    rows = zip(
        order.tolist(), pulls[case, order].tolist(), unknown[case, order].tolist(), strict=True
    )
    return [
        tuple(
            Reason(_said(names[k], not_known, pull > 0), round(pull, 3))
            for k, pull, not_known in zip(*row, strict=True)
            if abs(pull) >= _LEAST_PULL
        )
        for row in rows
    ]


@cache
def _said(name: str, unknown: bool, sooner: bool) -> str:
    which = f", which is not {'given' if name in OF_A_CASE else 'known'}" if unknown else ""
    return f"{WORDS[name]}{which}: {'sooner' if sooner else 'later or never'}"


def ends_untold(state: str | None) -> str:
    """Say why the chances of a deed and of a void sale are null."""
    place = state or "an unknown state"
    return f"p_deeded and p_void: no source of {place} tells which liens ended so"


def evidence_of(cell: Cell, n: int, place: str) -> str:
    """Say what an answer rests on."""
    if cell == "sale":
        return f"{n:,} liens of the same sale are known"
    if cell == "taxes":
        return f"{n:,} later taxes that holders paid in that month are known"
    if cell == "county":
        return f"{n:,} liens of earlier sales of the county are known"
    if cell == "state":
        return f"no lien of the county is known; {n:,} of {place} speak for it"
    return (
        f"no outcome of {place or 'an unknown state'} is known: the prior of {n:,} liens elsewhere"
    )
