"""The arithmetic of risk for very many liens at once: the same scores that one case is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.case import FIRST_YEAR, LAST_YEAR, MOST_DOLLARS
from taxlien.services.ml.logic.redemption.columns import EPOCH, Columns, parcel_number

from .asked import AskedLien
from .features import Singles
from .flags import ABOVE_VALUE, AGAIN, FEWEST_AGAIN, UNSOLD
from .meaning import HAIRCUT_PCT, LONGEST_WAIT, MOST_DOLLARS_LOST, Floats, rule_on

_HALF = 0.5 + 1e-6  # what a float misses of half a cent


def columns_of_liens(liens: Sequence[AskedLien]) -> tuple[Columns, Floats, NDArray[np.bool_]]:
    """Return liens as columns, the values of their properties (NaN unknown), and where all of a
    property, beyond the debt, would be the holder's. What cannot be true is unknown, as in a case."""
    by_field = list(zip(*liens, strict=True)) or [()] * len(AskedLien._fields)
    state, county, parcel, sold, face, premium, assessed, market = by_field
    columns = Columns(
        state=np.array(state, "S2"),
        county=np.array(county, "S5"),
        day=np.array([_day(day) for day in sold], np.float64),
        face=_money(face),
        premium=_money(premium),
        parcel=np.array([parcel_number(key) for key in parcel], np.float64),
    )
    value, second = _money(market), _money(assessed)
    value = np.where(value > 0, value, np.where(second > 0, second, np.nan))
    windfall: dict[tuple[str, date | None], bool] = {}
    for place in set(zip(state, sold, strict=True)):
        rule = rule_on(*place) if place[1] is not None and _day(place[1]) is not None else None
        windfall[place] = rule is not None and rule.surplus_rule == "windfall_possible"
    whole = [windfall[place] for place in zip(state, sold, strict=True)]
    return columns, value, np.array(whole, dtype=bool)


def lost_unredeemed_of(columns: Columns, value: Floats, whole: NDArray[np.bool_]) -> Floats:
    """Return for each lien what ``meaning.lost_unredeemed`` does, to the cent of the law's rule."""
    net = value * float(100 - HAIRCUT_PCT) / 100
    back = np.where(whole, net, np.minimum(net, columns.face))
    back = np.floor(back * 100 + _HALF) / 100
    outlay = columns.face + np.nan_to_num(columns.premium)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip(back / outlay, 0.0, 1.0)
    known = np.isfinite(value) & (columns.face > 0)
    return np.where(known, 1.0 - part * (1.0 - LONGEST_WAIT), 1.0)


def scores_of(loss: Floats) -> NDArray[np.int64]:
    """Return for each part of a dollar what ``meaning.score_of`` does."""
    share = np.minimum(1.0, np.maximum(0.0, loss) * 100 / MOST_DOLLARS_LOST)
    return np.asarray(1 + np.rint(99 * share), np.int64)


def floors_of(
    face: Floats, value: Floats, still_open: Singles, unsold: Singles
) -> NDArray[np.int64]:
    """Return the least score that red flags allow each lien; 1 where there is none. NaN is unknown."""
    above = np.nan_to_num(face) > np.where(np.isfinite(value), value, np.inf)
    again = np.nan_to_num(still_open) >= FEWEST_AGAIN
    least = np.where(again, AGAIN, 1)
    least = np.maximum(least, np.where(np.nan_to_num(unsold) > 0, UNSOLD, 1))
    return np.asarray(np.maximum(least, np.where(above, ABOVE_VALUE, 1)), np.int64)


def _day(day: date | None) -> float | None:
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        return None
    return float(day.toordinal() - EPOCH)


def _money(values: Sequence[float | None]) -> Floats:
    found = np.array(values, np.float64)  # None becomes NaN
    with np.errstate(invalid="ignore"):
        return np.where((found >= 0) & (found <= MOST_DOLLARS), found, np.nan)
