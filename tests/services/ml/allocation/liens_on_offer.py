"""Candidates with the shapes real ones have: costs with a long tail, curves that flatten."""

from __future__ import annotations

import numpy as np

from taxlien.services.ml.logic.allocation.candidate import Candidate

MONTHS = np.arange(1, 61)


def offered(seed: int, count: int, counties: int = 4) -> list[Candidate]:
    random = np.random.default_rng(seed)
    return [_one(random, f"{number:04}", counties) for number in range(count)]


def _one(random: np.random.Generator, name: str, counties: int) -> Candidate:
    speed, ever = random.uniform(0.01, 0.1), random.uniform(0.7, 0.99)
    cost, rate = round(float(random.lognormal(7.5, 0.8)), 2), random.uniform(0.02, 0.18)
    return Candidate(
        lien_id=name,
        county_fips=f"{random.integers(counties):05}",
        cost=cost,
        redeemed_by=ever * (1 - (1 - speed) ** MONTHS),
        payoff=cost * (1 + rate * MONTHS / 12),
        recovery=float(cost * random.uniform(0, 2)),
    )
