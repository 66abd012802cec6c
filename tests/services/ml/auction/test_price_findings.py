"""What is found about prices: bids beside a plain peer, intervals, and the last year told ahead."""

from __future__ import annotations

import polars as pl

from taxlien.services.ml.adapters.auction_findings import MIDDLE, findings_of
from taxlien.services.ml.adapters.auction_model import AuctionModel
from taxlien.services.ml.logic.frozen import split


def test_prices_are_compared_with_the_middle_of_their_county(
    model: AuctionModel, sales: pl.DataFrame
) -> None:
    taught, judged = split(sales.filter(pl.col("state") == "MD"))
    found = findings_of(model, taught, judged, seed=7)
    frozen, ahead = found.compared
    assert frozen.what == "property bid"
    assert ahead.what.startswith("property bid, sales of ")
    assert set(frozen.peers) == {MIDDLE["property_bid"]}
    assert frozen.n > 0
    assert 0 < frozen.model < frozen.peers[MIDDLE["property_bid"]]
    assert [one.what for one in found.held] == [
        what + of for what in (frozen.what, ahead.what) for of in ("", ", if sold")
    ]
    assert sum(year.n for year in found.by_year[0].years) == frozen.n
