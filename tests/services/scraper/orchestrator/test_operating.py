"""What a run does when a site misbehaves, and what a person then decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulated_counties import SimulatedCounties
from taxlien.interfaces.scraper import (
    ScrapeCompleted,
    ScrapeObserved,
    SourceResumed,
    SourceStopped,
)
from taxlien.kit.errors import Conflict
from taxlien.services.scraper import service


@pytest.fixture
def site(counties: SimulatedCounties) -> Iterator[dict[str, Any]]:
    """A county's property site. Its faults are put back."""
    found = counties.sites("qpublic")[0]
    yield found
    counties.fail(None)


def host_of(site: dict[str, Any]) -> str:
    return str(site["base_url"].rsplit("/", 1)[-1])


def name_of(site: dict[str, Any]) -> str:
    return f"{site['platform']}/{site['name']}"


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("forbidden", {"forbidden", "challenge"}),
        ("too_many_requests", {"too_many_requests"}),
        ("challenge", {"challenge"}),
    ],
)
async def test_a_source_that_refuses_is_left_alone_until_a_person_resumes_it(
    collector: Any, counties: SimulatedCounties, site: dict[str, Any], fault: str, kinds: set[str]
) -> None:
    await collector.know(site)
    counties.fail(host_of(site), {"fault": fault, "since": 10})
    run = await collector.collect(name_of(site))
    assert run["state"] == "stopped"
    source = await collector.source(name_of(site))
    assert source["status"] == "stopped"
    assert await collector.count("staged") == await collector.count("run_pages") == 0
    events = await collector.events()
    [stopped] = [event for event in events if isinstance(event, SourceStopped)]
    assert stopped.kind in kinds
    assert [e.state for e in events if isinstance(e, ScrapeCompleted)] == ["stopped"]
    assert not [e for e in events if isinstance(e, ScrapeObserved)]
    assert await collector.count("operations_tasks", "resolved_at IS NULL") == 1
    async with collector.database.session() as session:
        assert await service.plan_runs(session) == []
    with pytest.raises(Conflict, match="stopped"):
        await collector.begin(name_of(site))

    counties.fail(None)
    async with collector.database.session() as session:
        await service.resume_source(session, name_of(site))
    assert len(await collector.events(SourceResumed)) == 1
    assert await collector.count("operations_tasks", "resolved_at IS NULL") == 0
    run = await collector.collect(name_of(site))
    assert run["state"] == "published"


async def test_a_layout_that_changes_mid_run_is_kept_aside_with_words_a_person_can_read(
    collector: Any, counties: SimulatedCounties, site: dict[str, Any]
) -> None:
    await collector.know(site)
    counties.fail(host_of(site), {"fault": "changed_layout", "since": 20})
    run = await collector.collect(name_of(site))
    assert run["state"] == "quarantined"
    assert "19 records, at least 50 are expected" in run["reason"]
    assert "Pages that could not be read or say nothing" in run["diff"]
    [task] = await collector.mappings("SELECT * FROM scraper.operations_tasks")
    assert task["detail"]["diff"] == run["diff"]
    events = await collector.events()
    assert [e.state for e in events if isinstance(e, ScrapeCompleted)] == ["quarantined"]
    assert not [e for e in events if isinstance(e, ScrapeObserved)]
    assert await collector.count("facts") == 0
    with pytest.raises(Conflict):
        await collector.begin(name_of(site))

    async with collector.database.session() as session:
        await service.discard_run(session, name_of(site))
    assert await collector.count("staged") == 0
    counties.fail(None)
    run = await collector.collect(name_of(site))
    assert run["state"] == "published"


async def test_a_quarantined_run_that_is_right_is_published_by_a_person(
    collector: Any, counties: SimulatedCounties, site: dict[str, Any]
) -> None:
    grown = {**site, "expected": {**site["expected"], "min_records": 5000, "max_records": 9000}}
    await collector.know(grown)
    run = await collector.collect(name_of(site))
    assert run["state"] == "quarantined"
    records = await collector.count("staged")
    async with collector.database.session() as session:
        run_id = await service.release_quarantine(session, name_of(site))
    await collector.drive(run_id)
    run = await collector.run(run_id)
    assert (run["state"], run["changed"]) == ("published", records)
    observed = await collector.events(ScrapeObserved)
    assert sum(len(e.parcels) + len(e.liens) + len(e.sales) for e in observed) == records
    assert (await collector.source(name_of(site)))["status"] == "active"


async def test_pages_that_fail_for_a_while_are_tried_again(
    collector: Any, counties: SimulatedCounties, site: dict[str, Any]
) -> None:
    await collector.know(site)
    counties.fail(
        host_of(site),
        {"fault": "server_error", "at": [3, 9]},
        {"fault": "truncated", "at": [5, 6, 14]},
        {"fault": "reset", "at": [20]},
    )
    run = await collector.collect(name_of(site))
    assert (run["state"], run["reason"]) == ("published", None)
    assert await collector.count("facts") == site["expected"]["max_records"]


async def test_a_host_that_is_away_fails_the_run_and_quarantines_nothing(collector: Any) -> None:
    away = {
        "name": "away", "platform": "qpublic", "title": "Nobody there", "county_fips": "12001",
        "base_url": "http://127.0.0.1:9/away", "legal_status": "synthetic",
        "politeness": {"requests_per_second": 1000.0, "burst": 100, "concurrency": 4},
        "ids": {"app_id": "1", "layer_id": "2", "report_page_id": "3"},
        "start": {"first_keys": ["1"]},
    }  # fmt: skip
    await collector.know(away)
    run = await collector.collect("qpublic/away")
    assert run["state"] == "failed"
    assert "not one page" in run["reason"]
    source = await collector.source("qpublic/away")
    assert (source["status"], source["failures"]) == ("active", 1)


async def test_a_limited_run_reads_no_more_pages_and_is_not_held_to_the_whole(
    collector: Any, site: dict[str, Any]
) -> None:
    await collector.know(site)
    run = await collector.collect(name_of(site), limit=7)
    assert (run["state"], run["figures"]["pages"]) == ("published", 7)
    source = await collector.source(name_of(site))
    assert source["figures"] is None


async def test_only_what_changed_overnight_is_said(
    collector: Any, counties: SimulatedCounties
) -> None:
    [site, *_] = counties.sites("realauction")
    await collector.know(site)
    first = await collector.collect(name_of(site))
    await collector.events()
    again = await collector.collect(name_of(site))
    assert (first["state"], again["state"], again["changed"]) == ("published", "published", 0)
    assert await collector.events(ScrapeObserved) == []


async def test_terms_that_forbid_are_never_asked(collector: Any, site: dict[str, Any]) -> None:
    await collector.know({**site, "legal_status": "terms_forbid"})
    assert (await collector.source(name_of(site)))["status"] == "off"
    with pytest.raises(Conflict, match="terms_forbid"):
        await collector.begin(name_of(site))
    async with collector.database.session() as session:
        assert await service.plan_runs(session) == []
