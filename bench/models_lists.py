"""What a list that is known before a sale adds to the forecast of a county's year, beside its history alone.

    python bench/models_lists.py [--data FOLDER]

Baltimore's lists tell what left them: each is asked about as it was weeks before the sale, with nothing gone.
Lists of the other counties name what was offered, so that liens and face are told by them: only the rate is
a finding there.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import models_auction
import numpy as np
import polars as pl

from taxlien.services.ml.adapters import auction_trainer, county_forecast
from taxlien.services.ml.logic.auction.labels import Outcomes
from taxlien.services.ml.logic.auction.listed import BY_LIST, SaleList, lists_of
from taxlien.services.ml.logic.auction.yearly import Measure, YearlyForecast, yearly

BALTIMORE = "24510"
MEASURES: tuple[Measure, ...] = ("liens", "face", "rate")
YEARS = ((2010, 2011, 2012, 2013, 2014, 2015, 2016, 2017), (2018, 2019, 2020))


@dataclass(frozen=True)
class Known:
    """Totals by county, the lists as they ended, and as they would stand before each sale."""

    totals: Mapping[tuple[str, Measure], Mapping[int, float]]
    ended: Mapping[tuple[str, int], SaleList]
    before: Mapping[tuple[str, int], SaleList]
    rates: Outcomes

    def ask(self, county: str, year: int, *, by_list: bool) -> list[YearlyForecast]:
        totals = {key: past for key, series in self.totals.items()
                  if (past := {one: value for one, value in series.items() if one < year})}  # fmt: skip
        lists = {key: one for key, one in self.ended.items() if key[1] < year}
        if by_list:
            lists[county, year] = self.before[county, year]
        return county_forecast.forecast(totals, county, year, lists, self.rates)


def known(table: pl.DataFrame) -> Known:
    """Return all that the files tell, and every list as if its sale were to come."""
    outcomes = auction_trainer.outcomes_by_method(table)
    gone = pl.col("status").is_in(["removed", "withdrawn"]) & (pl.col("county_fips") != BALTIMORE)
    stands = table.with_columns(
        status=pl.when(gone).then(pl.col("status")).otherwise(pl.lit("advertised"))
    )
    return Known(yearly(outcomes), lists_of(table), lists_of(stands), outcomes["bid_down_rate"])


def _asked(
    found: Known, counties: Sequence[str], measure: Measure, years: Sequence[int], by_list: bool
) -> Iterator[tuple[float, YearlyForecast]]:
    for county in counties:
        for year in years:
            if came := found.totals.get((county, measure), {}).get(year):
                for one in found.ask(county, year, by_list=by_list):
                    if one.measure == measure:
                        yield came, one


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    files = [entry for entries in models_auction.FILES.values() for entry in entries]
    found = known(models_auction.frame(parser.parse_args().data, files))
    others = sorted({county for county, _ in found.totals} - {BALTIMORE})
    for label, counties in (("Baltimore", [BALTIMORE]), ("other counties", others)):
        for years in YEARS:
            for measure in MEASURES:
                for by_list in (False, True):
                    told = list(_asked(found, counties, measure, years, by_list))
                    if told:
                        said = "list" if by_list else "history"
                        print(
                            f"{label}, {years[0]}-{years[-1]}, {measure:5} {said:7} {_figures(told)}"
                        )


def _figures(told: Sequence[tuple[float, YearlyForecast]]) -> str:
    missed = 100 * np.array([abs(one.value / came - 1) for came, one in told])
    held = [one.low * 0.999_999 <= came <= one.high * 1.000_001 for came, one in told]
    return (
        f"county-years={len(told)} median={np.median(missed):.1f} % mean={missed.mean():.1f} % "
        f"within 8 %: {100 * np.mean(missed <= 8):.0f} % interval held {100 * np.mean(held):.0f} %, "
        f"{sum(one.way == BY_LIST for _, one in told)} told by the list"
    )


if __name__ == "__main__":
    main()
