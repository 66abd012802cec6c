"""Each service has a role, a schema and a chain of its own, and reaches nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import connection_arguments, metadata_for
from taxlien.kit.migrations import (
    create_revision,
    current_revision,
    pending_changes,
    prepare_service,
    role_of,
    upgrade,
)


class Row(DeclarativeBase):
    metadata = metadata_for("liens")


class Parcel(Row):
    __tablename__ = "parcels"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    value: Mapped[float | None] = mapped_column(Numeric(14, 2), index=True)


async def tell(url: URL, statement: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(**connection_arguments(url)) as connection:
        cursor = await connection.execute(statement)
        return await cursor.fetchall() if cursor.description else []


async def prepared(owner: URL, service: str) -> URL:
    await prepare_service(owner, service, "only for tests")
    return owner.set(username=role_of(service), password="only for tests")


async def test_preparing_twice_and_at_once_changes_nothing(empty_database: URL) -> None:
    services = ["liens", "search", "alpha", "beta"] * 3
    urls = await asyncio.gather(*(prepared(empty_database, service) for service in services))
    for url, service in zip(urls, services, strict=True):
        assert await tell(url, "SELECT current_schema(), current_user") == [
            (service, role_of(service))
        ]


async def test_a_role_works_in_its_own_schema_only(
    empty_database: URL, migrations_folder: Path
) -> None:
    liens = await prepared(empty_database, "liens")
    search = await prepared(empty_database, "search")
    for url, service in ((liens, "liens"), (search, "search")):
        await upgrade(url, service, directory=migrations_folder)
    assert await tell(liens, "SELECT count(*) FROM liens.outbox") == [(0,)]
    for forbidden in (
        "SELECT * FROM search.outbox",
        "CREATE TABLE search.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SET ROLE taxlien_search",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await tell(liens, forbidden)


async def test_a_stranger_may_not_connect(empty_database: URL) -> None:
    await prepared(empty_database, "liens")
    other = await prepared(empty_database.set(database="postgres"), "stranger")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        await tell(other.set(database=empty_database.database), "SELECT 1")


async def test_upgrading_many_times_at_once_applies_each_step_once(
    empty_database: URL, migrations_folder: Path
) -> None:
    url = await prepared(empty_database, "liens")
    assert await current_revision(url, "liens") is None
    await asyncio.gather(*(upgrade(url, "liens", directory=migrations_folder) for _ in range(4)))
    assert await current_revision(url, "liens") == "0001"
    tables = await tell(
        url, "SELECT tablename FROM pg_tables WHERE schemaname = 'liens' ORDER BY 1"
    )
    assert [name for (name,) in tables] == [
        "idempotency_keys",
        "inbox",
        "outbox",
        "schema_version",
    ]


async def test_services_have_chains_of_their_own_and_may_upgrade_at_once(
    empty_database: URL, migrations_folder: Path
) -> None:
    names = ["liens", "search", "alpha", "beta"]
    urls = {name: await prepared(empty_database, name) for name in [*names, "waiting"]}
    await asyncio.gather(
        *(upgrade(urls[name], name, directory=migrations_folder) for name in names)
    )
    for name in names:
        assert await current_revision(urls[name], name) == "0001"
        assert await tell(urls[name], f"SELECT count(*) FROM {name}.inbox") == [(0,)]
    assert await current_revision(urls["waiting"], "waiting") is None


async def test_a_service_without_migrations_says_so(empty_database: URL) -> None:
    with pytest.raises(FileNotFoundError, match="has no migrations"):
        await upgrade(empty_database, "nowhere")


async def test_a_drafted_revision_brings_the_database_to_the_models(
    empty_database: URL, migrations_folder: Path
) -> None:
    url = await prepared(empty_database, "liens")
    await upgrade(url, "liens", directory=migrations_folder)
    missing = await pending_changes("liens", url, Row.metadata)
    assert any("parcels" in line for line in missing)
    path = await create_revision(
        "liens", "add parcels", url=url, metadata=Row.metadata, directory=migrations_folder
    )
    assert path.name == "0002_add_parcels.py"
    await upgrade(url, "liens", directory=migrations_folder)
    assert await current_revision(url, "liens") == "0002"
    assert await pending_changes("liens", url, Row.metadata) == []
    await tell(url, "INSERT INTO liens.parcels (number, value) VALUES ('1', 2.50)")


async def test_a_step_that_fails_leaves_the_schema_at_the_step_before(
    empty_database: URL, migrations_folder: Path
) -> None:
    url = await prepared(empty_database, "liens")
    (migrations_folder / "0002_broken.py").write_text(
        "from alembic import op\n"
        "revision, down_revision = '0002', '0001'\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE liens.half (a int)')\n"
        "    op.execute('SELECT 1 / 0')\n"
    )
    with pytest.raises(Exception, match="division by zero"):
        await upgrade(url, "liens", directory=migrations_folder)
    assert await current_revision(url, "liens") == "0001"
    assert await tell(url, "SELECT to_regclass('liens.half')") == [(None,)]


async def test_a_difference_in_type_is_pending_too(
    empty_database: URL, migrations_folder: Path
) -> None:
    url = await prepared(empty_database, "liens")
    await tell(
        url,
        "CREATE TABLE liens.parcels (id serial CONSTRAINT pk_parcels PRIMARY KEY, "
        "number varchar(40) NOT NULL CONSTRAINT uq_parcels_number UNIQUE, value numeric(10,2))",
    )
    change, index = await pending_changes("liens", url, Row.metadata)
    assert index.startswith("add_index")
    assert change.startswith("modify_type liens parcels value")


async def test_watches_that_are_there_keep_what_was_asked_of_them(empty_database: URL) -> None:
    url = await prepared(empty_database, "portfolio")
    await upgrade(url, "portfolio", to="0001")
    owner = "00000000-0000-7000-8000-000000000001"
    await tell(url, f"INSERT INTO portfolio.owners (user_id) VALUES ('{owner}')")
    await tell(
        url,
        "INSERT INTO portfolio.watches"
        " (watch_id, user_id, target, key, label, county_fips, muted, changed)"
        f" SELECT gen_random_uuid(), '{owner}', target, target || muted, 'x', '12105', muted, 1"
        " FROM unnest(ARRAY['lien', 'county']) AS target, unnest(ARRAY[true, false]) AS muted",
    )
    await upgrade(url, "portfolio")
    assert await tell(url, "SELECT key, pace FROM portfolio.watches ORDER BY key") == [
        ("countyfalse", "weekly"),
        ("countytrue", "off"),
        ("lienfalse", "instant"),
        ("lientrue", "off"),
    ]
