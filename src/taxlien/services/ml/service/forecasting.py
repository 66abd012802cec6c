"""What is expected of a county's coming sale as a whole: liens, face, rate, premium, bids."""

from __future__ import annotations

import polars as pl

from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.services.ml.adapters import county_forecast
from taxlien.services.ml.adapters.auction_trainer import outcomes_by_method
from taxlien.services.ml.logic.auction.yearly import YearlyForecast, yearly
from taxlien.services.ml.logic.case import read_case

from .allocating import FIPS_DIGITS


def forecast(
    table: pl.DataFrame, county_fips: str, year: int | None = None
) -> list[YearlyForecast]:
    """Return what is expected of the county in ``year``, or in the year after its last sale.

    Blocks for as long as that takes. Raises ``InvalidInput`` for what is no county, ``NotFound`` where too
    few of its sales are known.
    """
    if len(county_fips) != FIPS_DIGITS or read_case({"county_fips": county_fips}).problems:
        raise InvalidInput("county_fips", f"{county_fips} is no county's five digits")
    totals = yearly(outcomes_by_method(table))
    known = [max(years) for (fips, _), years in totals.items() if fips == county_fips]
    told = []
    if known:
        told = county_forecast.forecast(totals, county_fips, year or max(known) + 1)
    if not told:
        fewest = county_forecast.FEWEST_YEARS
        raise NotFound(f"fewer than {fewest} years of sales are known of county {county_fips}")
    return told
