"""What the catalogue tells of a lien is kept once, the highest version, and read back as a frame."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated
from taxlien.kit.database import Database
from taxlien.run.commands import ml as commands
from taxlien.services.liens.repository import insert_liens
from taxlien.services.ml import events, service
from taxlien.services.ml.logic.table import SCHEMA, read_table, sha256_of
from taxlien.services.ml.repository import facts

FIRST_SEEN = datetime(2025, 1, 1, tzinfo=UTC)


def a_lien(n: int, **fields: object) -> Lien:
    values: dict[str, object] = {
        "lien_id": UUID(int=n), "version": 1, "kind": "certificate", "status": "sold",
        "state": "CO", "county_fips": "08069", "county": "Larimer", "parcel_id": f"97-{n}",
        "parcel_key": f"97{n}", "source": "test", "first_seen_at": FIRST_SEEN,
        "last_changed_at": FIRST_SEEN, "sale_date": date(2019, 11, 7),
        "face_amount": Decimal("1234.50"), "certificate_number": f"a,\"{n}\"", "homestead": n == 1,
    }  # fmt: skip
    return Lien(**{**values, **fields})


async def frame(database: Database, folder: Path):
    file = folder / "frame.csv"
    async with database.session() as session:
        file.write_bytes(b"".join([piece async for piece in facts.read_csv(session)]))
    return read_table(file)


async def test_the_highest_version_is_kept_whatever_comes_twice_or_late(
    database_for, tmp_path: Path
) -> None:
    database = await database_for("ml")
    redeemed = a_lien(1, version=3, status="redeemed", redeemed_on=date(2020, 2, 1))
    batches = (
        [LienCreated(lien=a_lien(1)), LienCreated(lien=a_lien(2))],
        [LienChanged(lien=redeemed, changed=("redeemed_on",)), LienCreated(lien=a_lien(1))],
        [LienCreated(lien=a_lien(1)), LienCreated(lien=a_lien(2))],
    )
    for batch in batches:
        async with database.session() as session:
            await events.keep_facts(session, batch)
    table = await frame(database, tmp_path)
    assert table.schema == SCHEMA
    assert table["status"].to_list() == ["redeemed", "sold"]
    assert table["redeemed_on"].to_list() == [date(2020, 2, 1), None]
    assert table["face_amount"].to_list() == [1234.5, 1234.5]
    assert table["certificate_number"].to_list() == ['a,"1"', 'a,"2"']
    assert table["homestead"].to_list() == [True, False]
    assert table["premium"].to_list() == [None, None]


async def test_facts_are_asked_for_once_a_model_of_real_liens_is_in_office(office) -> None:
    async with office.database.session() as session:
        assert await service.nobody_asks(session)
    await office.appoint(1.0, synthetic=True)
    async with office.database.session() as session:
        assert await service.nobody_asks(session)
    await office.appoint(1.0)
    async with office.database.session() as session:
        assert not await service.nobody_asks(session)


async def test_made_up_liens_teach_only_where_there_are_no_real_ones(
    database_for, tmp_path: Path
) -> None:
    database = await database_for("ml")
    async with database.session() as session:
        await facts.upsert(session, [a_lien(1, synthetic=True)])
    assert len(await frame(database, tmp_path)) == 1
    async with database.session() as session:
        await facts.upsert(session, [a_lien(2)])
    assert (await frame(database, tmp_path))["parcel_key"].to_list() == ["972"]


async def test_data_are_named_by_what_they_say(database_for, tmp_path: Path) -> None:
    database = await database_for("ml")
    async with database.session() as session:
        await facts.upsert(session, [a_lien(2), a_lien(1)])
    first = sha256_of(await frame(database, tmp_path))
    async with database.session() as session:
        await facts.upsert(session, [a_lien(2, version=2, premium=Decimal(5))])
    second = sha256_of(await frame(database, tmp_path))
    async with database.session() as session:
        await facts.upsert(session, [a_lien(2, version=3)])
    assert sha256_of(await frame(database, tmp_path)) == first != second


async def test_what_was_there_before_is_read_from_the_catalogue(
    database_for, tmp_path: Path, monkeypatch
) -> None:
    catalogue, database = await database_for("liens"), await database_for("ml")
    monkeypatch.setattr(commands, "_PAGE", 2)
    async with catalogue.session() as session:
        await insert_liens(session, [a_lien(n) for n in range(1, 6)])
    async with database.session() as session:
        await facts.upsert(session, [a_lien(3, version=2, status="void")])
    assert await commands.copy_catalogue(catalogue, database) == 5
    statuses = (await frame(database, tmp_path))["status"].to_list()
    assert statuses == ["sold", "sold", "void", "sold", "sold"]
