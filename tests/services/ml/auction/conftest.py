"""One model for all tests of prices: taught once on invented sales."""

from __future__ import annotations

import polars as pl
import pytest

from taxlien.services.ml.adapters.auction_model import AuctionModel


@pytest.fixture(scope="session")
def sales(invented_sales: pl.DataFrame) -> pl.DataFrame:
    return invented_sales


@pytest.fixture(scope="session")
def model(price_model: AuctionModel) -> AuctionModel:
    return price_model
