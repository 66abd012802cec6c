"""``/v1/liens/coverage`` tells what runs and files brought, as it stands when it is asked for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from typer.testing import CliRunner

from taxlien.interfaces.scraper import ScrapeCompleted, SourceCard, SourceResumed, SourceStopped
from taxlien.kit.http.app import create_app
from taxlien.run.cli import app as command
from taxlien.services.liens import events
from taxlien.services.liens.endpoints import router

CARD = SourceCard(
    name="qpublic/fl_polk",
    title="Polk County Property Appraiser",
    platform="qpublic",
    county_fips="12105",
    legal_status="permitted",
    url="https://qpublic.example",
)


def ended(run: int, hours_ago: float, state: Any = "published", **fields: Any) -> ScrapeCompleted:
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    known: dict[str, Any] = {
        "run_id": UUID(int=run),
        "source": CARD,
        "state": state,
        "county": "Polk",
        "properties_scraped": 100,
        "changed": 5,
        "pages": 100,
        "errors": 0,
        "bytes_read": 10,
        "seconds": 1.0,
        "complete_pct": 100.0,
        "filled_pct": 90.0,
        "fresh_hours": 48.0,
        "started_at": at,
        "ended_at": at,
    }
    return ScrapeCompleted(**known | fields)


@pytest.fixture
async def http(catalogue: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(title="test", routers=[router], databases={"liens": catalogue.database})
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://liens.test") as client:
        yield client


async def hear(catalogue: Any, *told: Any) -> None:
    async with catalogue.database.session() as session:
        await events.note_runs(session, list(told))


async def only_source(http: httpx2.AsyncClient) -> dict[str, Any]:
    body = (await http.get("/v1/liens/coverage", params={"state": "FL"})).json()
    [county] = body["items"]
    [source] = county["sources"]
    return dict(source)


async def test_every_county_is_counted_and_those_without_source_are_said(
    catalogue: Any, http: httpx2.AsyncClient
) -> None:
    await hear(catalogue, ended(1, 2.0))
    body = (await http.get("/v1/liens/coverage")).json()
    assert body["summary"] == {
        "counties": 3143, "covered": 1, "uncovered": 3142,
        "green": 1, "amber": 0, "red": 0, "grey": 0,
    }  # fmt: skip
    florida = next(state for state in body["states"] if state["state"] == "FL")
    assert (florida["counties"], florida["covered"], florida["green"]) == (67, 1, 1)
    [county] = body["items"]
    assert (county["county_fips"], county["county"], county["status"]) == ("12105", "Polk", "green")
    [source] = county["sources"]
    assert (source["source"], source["complete_pct"], source["confidence"]) == (
        "qpublic/fl_polk",
        100.0,
        0.95,
    )
    assert 1.9 < source["age_hours"] < 2.1


async def test_source_whose_data_grew_old_is_amber_without_any_event(
    catalogue: Any, http: httpx2.AsyncClient
) -> None:
    await hear(catalogue, ended(1, 49.0))
    assert (await only_source(http))["status"] == "amber"


async def test_runs_heard_twice_and_in_any_order_end_at_the_latest(
    catalogue: Any, http: httpx2.AsyncClient
) -> None:
    now = datetime.now(UTC)
    told: list[Any] = [
        ended(1, 30.0),
        ended(2, 20.0, complete_pct=80.0),
        ended(3, 10.0, "quarantined", reason="half the rows are gone", complete_pct=40.0),
        SourceStopped(source=CARD, kind="forbidden", reason="403", at=now - timedelta(hours=5)),
        SourceResumed(source=CARD, at=now - timedelta(hours=4)),
    ]
    chance = random.Random(4)
    for _ in range(3):
        chance.shuffle(told)
        for event in told:
            await hear(catalogue, event)
        found = await only_source(http)
        assert (found["status"], found["last_run_state"]) == ("amber", "quarantined")
        assert "half the rows are gone" in found["reason"]
        assert 19.9 < found["age_hours"] < 20.1


async def test_stopped_source_says_so_until_it_is_resumed(
    catalogue: Any, http: httpx2.AsyncClient
) -> None:
    at = datetime.now(UTC)
    stop = SourceStopped(source=CARD, kind="challenge", reason="a riddle was asked", at=at)
    await hear(catalogue, ended(1, 1.0), stop)
    found = await only_source(http)
    assert (found["status"], "riddle" in found["reason"]) == ("amber", True)
    await hear(catalogue, SourceResumed(source=CARD, at=at + timedelta(seconds=1)))
    assert (await only_source(http))["status"] == "green"


async def test_county_known_by_a_file_alone_is_covered_by_it(
    catalogue: Any, http: httpx2.AsyncClient, record: Any, mapping: Any, stream: Any
) -> None:
    await catalogue.import_stream(stream([record(number=n) for n in range(3)]), mapping)
    await catalogue.import_stream(stream([record(number=n) for n in range(4)]), mapping)
    found = await only_source(http)
    assert (found["source"], found["liens"], found["status"]) == ("polk", 4, "green")
    assert (found["filled_pct"], found["fresh_hours"]) == (None, 8760.0)


async def test_pages_of_coverage_hold_every_county_once(
    catalogue: Any, http: httpx2.AsyncClient
) -> None:
    for n, fips in enumerate(("12105", "12029", "08069", "24510")):
        card = SourceCard(
            name=f"x/{n}", title="x", platform="x", county_fips=fips,
            legal_status="open_data", url="u",
        )  # fmt: skip
        await hear(catalogue, ended(n, 1.0, source=card))
    params: dict[str, Any] = {"limit": 3}
    first = (await http.get("/v1/liens/coverage", params=params)).json()
    second = (
        await http.get("/v1/liens/coverage", params=params | {"cursor": first["next_cursor"]})
    ).json()
    found = [county["county_fips"] for county in first["items"] + second["items"]]
    assert (found, second["next_cursor"]) == (["08069", "12029", "12105", "24510"], None)
    one = (await http.get("/v1/liens/coverage", params={"county_fips": "24510"})).json()
    assert (one["summary"]["counties"], len(one["items"])) == (1, 1)
    assert (await http.get("/v1/liens/coverage", params={"state": "ZZ"})).status_code == 422


async def test_command_shows_the_same(catalogue: Any, monkeypatch: Any) -> None:
    await hear(catalogue, ended(1, 2.0))
    url = catalogue.database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("TAXLIEN_LIENS_DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("COLUMNS", "160")
    shown = await asyncio.to_thread(CliRunner().invoke, command, ["coverage", "--state", "FL"])
    assert shown.exit_code == 0, shown.output
    assert "qpublic/fl_polk" in shown.output
    assert "1 of 67 counties have a source." in shown.output
