"""How fast liens redeem where nothing else is known: each sale leans on its county, that on its state,
that on all (partial pooling of the hazards of every interval), as far as its law leaves time to redeem."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.survival import EDGES, intervals_seen, logit

from .answer import Cell
from .closing import closed
from .columns import Columns, Floats

STRENGTH = 60.0
"""Liens open at the beginning of an interval at which a cell weighs as much as the one above it."""
_FADING = 0.6
"""A sale weighs this much of the one after it in what is expected of the next."""
FAR, NEAR, TAXES = 0, 1, 2
_TOLD_BY = {"sale": NEAR, "taxes": TAXES}


class Hazards(msgspec.Struct, frozen=True):
    """Chances to redeem in each interval, given open at its beginning, and ``n`` liens behind them."""

    by_interval: tuple[float, ...]
    n: int


class Baseline(msgspec.Struct, frozen=True):
    """Hazards of all, of states, of counties (what is expected of a next sale), of sales that were seen, by
    "county day", and of later taxes that holders paid, by "county month"."""

    overall: Hazards
    states: Mapping[str, Hazards]
    counties: Mapping[str, Hazards]
    sales: Mapping[str, Hazards]
    taxes: Mapping[str, Hazards] = {}

    def of(self, state: str, county: str, day: float) -> tuple[Cell, Hazards]:
        """Return the nearest known cell and its name: sale, taxes, county, state or all."""
        sale = self.sales.get(sale_name(county, day))
        if sale is not None:
            return "sale", sale
        taxes = self.taxes.get(month_name(county, day))
        if taxes is not None:
            return "taxes", taxes
        if county in self.counties:
            return "county", self.counties[county]
        if state in self.states:
            return "state", self.states[state]
        of_all = closed(self.overall.by_interval, state, day)
        return "all", Hazards(of_all, self.overall.n)

    def knows(self, state: NDArray[np.bytes_], county: NDArray[np.bytes_]) -> NDArray[np.bool_]:
        """Tell of each place whether outcomes of its county or state taught anything."""
        states, counties = (np.array([*names], "S5") for names in (self.states, self.counties))
        return np.isin(state, states) | np.isin(county, counties)


def sale_name(county: str, day: float) -> str:
    """Return the name of a county's sale day; of an unknown day none that exists."""
    return f"{county} {day:.0f}" if np.isfinite(day) else ""


def month_name(county: str, day: float) -> str:
    """Return the name of a county's month; of an unknown day none that exists."""
    return (
        f"{county} {np.datetime64(int(day), 'D').astype('datetime64[M]')}"
        if np.isfinite(day)
        else ""
    )


def learn_baseline(columns: Columns, days: Floats, watched: Floats) -> Baseline:
    """Return the hazards of ``columns``: ``days`` to redemption, ``watched`` until ended or last heard."""
    case, place, ended = intervals_seen(days, watched)
    cell = [
        sale_name(county.decode(), day)
        for county, day in zip(columns.county, columns.day.tolist(), strict=True)
    ]
    names, which = np.unique(np.array(cell), return_inverse=True)
    shape = (len(names), len(EDGES))
    opened, came = np.zeros(shape), np.zeros(shape)
    np.add.at(opened, (which[case], place), 1.0)
    np.add.at(came, (which[case], place), ended)
    sizes = np.bincount(which, minlength=len(names))
    first = {name: int(np.flatnonzero(which == k)[0]) for k, name in enumerate(names)}
    state = np.array([columns.state[first[name]].decode() for name in names])
    county = np.array([columns.county[first[name]].decode() for name in names])
    day = np.array([columns.day[first[name]] for name in names])
    overall = (came.sum(0) + 0.5) / (opened.sum(0) + 1.0)
    states, counties, sales = {}, {}, {}
    for one in sorted(set(state)):
        in_state = state == one
        above = np.array(closed(tuple(overall.tolist()), str(one), float(day[in_state].max())))
        of_state = _shrunk(came[in_state].sum(0), opened[in_state].sum(0), above)
        states[str(one)] = _told(of_state, sizes[in_state])
        for place_name in sorted(set(county[in_state])):
            mine = np.flatnonzero(county == place_name)
            mine = mine[np.argsort(day[mine])]
            fading = _FADING ** np.arange(len(mine))[::-1][:, None]
            of_county = _shrunk(
                (came[mine] * fading).sum(0), (opened[mine] * fading).sum(0), of_state
            )
            counties[str(place_name)] = _told(of_county, sizes[mine])
            usual = _shrunk(came[mine].sum(0), opened[mine].sum(0), of_state)
            for k in mine:
                sales[str(names[k])] = _told(_shrunk(came[k], opened[k], usual), sizes[k : k + 1])
    return Baseline(_told(overall, sizes), states, counties, sales)


def with_taxes(baseline: Baseline, columns: Columns, days: Floats, watched: Floats) -> Baseline:
    """Return ``baseline`` with the hazards of later taxes: each month leans on all months of its county.

    They are paid on liens that stayed open so far, so they say nothing of a sale, and no sale of them."""
    case, place, ended = intervals_seen(days, watched)
    cells = zip(columns.county.tolist(), columns.day.tolist(), strict=True)
    names, which = np.unique(
        np.array([month_name(county.decode(), day) for county, day in cells]), return_inverse=True
    )
    opened, came = np.zeros((len(names), len(EDGES))), np.zeros((len(names), len(EDGES)))
    np.add.at(opened, (which[case], place), 1.0)
    np.add.at(came, (which[case], place), ended)
    sizes = np.bincount(which, minlength=len(names))
    county = np.array([name.partition(" ")[0] for name in names.tolist()])
    found: dict[str, Hazards] = {}
    for one in sorted(set(county.tolist())):
        mine = np.flatnonzero(county == one)
        above = np.array(baseline.overall.by_interval)
        usual = _shrunk(came[mine].sum(0), opened[mine].sum(0), above)
        for k in mine:
            found[str(names[k])] = _told(_shrunk(came[k], opened[k], usual), sizes[k : k + 1])
    return msgspec.structs.replace(baseline, taxes=found)


def log_odds(baseline: Baseline, columns: Columns) -> tuple[Floats, NDArray[np.int8]]:
    """Return the baseline's log odds (liens, intervals), and by which trees each is told: ``FAR``, ``NEAR``
    of a sale that was seen, ``TAXES`` of a month in which later taxes were."""
    day = np.where(
        np.isfinite(columns.day), columns.day, -np.inf
    )  # one key for all that is unknown
    rows = zip(columns.state.tolist(), columns.county.tolist(), day.tolist(), strict=True)
    known: dict[tuple[bytes, bytes, float], int] = {}
    tables: list[tuple[float, ...]] = []
    told_by: list[int] = []
    which = np.empty(len(columns), np.int64)
    for number, key in enumerate(rows):
        if key not in known:
            level, hazards = baseline.of(key[0].decode(), key[1].decode(), key[2])
            known[key] = len(tables)
            tables.append(hazards.by_interval)
            told_by.append(_TOLD_BY.get(level, FAR))
        which[number] = known[key]
    if not tables:
        return np.empty((0, len(EDGES))), np.empty(0, np.int8)
    return logit(np.array(tables))[which], np.array(told_by, np.int8)[which]


def _shrunk(came: Floats, opened: Floats, above: Floats) -> Floats:
    return np.asarray((came + STRENGTH * above) / (opened + STRENGTH), np.float64)


def _told(hazards: Floats, sizes: NDArray[np.int64]) -> Hazards:
    return Hazards(tuple(hazards.tolist()), int(sizes.sum()))
