"""Pages that need scripts, in the machine's own Chromium: one for all tests that need no more of it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from taxlien.kit.settings import KitSettings
from taxlien.services.scraper.adapters.fetching.http_fetcher import HttpFetcher
from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Stopped, Unreachable
from taxlien.services.scraper.logic.pages import Step
from taxlien.services.scraper.logic.sites import Politeness, Site

from .conftest import Fetching, Peer, fetching_with, page, reply, serving, site_of

pytestmark = pytest.mark.browser

SCRIPTED = Politeness(requests_per_second=1000, concurrency=16, browser=True)
PAGE = """
<html><head><title>county</title><script src="/app.js"></script>
<link rel="stylesheet" href="/style.css"></head>
<body><img src="/picture.png"><div id="parcel">waiting</div></body></html>
"""
SCRIPT = """
addEventListener("load", async () => {
  const answer = await fetch("/data?KeyValue=1", {headers: {"X-Requested-With": "XMLHttpRequest"}});
  document.getElementById("parcel").textContent = (await answer.json()).parcel;
});
"""


@pytest.fixture(scope="module")
def chromium() -> Path:
    """Return Chromium's program; where there is none the tests are skipped, visibly, but never in CI."""
    found = shutil.which("chromium")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no chromium")
        pytest.skip("no chromium on this machine")
    pytest.importorskip("playwright", reason="the extra `browser` is not installed")
    return Path(found)


class County(NamedTuple):
    """A site that needs a browser, who plays it, and what fetches its pages."""

    peer: Peer
    site: Site
    fetcher: HttpFetcher


@pytest.fixture(scope="module")
async def counties(chromium: Path, kit_settings: KitSettings) -> AsyncIterator[Iterator[County]]:
    """Counties that no test has used, for all of which one browser works."""
    async with AsyncExitStack() as running:
        peers = [await running.enter_async_context(serving(Peer())) for _ in range(8)]
        sites = [site_of(p, name=f"fl_{n}", politeness=SCRIPTED) for n, p in enumerate(peers)]
        fetching = fetching_with(kit_settings)
        fetcher = await running.enter_async_context(fetching(*sites, browser_path=chromium))
        yield (County(peer, site, fetcher) for peer, site in zip(peers, sites, strict=True))


@pytest.fixture
def county(counties: Iterator[County]) -> County:
    return next(counties)


def play(peer: Peer) -> Peer:
    """Let ``peer`` be a site whose page is empty until its script ran."""
    peer.on("/page", reply(PAGE, set_cookie="cfid=7"))
    peer.on("/app.js", reply(SCRIPT, content_type="text/javascript"))
    peer.on("/data", reply('{"parcel": "12-34"}', content_type="application/json"))
    return peer


@pytest.fixture
def scripted(peer: Peer) -> Peer:
    return play(peer)


async def test_the_page_comes_as_its_scripts_left_it(county: County) -> None:
    scripted = play(county.peer)
    fetched = await county.fetcher.fetch(county.site, page("/page?x=1"))
    assert b'<div id="parcel">12-34</div>' in fetched.content
    assert fetched.from_browser
    assert fetched.status == 200
    assert fetched.url == f"http://127.0.0.1:{scripted.port}/page?x=1"
    data = scripted.of("/data")[0].headers
    assert data["x-requested-with"] == "XMLHttpRequest"
    assert data["cookie"] == "cfid=7"
    assert data["user-agent"].startswith("TaxlienBot/")
    assert not scripted.of("/picture.png"), "pictures say nothing and are not asked for"


async def test_a_session_is_opened_before_the_browser_comes(county: County) -> None:
    scripted = play(county.peer)
    scripted.on("/start", reply(set_cookie="day=monday"))
    request = page(session="s", steps=(Step(path="/start"),))
    for _ in range(2):
        await county.fetcher.fetch(county.site, request)
    assert len(scripted.of("/start")) == 1
    assert "day=monday" in scripted.of("/page")[0].headers["cookie"]
    assert len(scripted.of("/app.js")) == 1, "scripts are kept between pages"


async def test_the_browser_reaches_nobody_but_the_registry(county: County) -> None:
    async with serving(Peer()) as secret:
        inner = f"http://127.0.0.1:{secret.port}"
        county.peer.on(
            "/page",
            reply(
                f"""<html><body><script>
                const tries = [
                  fetch("{inner}/fetch", {{mode: "no-cors"}}),
                  fetch("{inner}/beacon", {{method: "POST", mode: "no-cors", body: "x"}}),
                  new Promise((done) => {{
                    const socket = new WebSocket("ws://127.0.0.1:{secret.port}/socket");
                    socket.onerror = socket.onopen = done;
                  }}),
                ];
                new Image().src = "{inner}/image";
                document.write('<iframe src="{inner}/frame"></iframe>');
                Promise.allSettled(tries).then(() => document.body.append("tried"));
                </script></body></html>"""
            ),
        )
        fetched = await county.fetcher.fetch(county.site, page())
        assert b"tried" in fetched.content
        assert secret.asked == []


async def test_a_script_that_sends_the_browser_away_gets_nowhere(county: County) -> None:
    async with serving(Peer()) as secret:
        away = f"<script>location = 'http://127.0.0.1:{secret.port}/';</script>"
        county.peer.on("/page", reply(away))
        with pytest.raises(Refused, match="not a host of the registry"):
            await county.fetcher.fetch(county.site, page())
        assert secret.asked == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply("no", 403), "forbidden"),
        (reply("slow", 429), "too_many_requests"),
        (reply("<script>document.title = 'Just a moment...'</script>"), "challenge"),
    ],
)
async def test_a_no_stops_the_source_in_the_browser_too(
    county: County, answer: bytes, kind: str
) -> None:
    county.peer.on("/page", answer)
    with pytest.raises(Stopped) as stopped:
        await county.fetcher.fetch(county.site, page())
    assert stopped.value.kind == kind


async def test_the_rules_of_the_host_bind_the_browser(county: County) -> None:
    scripted = play(county.peer)
    scripted.on("/robots.txt", reply("User-agent: *\nDisallow: /data"))
    fetched = await county.fetcher.fetch(county.site, page())
    assert b"waiting" in fetched.content
    assert scripted.of("/data") == []


async def test_an_unused_browser_is_closed_and_opened_again(
    scripted: Peer, fetching: Fetching, chromium: Path
) -> None:
    site = site_of(scripted, politeness=SCRIPTED)
    async with fetching(site, browser_path=chromium, browser_idle_seconds=0.05) as fetcher:
        await fetcher.fetch(site, page())
        await _closed(fetcher)
        assert (await fetcher.fetch(site, page())).status == 200


async def _closed(fetcher: HttpFetcher) -> None:
    async with asyncio.timeout(20):
        while fetcher.browser_is_open:  # noqa: ASYNC110 - it closes by itself and tells nobody
            await asyncio.sleep(0.02)


async def test_a_machine_without_the_browser_says_so(
    scripted: Peer, fetching: Fetching, chromium: Path, tmp_path: Path
) -> None:
    site = site_of(scripted, politeness=SCRIPTED)
    async with fetching(site, browser_path=tmp_path / "none") as fetcher:
        with pytest.raises(Unreachable, match="does not start") as told:
            await fetcher.fetch(site, page())
    assert not told.value.retry
