"""Choosing lien by lien: always the one that adds most value per dollar; the best prefix is kept.

The first liens alone always lose value, since a single lien's tail is not spread yet. So liens are
added as long as they fit, and the choice is the beginning of that order that is worth most.
"""

from __future__ import annotations

import numpy as np

from .candidate import Floats, Wishes
from .judging import TAIL, Chosen
from .scenarios import Scenarios


def choose(scenarios: Scenarios, wishes: Wishes) -> Chosen:
    """Return a choice that keeps the limits; not the best one, but quick at any size."""
    liens = len(scenarios.cost)
    chosen = np.zeros(liens, dtype=bool)
    best, best_value = chosen.copy(), 0.0
    together = np.zeros(len(scenarios.profit))
    value = 0.0
    room = wishes.budget
    county_room = np.full(scenarios.county.max(initial=0) + 1, wishes.max_per_county or np.inf)
    while True:
        fits = ~chosen & (scenarios.cost <= np.minimum(room, county_room[scenarios.county]))
        options = np.flatnonzero(fits)
        if not options.size:
            return best
        values = _values(together, scenarios.profit[:, options], wishes)
        first = int(np.argmax((values - value) / scenarios.cost[options]))
        pick, value = int(options[first]), float(values[first])
        chosen[pick] = True
        together += scenarios.profit[:, pick]
        room -= scenarios.cost[pick]
        county_room[scenarios.county[pick]] -= scenarios.cost[pick]
        if value > best_value:
            best, best_value = chosen.copy(), value


def _values(together: Floats, options: Floats, wishes: Wishes) -> Floats:
    """Return what the choice would be worth with each of the options added."""
    futures = together[:, None] + options
    worst = max(1, round(TAIL * len(together)))
    tail = np.partition(futures, worst - 1, axis=0)[:worst].mean(axis=0)
    return np.asarray(futures.mean(axis=0) + wishes.weight_of_risk * tail)
