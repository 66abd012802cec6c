"""How near predicted prices come to real sales, beside simple peers: rates, bids, premiums, yearly totals.

    python bench/models_auction.py rate|bid|premium|yearly [--data FOLDER]

Reads the county files through the catalogue's own mappings. Trees are taught on sales up to a year and
asked about later ones; what was bid before each later sale may be remembered, as an import brings it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from taxlien.services.liens.adapters.reading import read_records
from taxlien.services.liens.adapters.shipped import load_mapping
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.ml.adapters import auction_trainer, county_forecast
from taxlien.services.ml.adapters.auction_model import MethodModel, dump, remembering
from taxlien.services.ml.logic.auction.columns import Columns, Floats, day_of
from taxlien.services.ml.logic.auction.features import feature_names, features_of
from taxlien.services.ml.logic.auction.methods import Method
from taxlien.services.ml.logic.auction.report import (
    coverage,
    mean_absolute_error,
    median_percent_error,
    report_of,
)
from taxlien.services.ml.logic.auction.yearly import MEASURES, Measure, percent_errors, yearly
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.logic.table import SCHEMA, ordered

FILES = {
    "rate": [("realtaxlien_fl", "realtaxlien_results/fl_*/*"),
             ("realtaxlien_az", "realtaxlien_results/az_*/*")],
    "bid": [("baltimore_md_results", "baltimore_md/certificate_sale_results_*"),
            ("king_wa_bid4assets", "king_wa_bid4assets_2018/auctions.csv")],
    "premium": [("realtaxlien_co", "realtaxlien_results/co_*/*")],
}  # fmt: skip
FEWEST_OF_A_YEAR = 30
TESTS: dict[str, tuple[Method, int, tuple[int, ...]]] = {
    "rate": ("bid_down_rate", 2017, (2018, 2019, 2020)),
    "bid": ("property_bid", 2014, (2015, 2016)),
    "premium": ("premium", 2017, (2018, 2019, 2020)),
}


def frame(data: Path, wanted: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Return the liens of these files as a training frame."""
    parts = []
    for mapping, pattern in wanted:
        for path in sorted(data.glob(pattern)):
            rows = list(_rows(path, mapping))
            parts.append(pl.DataFrame(rows, schema=SCHEMA, orient="row"))
    return ordered(pl.concat(parts))


def _rows(path: Path, mapping: str) -> Iterator[tuple[object, ...]]:
    for record in read_records(path, load_mapping(mapping)):
        if not isinstance(record, LienRecord):
            continue
        own = {"lien_id": f"{path.parent.name}/{path.name}/{record.line}", "source": mapping}
        values = [own.get(name, getattr(record, name, None)) for name in COLUMNS]
        kinds = COLUMNS.values()
        yield tuple(
            float(value) if kind == "float" and value is not None else value
            for value, kind in zip(values, kinds, strict=True)
        )


def evaluate(table: pl.DataFrame, method: Method, last: int, years: Sequence[int]) -> None:
    year = pl.col("sale_date").dt.year()
    began = time.process_time()
    model = auction_trainer.train(table.filter(year <= last))
    taught = time.process_time() - began
    levels = auction_trainer.levels_by_method(table.filter(year <= max(years)))
    known = remembering(model, levels, model.last_day).methods[method]
    asked = auction_trainer.outcomes_by_method(table.filter(year.is_in(list(years))))[method]
    assert known.trees is not None
    keep = np.isin(asked.columns.state, [state.encode() for state in known.trees.states])
    columns, bid, struck = asked.columns.only(keep), asked.bid[keep], asked.struck[keep]
    began = time.process_time()
    priced = known.price(columns)
    spent = time.process_time() - began
    size = sum(len(content) for content in dump(model).values())
    print(f"{method}: taught on sales to {last} in {taught:.0f} s CPU, artifact {size / 1e6:.1f} MB, "
          f"{len(columns) / spent:,.0f} cases a second of CPU")  # fmt: skip
    told = np.array([day_of(int(day)).year for day in columns.day])
    for chosen, label in [(np.ones(len(told), bool), "all")] + [
        (told == one, str(one)) for one in years
    ]:
        part = type(priced)(*(getattr(priced, name)[chosen] for name in priced.__slots__))
        figures = report_of(
            method, part, bid[chosen], struck[chosen], columns.face[chosen], columns.most[chosen]
        )
        print(f"  {label:>5}", *(f"{name}={value:.4g}" for name, value in figures.items()))
    _county_years(method, columns, told, priced.bid, bid)
    blind = model.methods[method].price(columns)
    figures = report_of(method, blind, bid, struck, columns.face, columns.most)
    print("  nothing imported after the teaching:", *(f"{n}={v:.4g}" for n, v in figures.items()))
    _with_less(method, known, columns, bid)
    matrix, _ = features_of(method, columns, known.levels)
    _peer(method, matrix, known, columns.face, columns.assessed, bid)
    if method == "property_bid":
        _king(table)


