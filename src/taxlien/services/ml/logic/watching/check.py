"""What a check of a model found, and when that is news."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["features", "outcomes", "loading"]
State = Literal["stable", "watch", "drifted", "unfit", "unknown"]
News = Literal["raised", "cleared"]

ALARMS = ("drifted", "unfit")
FEATURES = ("face_amount", "premium", "opening_bid", "assessed_value", "market_value")
"""Facts of a lien that models are told of, US dollars."""
FEWEST = 200
"""Liens; of fewer nothing is said."""


class Found(msgspec.Struct, frozen=True):
    """``state`` over ``rows`` liens; ``detail`` in words. Unknown: too little to tell. Unfit: a model
    that cannot be loaded."""

    kind: Kind
    state: State
    rows: int
    detail: str


def news(before: str | None, now: State) -> News | None:
    """Return what is to be told: an alarm is raised once, and cleared once it is known to be over.

    What cannot be told any more clears nothing, and is no alarm: ``before`` is the last state known.
    """
    if now in ALARMS and before not in ALARMS:
        return "raised"
    if before in ALARMS and now in ("stable", "watch"):
        return "cleared"
    return None
