"""Every page that came is kept, with as what it was read: a person can see what a host said."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from simulated_counties import DAY, SimulatedCounties
from taxlien.interfaces.scraper import ScrapeObserved
from taxlien.services.scraper import service


def host_of(site: dict[str, Any]) -> str:
    return str(site["base_url"].rsplit("/", 1)[-1])


async def known_site(collector: Any, counties: SimulatedCounties, platform: str) -> dict[str, Any]:
    site = counties.sites(platform)[0]
    await collector.know(site)
    return site


@pytest.fixture
def faulty(counties: SimulatedCounties) -> Any:
    """The simulator, well again and on its first day once the test is over."""
    yield counties
    counties.fail(None)
    counties.to_day(DAY)


async def verdicts(collector: Any) -> Counter[str]:
    rows = await collector.mappings("SELECT verdict FROM scraper.raw_pages")
    return Counter(row["verdict"] for row in rows)


@pytest.mark.parametrize("platform", ["qpublic", "beacon", "iasworld", "realauction", "lienhub"])
async def test_a_second_run_reads_no_page_that_only_has_other_tokens(
    collector: Any, faulty: SimulatedCounties, platform: str
) -> None:
    # The list of a coming sale is out in spring only.
    faulty.to_day(date(2026, 5, 10) if platform == "lienhub" else DAY)
    site = await known_site(collector, faulty, platform)
    name = f"{platform}/{site['name']}"
    first = await collector.collect(name)
    spoke = await collector.count(
        "pages", "coalesce((memory->>'read')::int, 0) > 0 OR memory ? 'lists'"
    )
    contents = await collector.count("raw_contents")
    again = await collector.collect(name)
    assert (first["state"], again["state"], again["changed"]) == ("published", "published", 0)
    assert first["unchanged_pages"] == 0
    assert again["unchanged_pages"] == spoke > 0
    assert again["figures"]["records"] == first["figures"]["records"]
    if platform in {"qpublic", "beacon", "iasworld"}:  # other bytes, and they are kept too
        assert await collector.count("raw_contents") >= contents + spoke
    # What is noted of a page is what its bytes in the store are.
    assert (
        await collector.count(
            "pages", "content_sha256 NOT IN (SELECT sha256 FROM scraper.raw_contents)"
        )
        == 0
    )


async def test_a_page_that_is_cut_off_is_kept_once_a_run(
    collector: Any, faulty: SimulatedCounties
) -> None:
    site = await known_site(collector, faulty, "qpublic")
    faulty.fail(host_of(site), {"fault": "truncated", "at": [5]})
    run = await collector.collect(f"qpublic/{site['name']}")
    assert run["state"] == "published"
    kept = await verdicts(collector)
    assert kept["truncated"] == 1
    assert kept["ok"] >= run["figures"]["pages"] - kept["empty"] - kept["not_found"]


@pytest.mark.parametrize("fault", ["challenge", "forbidden"])
async def test_the_answer_that_stopped_a_source_is_kept(
    collector: Any, faulty: SimulatedCounties, fault: str
) -> None:
    site = await known_site(collector, faulty, "qpublic")
    faulty.fail(host_of(site), {"fault": fault, "at": [9]})
    run = await collector.collect(f"qpublic/{site['name']}")
    assert run["state"] == "stopped"
    assert (await verdicts(collector))["challenge"] == 1
    [row] = await collector.mappings(
        "SELECT status FROM scraper.raw_pages WHERE verdict = 'challenge'"
    )
    assert row["status"] == {"challenge": 200, "forbidden": 403}[fault]


async def reparsed(collector: Any, since: datetime) -> dict[str, Any]:
    [begun], left_out = await service.start_reparse(collector.database, since)
    assert left_out == []
    await collector.drive(begun.run_id)
    run: dict[str, Any] = await collector.run(begun.run_id)
    assert run["kind"] == "reparse"
    return run


async def test_pages_that_no_parser_could_read_are_read_when_one_can(
    collector: Any, counties: SimulatedCounties
) -> None:
    site = await known_site(collector, counties, "iasworld")
    began = datetime.now(UTC) - timedelta(minutes=1)
    first = await collector.collect(f"iasworld/{site['name']}")
    said = sum(len(event.parcels) for event in await collector.events(ScrapeObserved))
    async with collector.database.session() as session:  # as a parser left it that knew no record
        await session.execute(text("UPDATE scraper.raw_pages SET verdict = 'unrecognised'"))
        await session.execute(text("DELETE FROM scraper.facts"))
        await session.execute(text("DELETE FROM scraper.pages"))

    run = await reparsed(collector, began)
    assert (run["state"], run["figures"]["pages"]) == ("published", first["figures"]["pages"])
    assert sum(len(e.parcels) for e in await collector.events(ScrapeObserved)) == said > 0


async def test_what_still_cannot_be_read_leaves_the_page_before_it_in_force(
    collector: Any, faulty: SimulatedCounties
) -> None:
    site = await known_site(collector, faulty, "iasworld")
    began = datetime.now(UTC) - timedelta(minutes=1)
    name = f"iasworld/{site['name']}"
    first = await collector.collect(name)
    faulty.fail(host_of(site), {"fault": "changed_layout", "since": 1})
    assert (await collector.collect(name))["state"] == "quarantined"
    assert (await verdicts(collector))["unrecognised"] > 0
    async with collector.database.session() as session:
        await service.discard_run(session, name)

    run = await reparsed(collector, began)
    assert (run["state"], run["changed"]) == ("published", 0)
    assert run["figures"]["records"] == first["figures"]["records"]
