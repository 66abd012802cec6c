"""Forecasts of a county's next sale: Prophet and its plain peers, each heard as far as it was near.

Yearly sales are short series, so no way is trusted by its name: every measure is carried on by all ways
together, and each weighs by how little it missed the last years of all counties. Where the list of the
coming sale is known, it tells liens and face instead, and the faces on it what rates lean to.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

import numpy as np
import pandas  # type: ignore[import-untyped]

from taxlien.services.ml.logic.auction.columns import Floats
from taxlien.services.ml.logic.auction.labels import Outcomes
from taxlien.services.ml.logic.auction.listed import (
    BY_LIST,
    SaleList,
    coming,
    kept,
    rate_moved,
)
from taxlien.services.ml.logic.auction.yearly import (
    MEASURES,
    Forecaster,
    Measure,
    Series,
    Tried,
    YearlyForecast,
    damped_trend,
    last_value,
    smoothed,
    tried_on,
)

logging.getLogger("prophet.plot").disabled = True  # it misses a plotting package nobody asks for
from prophet import Prophet  # noqa: E402

FEWEST_YEARS = 4
TRIED_YEARS = 5
FEWEST_TRIED = 10
_SEED = 20_061_231


def by_prophet(series: Series, steps: int) -> float:
    """Return Prophet's trend of the yearly values, over logarithms where all are positive."""
    return _by_prophet(tuple(sorted(series.items())), steps)


@lru_cache(maxsize=4096)
def _by_prophet(series: tuple[tuple[int, float], ...], steps: int) -> float:
    years = [year for year, _ in series]
    values = np.array([value for _, value in series])
    positive = bool((values > 0).all())
    frame = pandas.DataFrame(
        {"ds": pandas.to_datetime([date(year, 1, 1) for year in years]),
         "y": np.log(values) if positive else values}
    )  # fmt: skip
    loud = logging.getLogger("cmdstanpy")
    level = loud.level
    loud.setLevel(logging.ERROR)
    try:
        model = Prophet(
            growth="linear", yearly_seasonality=False, weekly_seasonality=False,
            daily_seasonality=False, n_changepoints=min(5, len(years) - 2), changepoint_range=1.0,
            changepoint_prior_scale=0.3, uncertainty_samples=0,
        )  # fmt: skip
        model.fit(frame, seed=_SEED)
    finally:
        loud.setLevel(level)
    coming = pandas.DataFrame({"ds": pandas.to_datetime([date(years[-1] + steps, 1, 1)])})
    value = float(model.predict(coming)["yhat"].iloc[0])
    return float(np.exp(value)) if positive else value


WAYS: Mapping[str, Forecaster] = {
    "last value": last_value,
    "mean of few years": smoothed(0.8),
    "mean of many years": smoothed(0.4),
    "damped trend": damped_trend,
    "prophet": by_prophet,
}


def tried(
    table: Mapping[tuple[str, Measure], Series], measure: Measure, years: int = TRIED_YEARS
) -> Tried:
    """Return what all ways said of the latest ``years`` of each county, a year ahead."""
    series = [told for (_, name), told in table.items() if name == measure]
    latest = max((max(told) for told in series), default=0)
    asked = range(latest - years + 1, latest + 1)
    return tried_on(list(WAYS.values()), series, asked, FEWEST_YEARS)


def forecast(
    table: Mapping[tuple[str, Measure], Series],
    county_fips: str,
    year: int,
    lists: Mapping[tuple[str, int], SaleList] | None = None,
    rates: Outcomes | None = None,
) -> list[YearlyForecast]:
    """Return what is expected of a county's sale in ``year``; measures with too few years are left out.

    Liens and face follow the list of that year, where ``lists`` has it and nothing of it was offered yet;
    the rate follows its faces, where ``rates`` tell what liens of each size went for before.
    """
    found: list[YearlyForecast] = []
    believed = False
    listed = coming(lists or {}, county_fips, year, table.get((county_fips, "liens"), {}))
    for measure in MEASURES:
        told = {known: value for known, value in table.get((county_fips, measure), {}).items()
                if known < year}  # fmt: skip
        if len(told) < FEWEST_YEARS:
            continue
        ways = _before(table, measure, year)
        missed = _missed(ways)
        one = _by_ways(ways, missed, county_fips, measure, year, told)
        if listed is not None and listed.standing.get(measure):
            if measure == "liens":
                believed = listed.standing[measure] <= one.value * (1 + float(missed.max()))
            one = _by_list(one, listed, lists or {}, told, believed)
        if measure == "rate" and listed is not None and believed and rates is not None:
            moved = rate_moved(rates, county_fips, max(told), listed.faces)
            one = replace(one, value=one.value * moved, low=one.low * moved, high=one.high * moved)
        found.append(one)
    return found


def _before(table: Mapping[tuple[str, Measure], Series], measure: Measure, year: int) -> Tried:
    past = {
        key: before
        for key, series in table.items()
        if key[1] == measure
        and (before := {known: value for known, value in series.items() if known < year})
    }
    return tried(past, measure)


def _by_ways(
    ways: Tried, missed: Floats, county_fips: str, measure: Measure, year: int, told: Series
) -> YearlyForecast:
    weights = ways.weights()
    steps = year - max(told)
    value = float(weights @ [ask(told, steps) for ask in WAYS.values()])
    width = _width(ways, missed) * steps**0.5
    return YearlyForecast(
        county_fips,
        measure,
        year,
        value,
        value / (1 + width),
        value * (1 + width),
        list(WAYS)[int(weights.argmax())],
        len(told),
        100 * float(np.median(missed)),
    )


def _by_list(
    one: YearlyForecast,
    listed: SaleList,
    lists: Mapping[tuple[str, int], SaleList],
    told: Series,
    believed: bool,
) -> YearlyForecast:
    """Return ``one`` as the list has it: no more is offered than stands on it.

    Of a county whose lists told what left, as much stays as of the one before. Of others it is not known
    what will leave: a list of no more liens than years went beyond is ``believed``, a longer one is early
    and what is usual stands.
    """
    most = listed.standing[one.measure]
    part = kept(lists, one.county_fips, one.measure, told)
    if part is not None:
        value = min(most, part.share * listed.listed[one.measure])
        width = part.width() * (one.year - max(told)) ** 0.5
        error = 100 * float(np.median(part.missed)) if part.missed else one.error_pct
        return replace(one, value=value, low=value / (1 + width),
                       high=min(most, value * (1 + width)), way=BY_LIST, error_pct=error)  # fmt: skip
    if believed:
        return replace(one, value=most, low=min(most, one.low), high=most, way=BY_LIST)
    value = min(most, one.value)
    return replace(one, value=value, low=min(value, one.low), high=min(most, one.high))


def _missed(ways: Tried) -> Floats:
    """Return by which part of what came county-years were missed: by all ways together, or, of few
    county-years, whose weights were read off themselves, by each way."""
    if not len(ways.came):
        return np.ones(1)
    if len(ways.came) < FEWEST_TRIED:
        return np.abs(ways.said / ways.came - 1).ravel()
    return ways.missed_together()


def _width(ways: Tried, missed: Floats) -> float:
    """Return the miss that four of five county-years kept; of few of them the farthest."""
    if len(ways.came) < FEWEST_TRIED:
        return float(missed.max())
    # Of n misses and one to come each order is as likely.
    return float(np.quantile(missed, 0.8, method="weibull"))
