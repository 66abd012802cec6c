"""A champion remembers what was imported since it was taught, once, and answers by it."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.services.ml.adapters import artifacts, auction_model, auction_trainer, memories
from taxlien.services.ml.adapters.registry import Run, Version
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.logic.table import ordered, table_of
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.service.remembering import remember

from .auction.invented_sales import rate_sales

OBJECTS = "s3://somewhere/objects"


class Book:
    """A registry that counts."""

    def __init__(self) -> None:
        self.runs: list[Run] = []

    def record(self, run: Run) -> Version:
        self.runs.append(run)
        return Version(run.name, len(self.runs) + 1, f"run {len(self.runs)}")

    def appoint(self, name: str, alias: Any, version: int) -> None:
        assert (name, alias) == ("price", "champion")


@pytest.fixture(scope="module")
def sales() -> pl.DataFrame:
    return table_of(rate_sales())


def rate(files: dict[str, bytes], **facts: object) -> auction_model.PriceAnswer:
    case = {"state": "FL", "county_fips": "12105", "face_amount": 500, "sale_date": "2016-06-01"}
    return auction_model.load(files).predict([read_case({**case, **facts})])[0]


async def test_a_champion_is_told_of_later_sales_once(database_for, blobs, sales) -> None:
    early = sales.filter(pl.col("sale_date") < date(2015, 1, 1))
    files = auction_model.dump(auction_trainer.train(early))
    database, book = await database_for("ml"), Book()

    async def told(name: str = "price", table: pl.DataFrame = sales) -> Appointment:
        async with database.session() as session:
            return await remember(session, blobs, book, name, table, objects=OBJECTS)

    with pytest.raises(NotFound):
        await told()
    with pytest.raises(InvalidInput, match="redemption does not"):
        await told("redemption")
    async with database.session() as session:
        session.add(
            Appointment(
                name="price", alias="champion", version=1, run_id="run", reason="first",
                artifact=await artifacts.store(blobs, files), synthetic=False,
            )
        )  # fmt: skip
    one = await told()
    assert (one.alias, one.version, one.reason) == ("champion", 2, "remembered")
    assert (await told()).version == 2
    assert len(book.runs) == 1
    known = await artifacts.fetch(blobs, one.artifact)
    assert {name for name in files if name.endswith(".ubj") and files[name] != known[name]} == set()
    assert rate(known).reasons != rate(files).reasons
    before = {"sale_date": "2014-05-30"}
    assert rate(known, **before) == rate(files, **before)
    async with database.session() as session:
        session.add(
            Appointment(
                name="price", alias="champion", version=3, run_id="run", reason="first",
                artifact=one.artifact, synthetic=True,
            )
        )  # fmt: skip
    with pytest.raises(Conflict, match="made-up"):
        await told()


def test_memory_does_not_hang_on_the_order_of_rows(sales: pl.DataFrame) -> None:
    part = sales.filter(pl.col("county_fips") == "12023")
    files = auction_model.dump(auction_trainer.train(part))
    shuffled = ordered(part.sample(fraction=1, shuffle=True, seed=2))
    assert memories.remember("price", files, part) == memories.remember("price", files, shuffled)