def _county_years(
    method: Method, columns: Columns, years: Floats, said: Floats, bid: Floats
) -> None:
    """Print how far what was said of a county's liens is off together, year by year: dollars, mean rates."""
    went = bid if method != "property_bid" else np.where(np.isfinite(bid), bid, columns.face)
    known = np.isfinite(went)
    missed = []
    for county in np.unique(columns.county):
        for year in np.unique(years):
            chosen = known & (columns.county == county) & (years == year)
            if chosen.sum() >= FEWEST_OF_A_YEAR:
                off = 100 * (said[chosen].sum() / went[chosen].sum() - 1)
                missed.append(off)
                print(f"  {county.decode()} {year}: {chosen.sum():,} liens together {off:+.1f} %")
    print(f"  county-years={len(missed)} median={np.median(np.abs(missed)):.1f} % "
          f"within 8 %: {100 * np.mean(np.abs(missed) <= 8):.0f} %")  # fmt: skip


def _with_less(method: Method, known: MethodModel, columns: Columns, bid: Floats) -> None:
    """Print how far off bids are where one thing of a case is not given."""
    told = np.isfinite(bid) & (bid > 0)
    for name in ("face", "assessed", "parcel", "county"):
        values = getattr(columns, name)
        less = replace(
            columns, **{name: np.full_like(values, np.nan if values.dtype == float else b"")}
        )
        priced = known.price(less)
        missed = mean_absolute_error if method == "bid_down_rate" else median_percent_error
        print(f"  without {name}: {missed(priced.bid[told], bid[told]):.4g}, interval holds "
              f"{coverage(priced.sold_low[told], priced.sold_high[told], bid[told]):.4g} %")  # fmt: skip


def _peer(
    method: Method, matrix: Floats, known: MethodModel, face: Floats, value: Floats, bid: Floats
) -> None:
    """Print what a reader's first guess comes to: the county's last sale."""
    names = feature_names(method, known.levels)
    told = np.isfinite(bid)
    if method == "bid_down_rate":
        last = matrix[:, names.index("county.last_rate")].astype(float)
        print(
            f"  peer: the county's last mean: mae_points={mean_absolute_error(last[told], bid[told]):.4g}"
        )
        return
    ratio = np.exp(matrix[:, names.index("county.last_log_ratio")].astype(float))
    guess = (value if method == "property_bid" else face) * ratio
    went = np.where(told, bid, face) if method == "property_bid" else bid
    for rows, of in ((told, "bids"), (np.isfinite(went), "offered")):
        known_too = rows & np.isfinite(guess) & (went > 0)
        missed = median_percent_error(guess[known_too], went[known_too])
        print(f"  peer: the county's last ratio: median_ape_{of}_pct={missed:.4g}")


def _king(table: pl.DataFrame) -> None:
    """Leave one sale out at a time: what the other sales of the county say of it."""
    bids = table.filter(pl.col("county_fips") == "53033")["winning_bid"].drop_nulls().to_numpy()
    others = [np.delete(bids, number) for number in range(len(bids))]
    middle, low, high = (
        np.array([np.quantile(other, level, method="weibull") for other in others])
        for level in (0.5, 0.1, 0.9)
    )
    print(f"  King, one left out, n={len(bids)}: median_ape_pct={median_percent_error(middle, bids):.4g} "
          f"interval_coverage_pct={coverage(low, high, bids):.4g}")  # fmt: skip


def forecasts(table: pl.DataFrame, years: Sequence[int]) -> None:
    told = yearly(auction_trainer.outcomes_by_method(table))
    for measure in MEASURES:
        series = [values for (_, name), values in told.items() if name == measure]
        for way, ask in county_forecast.WAYS.items():
            missed = percent_errors(ask, series, years)
            if missed:
                within = 100 * np.mean(np.array(missed) <= 8)
                print(f"{measure:>8} {way:<18} county-years={len(missed)} median={np.median(missed):.1f} % "
                      f"within 8 %: {within:.0f} %")  # fmt: skip
        _served(told, measure, years)


def _served(
    told: dict[tuple[str, Measure], dict[int, float]], measure: Measure, years: Sequence[int]
) -> None:
    """Print what a forecast would have said of each county-year, and of all counties of a year together."""
    pairs: dict[int, list[tuple[float, float]]] = {}
    held: list[bool] = []
    for (county, name), series in told.items():
        for year in years:
            if name != measure or not series.get(year):
                continue
            for one in county_forecast.forecast(told, county, year):
                if one.measure == measure:
                    pairs.setdefault(year, []).append((one.value, series[year]))
                    held.append(one.low <= series[year] <= one.high)
    if not pairs:
        return
    said, came = np.array([pair for some in pairs.values() for pair in some]).T
    missed = 100 * np.abs(said / came - 1)
    totals = {year: np.array(some).sum(0) for year, some in pairs.items()}
    print(f"{measure:>8} {'served':<18} county-years={len(missed)} median={np.median(missed):.1f} % "
          f"mean={missed.mean():.1f} % within 8 %: {100 * np.mean(missed <= 8):.0f} %, interval held "
          f"{100 * np.mean(held):.0f} %; all counties of a year:",
          *(f"{year} {100 * (s / c - 1):+.1f} %" for year, (s, c) in sorted(totals.items())))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*TESTS, "yearly"])
    default = Path(__file__).parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    asked = parser.parse_args()
    if asked.what == "yearly":
        everything = [entry for entries in FILES.values() for entry in entries]
        table = frame(asked.data, everything)
        for some in ((2018, 2019, 2020), (2013, 2014, 2015, 2016)):
            print("years", *some)
            forecasts(table, some)
        return
    method, last, years = TESTS[asked.what]
    evaluate(frame(asked.data, FILES[asked.what]), method, last, years)


if __name__ == "__main__":
    main()
