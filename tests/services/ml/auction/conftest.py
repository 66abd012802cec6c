"""One model for all tests of prices: taught once on invented sales."""

from __future__ import annotations

import polars as pl
import pytest

from taxlien.services.ml.adapters import auction_trainer
from taxlien.services.ml.adapters.auction_model import AuctionModel

from .invented_sales import all_sales


@pytest.fixture(scope="session")
def sales() -> pl.DataFrame:
    return all_sales()


@pytest.fixture(scope="session")
def model(sales: pl.DataFrame) -> AuctionModel:
    return auction_trainer.train(sales)
