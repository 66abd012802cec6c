import time
from datetime import *
from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

from sqlalchemy import text

from taxlien.kit.database import copy_rows
from taxlien.kit.events import Event
from taxlien.kit.outbox import emit, emit_many


class Thing(Event):
    type: ClassVar[str] = "thing.made"
    name: str
    pad: str = "x" * 700

    def key(self):
        return self.name


async def test_smoke(database):
    async with database.session() as s:
        await emit(s, Thing(name="a"), Thing(name="b"))
        t = time.perf_counter()
        await emit_many(s, (Thing(name=str(i)) for i in range(50000)))
        d = time.perf_counter() - t
        print("emit_many/s", 50000 / d)
    async with database.session() as s:
        print(
            (
                await s.execute(
                    text("select count(*), max(seq), min(length(body)) from liens.outbox")
                )
            ).all()
        )
        print(
            (
                await s.execute(text("select convert_from(body,'utf8') from liens.outbox limit 1"))
            ).all()
        )
    async with database.session() as s:
        await s.execute(
            text(
                "create table t (a int, b text, c numeric(14,2), d uuid, e timestamptz, f date, g bool, h text, i text, j int)"
            )
        )
        rows = [
            (
                i,
                "12 main st",
                Decimal("12.34"),
                uuid4(),
                datetime.now(UTC),
                date.today(),
                True,
                None if i % 2 else "x",
                "b\tc",
                None,
            )
            for i in range(100000)
        ]
        t = time.perf_counter()
        n = await copy_rows(s, "t", "abcdefghij", rows)
        print("rows/s", n / (time.perf_counter() - t))
        print((await s.execute(text("select * from liens.t limit 1"))).all())
