"""Lists of coming sales, and what of earlier lists was still there on the day of the sale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl

from .columns import Floats, day_number
from .labels import Outcomes
from .yearly import Measure, Series

ONE_SALE = 31
"""Days. Where a county's sales of a year lie farther apart, the list of one of them is not the year's."""
MOST_KEPT = 0.95
"""Of earlier lists with more than this part offered it is not known what left them: many a county tells
afterwards of what was offered alone."""
FEWEST_MISSES = 10
BY_LIST = "the list"
FACES = (30, 50, 90, 150, 250, 400, 650, 1_100, 1_800, 3_000, 8_000, 22_000)
"""US dollars. Liens between two of these are taken as alike: rates of small ones end high."""
LEANING = 10.0
"""So many liens of one size count as much as the mean of the whole sale."""


@dataclass(frozen=True, slots=True)
class SaleList:
    """What a county listed for its sales of a year: a count of liens, their face in US dollars.

    ``standing`` is what is advertised still: it neither left the list nor was offered; ``faces`` counts it
    by size. ``days`` lie between the first sale and the last.
    """

    listed: Mapping[Measure, float]
    standing: Mapping[Measure, float]
    days: int
    faces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What part of a county's latest list was offered, and how far that was off for each list before."""

    share: float
    missed: tuple[float, ...]

    def width(self) -> float:
        """Return the miss that four of five lists kept; of few lists the farthest."""
        if len(self.missed) < FEWEST_MISSES:
            return max(self.missed, default=1.0)
        return float(np.quantile(self.missed, 0.8, method="weibull"))


def lists_of(table: pl.DataFrame) -> dict[tuple[str, int], SaleList]:
    """Return the lists of a training frame by county and year of sale.

    A lien without a day belongs to the year that its tax year led to in all dated liens of the county.
    """
    table = table.filter(
        pl.col("county_fips").is_not_null(),
        pl.col("kind").is_in(["certificate", "deed_sale"]),
        pl.col("status") != "delinquent",
    ).select("county_fips", "sale_date", "tax_year", "status", "face_amount")
    year = pl.col("sale_date").dt.year()
    later = (year - pl.col("tax_year")).drop_nulls()
    led = table.group_by("county_fips").agg(
        later=pl.when(later.n_unique() == 1).then(later.first()).otherwise(None)
    )
    standing = pl.col("status") == "advertised"
    told = (
        table.join(led, on="county_fips")
        .with_columns(year=pl.coalesce(year, pl.col("tax_year") + pl.col("later")))
        .filter(pl.col("year").is_not_null())
        .group_by("county_fips", "year")
        .agg(
            pl.len(),
            pl.col("face_amount").sum(),
            standing.sum().alias("standing"),
            pl.col("face_amount").filter(standing).sum().alias("standing_face"),
            pl.col("face_amount").filter(standing).alias("faces"),
            (pl.col("sale_date").max() - pl.col("sale_date").min()).dt.total_days().alias("days"),
        )
    )
    return {
        (county, int(when)): SaleList(
            {"liens": float(liens), "face": face},
            {"liens": float(still), "face": due},
            days or 0,
            tuple(_by_size(np.array(faces, np.float64)).astype(int).tolist()) if still else (),
        )
        for county, when, liens, face, still, due, faces, days in told.iter_rows()
    }


def coming(
    lists: Mapping[tuple[str, int], SaleList], county_fips: str, year: int, offered: Series
) -> SaleList | None:
    """Return the list that stands for all of a county's ``year``, of which nothing was ``offered`` yet."""
    found = lists.get((county_fips, year))
    if found is None or not found.standing["liens"] or year in offered:
        return None
    before = [lists[county_fips, known].days for known in offered if (county_fips, known) in lists]
    return found if max([*before, found.days]) <= ONE_SALE else None


def kept(
    lists: Mapping[tuple[str, int], SaleList], county_fips: str, measure: Measure, offered: Series
) -> Kept | None:
    """Return what part of a county's lists was offered, none where its lists never told what left."""
    parts = [
        offered[year] / lists[county_fips, year].listed[measure]
        for year in sorted(offered)
        if (county_fips, year) in lists and lists[county_fips, year].listed[measure]
    ]
    shares = [share for share in parts if 0 < share <= MOST_KEPT]
    if not shares:
        return None
    return Kept(shares[-1], tuple(abs(said / came - 1) for said, came in pairwise(shares)))


def rate_moved(sales: Outcomes, county_fips: str, year: int, faces: tuple[int, ...]) -> float:
    """Return by what the county's mean rate of ``year`` moves where liens are of the sizes ``faces``."""
    columns = sales.columns
    first, last = day_number(date(year, 1, 1)), day_number(date(year, 12, 31))
    here = (columns.county == county_fips.encode()) & (columns.day >= first) & (columns.day <= last)
    here &= np.isfinite(columns.face) & np.isfinite(sales.bid)
    rate, face = sales.bid[here], columns.face[here]
    if not rate.size or not rate.mean() or not sum(faces):
        return 1.0
    was = _by_size(face)
    of_size = (_by_size(face, rate) + LEANING * rate.mean()) / (was + LEANING)
    return float((np.array(faces) @ of_size / sum(faces)) / (was @ of_size / was.sum()))


def _by_size(face: Floats, values: Floats | None = None) -> Floats:
    face = np.where(np.isfinite(face), face, np.inf)
    told = np.bincount(np.digitize(face, [*FACES, np.inf]), values, minlength=len(FACES) + 2)
    return told[: len(FACES) + 1].astype(np.float64)
