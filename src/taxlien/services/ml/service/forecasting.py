"""What is expected of a county's coming sale as a whole: liens, face, rate, premium, bids."""

from __future__ import annotations

import polars as pl

from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.services.ml.adapters import county_forecast
from taxlien.services.ml.adapters.auction_trainer import outcomes_by_method
from taxlien.services.ml.logic.auction.listed import lists_of
from taxlien.services.ml.logic.auction.yearly import YearlyForecast, yearly
from taxlien.services.ml.logic.case import read_case

from .allocating import FIPS_DIGITS


def forecast(
    table: pl.DataFrame, county_fips: str, year: int | None = None
) -> list[YearlyForecast]:
    """Return what is expected of the county in ``year``; without it, in that of the list that is next, or
    in the year after its last sale.

    Blocks for as long as that takes. Raises ``InvalidInput`` for what is no county, ``NotFound`` where too
    few of its sales are known.
    """
    if len(county_fips) != FIPS_DIGITS or read_case({"county_fips": county_fips}).problems:
        raise InvalidInput("county_fips", f"{county_fips} is no county's five digits")
    outcomes = outcomes_by_method(table)
    totals = yearly(outcomes)
    known = [max(years) for (fips, _), years in totals.items() if fips == county_fips]
    told = []
    if known:
        lists = lists_of(table)
        coming = [
            listed for (fips, listed), one in lists.items()
            if fips == county_fips and listed > max(known) and one.standing["liens"]
        ]  # fmt: skip
        asked = year or min(coming, default=max(known) + 1)
        told = county_forecast.forecast(
            totals, county_fips, asked, lists, outcomes.get("bid_down_rate")
        )
    if not told:
        fewest = county_forecast.FEWEST_YEARS
        raise NotFound(f"fewer than {fewest} years of sales are known of county {county_fips}")
    return told
