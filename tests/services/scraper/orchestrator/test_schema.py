"""The schema: the migrations make what the models describe."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from taxlien.kit.database import Database
from taxlien.kit.migrations import pending_changes
from taxlien.services.scraper.models import metadata


async def test_migrations_make_what_the_models_describe(
    database_for: Callable[..., Awaitable[Database]],
) -> None:
    database = await database_for("scraper")
    assert await pending_changes("scraper", database.engine.url, metadata) == []
