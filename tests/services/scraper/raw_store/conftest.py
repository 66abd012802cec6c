"""The stores there are: PostgreSQL with objects, MongoDB where a server is given, its protocol always."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.services.scraper.adapters.raw_store.opening import raw_store_for
from taxlien.services.scraper.adapters.raw_store.postgres import PostgresRawStore
from taxlien.services.scraper.adapters.raw_store.raw_store import PageFacts, RawStore
from taxlien.services.scraper.logic.pages import FormStep, PageRequest, Step
from taxlien.services.scraper.settings import RawStoreSettings

from .document_server import document_server

MONGODB = os.environ.get("TAXLIEN_TEST_MONGODB_URL")
BEGIN = datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)


def facts(key: str = "parcel 1", *, source: str = "qpublic/fl_test", minutes: int = 0) -> PageFacts:
    """Return what is known of a page, with a request of every kind of part."""
    request = PageRequest(
        key=key,
        kind="report",
        path="/Application.aspx?KeyValue=1",
        method="POST",
        form={"a": "b"},
        session="day",
        steps=(Step(path="/start", form=FormStep(selector="form", fields={"x": "y"})),),
        context={"auction_date": "2026-11-05"},
    )
    return PageFacts(
        source=source,
        key=key,
        url="http://county.example/Application.aspx?KeyValue=1",
        status=200,
        headers={"content-type": "text/html; charset=utf-8", "x.dotted": "yes"},
        fetched_at=BEGIN + timedelta(minutes=minutes),
        parser_version="qpublic 1",
        request=request,
    )


@pytest.fixture
async def blobs(kit_settings: KitSettings) -> Blobs:
    """Return the objects, under a prefix of this test's own."""
    url = f"{kit_settings.require('objects_url').rstrip('/')}/raw-{new_id().hex}"
    return Blobs.from_settings(kit_settings.model_copy(update={"objects_url": url}))


@pytest.fixture(params=["postgres", "mongodb", "mongodb's protocol"])
async def store(
    request: pytest.FixtureRequest,
    kit_settings: KitSettings,
    database_for: Callable[..., Awaitable[Database]],
    blobs: Blobs,
) -> AsyncIterator[RawStore]:
    """Yield an empty store of each kind."""
    database = await database_for("scraper")
    if request.param == "postgres":
        yield PostgresRawStore(database, blobs)
        return
    async with AsyncExitStack() as closing:
        if request.param == "mongodb" and MONGODB is None:
            pytest.skip("no MongoDB to test with (TAXLIEN_TEST_MONGODB_URL names one)")
        url = MONGODB if request.param == "mongodb" else None
        url = url or await closing.enter_async_context(document_server())
        settings = RawStoreSettings(store="mongodb", mongodb_url=f"{url}/test_{new_id().hex}")
        opened = await raw_store_for(settings, kit_settings, database)
        closing.push_async_callback(opened.close)
        yield opened
