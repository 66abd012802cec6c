"""Rates of two small counties in Florida: taught to 2017, asked about the three years after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from taxlien.services.liens.adapters.reading import read_records
from taxlien.services.liens.adapters.shipped import load_mapping
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.ml.adapters import auction_trainer
from taxlien.services.ml.adapters.auction_model import remembering
from taxlien.services.ml.logic.auction.report import report_of
from taxlien.services.ml.logic.frame import COLUMNS
from taxlien.services.ml.logic.table import table_of

MAE_ALLOWED = 4.0  # percentage points; the mean of the county's last sale misses by more than seven


def rates(folder: Path) -> pl.DataFrame:
    rows = []
    for path in sorted(folder.glob("realtaxlien_results/fl_gilchrist/*")):
        for record in read_records(path, load_mapping("realtaxlien_fl")):
            if isinstance(record, LienRecord):
                row = {name: getattr(record, name, None) for name in COLUMNS}
                bid, face = row["bid_rate_pct"], row["face_amount"]
                row |= {"lien_id": f"{path.name}/{record.line}", "face_amount": float(face)}
                row |= {"bid_rate_pct": None if bid is None else float(bid)}
                rows.append(row)
    return table_of(rows)


def test_rates_of_later_years_are_nearer_than_the_last_sales_mean(shared_data: Path) -> None:
    table = rates(shared_data)
    year = pl.col("sale_date").dt.year()
    model = auction_trainer.train(table.filter(year <= 2017))
    known = remembering(model, auction_trainer.levels_by_method(table), model.last_day)
    asked = auction_trainer.outcomes_by_method(table.filter(year > 2017))["bid_down_rate"]
    priced = known.methods["bid_down_rate"].price(asked.columns)
    columns = asked.columns
    figures = report_of(
        "bid_down_rate", priced, asked.bid, asked.struck, columns.face, columns.most
    )
    assert figures["n_bids"] > 2_500
    assert figures["mae_points"] < MAE_ALLOWED
    assert 65 < figures["interval_coverage_pct"] <= 100
    assert np.isfinite(figures["brier_no_bid"])
