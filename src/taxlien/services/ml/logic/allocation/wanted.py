"""What an investor asks for, as it came: plain values, so that asking loads no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Money in US dollars; None is no limit. Without counties and states, liens of anywhere."""

    budget: float
    risk_tolerance: float = 0.5
    counties: Sequence[str] = ()
    states: Sequence[str] = ()
    min_per_lien: float | None = None
    max_per_lien: float | None = None
    max_per_county: float | None = None
    max_risk_score: int | None = None
    horizon_months: int = 36
    seed: int = 1
