"""A site that was relaunched is not recognised: no page of it is taken for an honest nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from functools import cache

import msgspec
import pytest

from taxlien.run.simulator.serving.redesigns import other_names, other_tags, redesigned
from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import Page, Reading
from taxlien.services.scraper.logic.sites import Site
from visited_counties import Visitor, played

PLAYED = ("beacon", "bid4assets", "iasworld", "lienhub", "qpublic", "realauction", "realtaxlien")
A_KIND = 4
DAYS = (date(2026, 11, 28), date(2026, 5, 10))  # certificates are advertised in spring
HONEST = (
    "The advertised list will be posted in April."  # what is said in words is said in any markup
)

Seen = tuple[Page, Site, Reading]


@cache
def pages() -> dict[tuple[str, str], list[Seen]]:
    """Pages of every platform and kind, of counties with different styles."""
    found: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    for today in DAYS:
        simulator = played(counties=12, parcels=2_400, today=today)
        for host, play in simulator.plays.items():
            name, visited = play.card.platform, defaultdict(int)
            if name not in PLAYED:
                continue
            visitor = Visitor(simulator, host)
            for request, page, reading in visitor.readings(PLATFORMS[name]):
                visited[request.kind] += 1
                if visited[request.kind] <= A_KIND:
                    found[name, request.kind].append((page, visitor.site, reading))
                if sum(visited.values()) > 60:
                    break
    return found


def said(reading: Reading) -> list[object]:
    """All that is read, were it not for where it stood: a relaunch that hides nothing is no fault."""
    return [*reading.parcels, *reading.liens, *reading.sales, *(r.key for r in reading.follow)]


def records(reading: Reading) -> int:
    return len(reading.parcels) + len(reading.liens) + len(reading.sales)


def wrongly_believed(
    platform: Platform, seen: list[Seen], redesign: Callable[[bytes], bytes]
) -> list[str]:
    believed = []
    for page, site, before in seen:
        text = redesign(page.text.encode()).decode()
        reading = platform.read(msgspec.structs.replace(page, text=text), site)
        if before.verdict == "empty" and HONEST in text:
            continue
        lost = said(reading) != said(before) or not (said(before) or before.follow)
        if text != page.text and lost and reading.verdict not in {"unrecognised", "truncated"}:
            found = f"{records(reading)} records, {len(reading.follow)} to follow"
            believed.append(f"{page.request.key}: {reading.verdict}, {reading.reason}, {found}")
    return believed


@pytest.mark.parametrize("redesign", [redesigned, other_names, other_tags])
@pytest.mark.parametrize("name", PLAYED)
def test_no_page_of_a_relaunched_site_is_believed(
    name: str, redesign: Callable[[bytes], bytes]
) -> None:
    kinds = {kind: seen for (platform, kind), seen in pages().items() if platform == name}
    assert kinds
    assert {
        kind: believed
        for kind, seen in kinds.items()
        if (believed := wrongly_believed(PLATFORMS[name], seen, redesign))
    } == {}
