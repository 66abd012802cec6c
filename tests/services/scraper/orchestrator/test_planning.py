"""Whose turn it is: due sources while there is room, each sent out once, wishes before habit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from simulated_counties import SimulatedCounties
from taxlien.kit.settings import SettingsError
from taxlien.services.scraper import service
from taxlien.services.scraper.adapters import current


@pytest.fixture(autouse=True)
def played(collector: Any, simulator: SimulatedCounties, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule takes played sites where it knows their simulator."""
    monkeypatch.setenv("TAXLIEN_SCRAPER_SIMULATOR_URL", simulator.url)
    current.settings.cache_clear()


@pytest.fixture
def two_at_once(collector: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXLIEN_SCRAPER_RUNS_AT_ONCE", "2")
    current.settings.cache_clear()


async def plan(collector: Any) -> list[service.ToDo]:
    async with collector.database.session() as session:
        return list(await service.plan_runs(session))


@pytest.mark.usefixtures("two_at_once")
async def test_no_more_runs_begin_than_there_is_room_and_none_is_sent_twice(
    collector: Any, counties: SimulatedCounties
) -> None:
    await collector.know(*counties.sites("realauction")[:4])
    first = await plan(collector)
    assert len(first) == 2
    assert {one.lane for one in first} == {"realauction"}
    assert await plan(collector) == []
    for one in first:
        await collector.drive(one.run_id)
    assert len(await plan(collector)) == 2
    assert await collector.count("runs") == 4


@pytest.mark.usefixtures("two_at_once")
async def test_a_county_that_people_search_for_goes_first(
    collector: Any, counties: SimulatedCounties
) -> None:
    sites = counties.sites("realauction")
    wanted = sites[-1]
    await collector.know(*sites)
    async with collector.database.session() as session:
        await service.count_searches(session, {wanted["county_fips"]: 5000}, datetime.now(UTC))
    await plan(collector)
    begun = await collector.mappings("SELECT source FROM scraper.runs ORDER BY number")
    fips = {f"realauction/{site['name']}": site["county_fips"] for site in sites}
    assert fips[begun[0]["source"]] == wanted["county_fips"]
    assert (await collector.source(begun[0]["source"]))["priority"] < 9


async def test_a_run_that_nobody_drives_is_sent_out_again(
    collector: Any, counties: SimulatedCounties
) -> None:
    await collector.know(counties.sites("realauction")[0])
    [lost] = await plan(collector)
    async with collector.database.session() as session:
        from_long_ago = "UPDATE scraper.runs SET sent_at = now() - interval '1 minute'"
        await session.execute(text(from_long_ago))
    assert await plan(collector) == [lost]


async def test_hosts_on_the_internet_wait_for_whoever_sets_this_up(
    collector: Any, counties: SimulatedCounties, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = counties.sites("realauction")[0]
    await collector.know({**site, "legal_status": "permitted"})
    assert await plan(collector) == []
    monkeypatch.setenv("TAXLIEN_SCRAPER_COLLECT_LIVE", "true")
    current.settings.cache_clear()
    assert len(await plan(collector)) == 1


async def test_sites_come_from_files_and_from_a_simulator_of_this_machine(
    collector: Any, counties: SimulatedCounties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXLIEN_SCRAPER_SIMULATOR_URL", counties.url)
    current.settings.cache_clear()
    synced = await service.sync_sources(collector.database)
    assert synced.changed == synced.known
    assert await collector.count("sources", "NOT shipped AND status = 'active'") > 20
    assert await collector.count("sources", "legal_status = 'terms_forbid' AND status = 'off'") > 5
    assert (await service.sync_sources(collector.database)).changed == 0

    monkeypatch.setenv("TAXLIEN_SCRAPER_SIMULATOR_URL", "http://127.0.0.1:9")
    current.settings.cache_clear()
    assert (await service.sync_sources(collector.database)).switched_off == 0
    monkeypatch.delenv("TAXLIEN_SCRAPER_SIMULATOR_URL")
    current.settings.cache_clear()
    await service.sync_sources(collector.database)
    assert await plan(collector) == []


async def test_a_simulator_elsewhere_is_refused(
    collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAXLIEN_SCRAPER_SIMULATOR_URL", "http://counties.example")
    current.settings.cache_clear()
    with pytest.raises(SettingsError, match="this machine"):
        await service.sync_sources(collector.database)


async def test_a_site_file_that_cannot_begin_keeps_no_other_from_its_turn(
    collector: Any, counties: SimulatedCounties
) -> None:
    good, *_ = counties.sites("realauction")
    bad = {**good, "name": "bad", "platform": "open_data", "start": {}}
    await collector.know(bad, good)
    assert await collector.count("sources", "name = 'open_data/bad'") == 0
    assert len(await plan(collector)) == 1
