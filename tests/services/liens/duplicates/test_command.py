"""``taxlien duplicates`` on a catalogue with one candidate."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from taxlien.interfaces.scraper import PageCard, ParcelObserved, ScrapeObserved, SourceCard
from taxlien.run.cli import app
from taxlien.services.liens import service

FIPS = "12105"


@pytest.fixture
async def two_parcels(catalogue: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A catalogue in which two assessors give one address two numbers; the command finds it."""
    url = catalogue.database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("TAXLIEN_LIENS_DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("COLUMNS", "220")
    pages = [
        ScrapeObserved(
            run_id=UUID(int=1),
            source=SourceCard(
                name=name, title=name, platform="x", county_fips=FIPS,
                legal_status="open_data", url="u",
            ),
            page=PageCard(
                key="p", url="u", fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
                parser_version="x/1", content_sha256="00" * 32,
            ),
            parcels=(ParcelObserved(parcel_id=number, situs_address=address, city="LAKELAND"),),
        )
        for name, number, address in (("a", "A-100", "12 OAK ST"), ("b", "B-100", "12 Oak Street"))
    ]  # fmt: skip
    async with catalogue.database.session() as session:
        await service.record_collected(session, pages)
    return catalogue


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["duplicates", *arguments])


async def test_person_sees_merges_and_parts_a_pair(two_parcels: Any) -> None:
    assert "0 pairs were merged, 1 wait" in (await run("scan", FIPS)).output
    shown = (await run("list", "--county", FIPS)).output
    assert "12 OAK ST | 12 Oak Street" in shown
    assert "1 wait for a person" in shown
    merged = (await run("merge", FIPS, "A-100", "B-100")).output
    found = re.search(r"undo (\S+)", merged)
    assert found is not None, merged
    assert "1 merged" in (await run("list")).output
    assert "are two parcels again" in (await run("undo", found[1])).output
    again = await run("undo", found[1])
    assert (again.exit_code, "no merge" in again.output) == (2, True)
    assert "0 wait for a person" in (await run("list")).output
