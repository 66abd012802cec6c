"""The schema: it matches the models, and what was observed cannot be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from taxlien.kit.migrations import pending_changes
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.liens.models import metadata


async def test_migrations_make_what_the_models_describe(catalogue: Any) -> None:
    url = catalogue.database.engine.url
    assert await pending_changes("liens", url, metadata) == []


@pytest.mark.parametrize("table", ["observations", "status_history"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE liens.{} SET source_id = source_id", "DELETE FROM liens.{}", "TRUNCATE liens.{}"],
)
async def test_what_was_observed_cannot_be_changed_or_removed(
    catalogue: Any, record: Callable[..., LienRecord], table: str, statement: str
) -> None:
    await catalogue.observe(record())
    with pytest.raises(DBAPIError, match="append-only"):
        async with catalogue.database.session() as session:
            await session.execute(text(statement.format(table)))
    assert await catalogue.count(table) == 1


async def test_two_liens_of_one_key_are_refused_by_the_database(
    catalogue: Any, record: Callable[..., LienRecord]
) -> None:
    await catalogue.observe(record(tax_year=None, certificate_number=None))
    with pytest.raises(DBAPIError, match="uq_liens_key"):
        async with catalogue.database.session() as session:
            await session.execute(
                text(
                    "INSERT INTO liens.liens (lien_id, version, kind, status, state, county_fips,"
                    " county, parcel_id, parcel_key, source, first_seen_at, last_changed_at,"
                    " synthetic) SELECT gen_random_uuid(), version, kind, status, state,"
                    " county_fips, county, parcel_id, parcel_key, source, first_seen_at,"
                    " last_changed_at, synthetic FROM liens.liens"
                )
            )
