"""A county's sales as totals of years, plain ways to carry them on, and how several ways speak as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .columns import Floats, day_of
from .labels import Outcomes
from .methods import Method

Measure = Literal["liens", "face", "rate", "premium", "bids"]
MEASURES: tuple[Measure, ...] = ("liens", "face", "rate", "premium", "bids")
Series = Mapping[int, float]
Forecaster = Callable[[Series, int], float]
"""What a series told up to a year -> its value ``steps`` years later."""

SMOOTHING, TREND_SMOOTHING, DAMPING = 0.6, 0.2, 0.8
MOST_MISSED, LEAST_MISSED = 0.5, 0.01


@dataclass(frozen=True, slots=True)
class YearlyForecast:
    """A measure of a county in a coming year; ``low`` and ``high`` hold it four times of five.

    Liens and bids are counts, face and premium US dollars of the whole sale, rate the mean percent.
    ``way`` names the way that weighs most, or the list of the sale; ``error_pct`` is how far all of them
    together (where few county-years are known, each) were off in the past of all counties, or earlier lists
    in this one, in the median.
    """

    county_fips: str
    measure: Measure
    year: int
    value: float
    low: float
    high: float
    way: str
    years_known: int
    error_pct: float


def yearly(outcomes: Mapping[Method, Outcomes]) -> dict[tuple[str, Measure], dict[int, float]]:
    """Return every county's measures by year of sale. What a county does not tell is not there."""
    found: dict[tuple[str, Measure], dict[int, float]] = {}
    for method, sales in outcomes.items():
        years = {int(day): day_of(int(day)).year for day in np.unique(sales.columns.day)}
        year = np.array([years[int(day)] for day in sales.columns.day])
        for county in np.unique(sales.columns.county):
            here = sales.columns.county == county
            for one in np.unique(year[here]):
                chosen = here & (year == one)
                for measure, value in _totals(method, sales, chosen).items():
                    if np.isfinite(value):
                        found.setdefault((county.decode(), measure), {})[int(one)] = float(value)
    return found


def _totals(method: Method, sales: Outcomes, chosen: Floats) -> dict[Measure, float]:
    bid, face, bidders = sales.bid[chosen], sales.columns.face[chosen], sales.bidders[chosen]
    totals: dict[Measure, float] = {"liens": float(chosen.sum())}
    if np.isfinite(face).any():
        totals["face"] = float(np.nansum(face))
    if method == "bid_down_rate" and np.isfinite(bid).any():
        totals["rate"] = float(np.nanmean(bid))
    if method == "premium":
        totals["premium"] = float(np.nansum(bid))
    if np.isfinite(bidders).any():
        totals["bids"] = float(np.nansum(bidders))
    return totals


def last_value(series: Series, steps: int) -> float:
    """Return the latest year's value."""
    return series[max(series)]


def damped_trend(series: Series, steps: int) -> float:
    """Return Holt's damped trend (Gardner and McKenzie 1985), over logarithms where all are positive."""
    values = np.array([series[year] for year in sorted(series)])
    positive = bool((values > 0).all())
    values = np.log(values) if positive else values
    level, trend = values[0], 0.0
    for value in values[1:]:
        expected = level + DAMPING * trend
        new = SMOOTHING * value + (1 - SMOOTHING) * expected
        trend = TREND_SMOOTHING * (new - level) + (1 - TREND_SMOOTHING) * DAMPING * trend
        level = new
    carried = level + trend * sum(DAMPING**step for step in range(1, steps + 1))
    return float(np.exp(carried) if positive else carried)


def smoothed(share: float) -> Forecaster:
    """Return the way that lets each year weigh ``share`` and what was before it the rest."""

    def forecaster(series: Series, steps: int) -> float:
        level = series[min(series)]
        for year in sorted(series)[1:]:
            level = share * series[year] + (1 - share) * level
        return level

    return forecaster


@dataclass(frozen=True, slots=True)
class Tried:
    """What every way said (ways, county-years) of county-years that are known, and what came."""

    said: Floats
    came: Floats

    def weights(self) -> Floats:
        """Return how much each way weighs: by the inverse of its mean squared miss, as a part of what came
        and at most half of it, for one broken year says little of the next."""
        if not len(self.came):
            return np.full(len(self.said), 1 / len(self.said))
        missed = np.minimum(np.abs(self.said / self.came - 1), MOST_MISSED)
        weight = 1 / np.maximum((missed**2).mean(1), LEAST_MISSED**2)
        return np.asarray(weight / weight.sum(), np.float64)

    def missed_together(self) -> Floats:
        """Return by which part of what came the ways missed each county-year, weighed together."""
        return np.abs(self.weights() @ self.said / self.came - 1)


def tried_on(
    ways: Sequence[Forecaster], series: Sequence[Series], years: Sequence[int], fewest: int
) -> Tried:
    """Return what ``ways`` say of each of ``years``, told the years before it alone."""
    said, came = [], []
    for told in series:
        for year in years:
            before = {known: value for known, value in told.items() if known < year}
            if told.get(year) and len(before) >= fewest:
                said.append([ask(before, year - max(before)) for ask in ways])
                came.append(told[year])
    return Tried(np.array(said, np.float64).reshape(-1, len(ways)).T, np.array(came, np.float64))


def percent_errors(
    forecaster: Forecaster, series: Sequence[Series], years: Sequence[int], fewest: int = 4
) -> list[float]:
    """Return by how many percent each of ``years`` was missed, told the years before it alone."""
    errors = []
    for told in series:
        for year in years:
            before = {known: value for known, value in told.items() if known < year}
            if year in told and told[year] and len(before) >= fewest:
                value = forecaster(before, year - max(before))
                errors.append(100 * abs(value - told[year]) / abs(told[year]))
    return errors
