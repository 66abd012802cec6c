"""Sessions: cookies by name, steps taken once, forms sent as the page has them."""

from __future__ import annotations

import asyncio

import pytest

from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Stopped
from taxlien.services.scraper.adapters.fetching.sessions import form_request
from taxlien.services.scraper.logic.pages import FormStep, Step
from taxlien.services.scraper.logic.sites import Site, Terms

from .conftest import Asked, Fetching, Peer, page, reply, site_of

STEPS = (Step(path="/index.cfm?zaction=AUCTION&AUCTIONDATE=11/05/2026"),)
GATE = """
<form name="other" action="/wrong"><input type="hidden" name="no" value="no"></form>
<form name="Form1" method="post" action="agree.aspx?x=1">
 <input type="hidden" name="__VIEWSTATE" value="a/b+c=&quot;">
 <input type="hidden" name="empty"><input type="text" name="typed" value="not sent">
 <input type="submit" name="btAgree" value="Agree">
</form>
"""
AGREE = Step(
    path="/disclaimer", form=FormStep(selector="form[name=Form1]", fields={"btAgree": "Agree"})
)
COUNTY = Site(
    name="x",
    platform="iasworld",
    title="x",
    county_fips="12001",
    base_url="https://county.example",
    legal_status="permitted",
    terms=Terms(accept=True),
)


async def test_steps_open_a_session_once_however_many_pages_wait(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/index.cfm", reply(set_cookie="cfid=7"))
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        await asyncio.gather(
            *(fetcher.fetch(site, page(session="day", steps=STEPS)) for _ in range(8))
        )
    assert len(peer.of("/index.cfm")) == 1
    assert [asked.headers["cookie"] for asked in peer.of("/page")] == ["cfid=7"] * 8


async def test_sessions_do_not_share_cookies(peer: Peer, fetching: Fetching) -> None:
    peer.on("/index.cfm", reply(set_cookie="cfid=1"), reply(set_cookie="cfid=2"))
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        for name in ("monday", "tuesday", "monday"):
            await fetcher.fetch(site, page(session=name, steps=STEPS))
        await fetcher.fetch(site, page())
    told = [asked.headers.get("cookie") for asked in peer.of("/page")]
    assert told == ["cfid=1", "cfid=2", "cfid=1", None]


async def test_a_renewed_session_begins_again(peer: Peer, fetching: Fetching) -> None:
    peer.on("/index.cfm", reply(set_cookie="cfid=1"), reply(set_cookie="cfid=2"))
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        await fetcher.fetch(site, page(session="day", steps=STEPS))
        await fetcher.renew_session(site, "day")
        await fetcher.fetch(site, page(session="day", steps=STEPS))
    assert [asked.headers["cookie"] for asked in peer.of("/page")] == ["cfid=1", "cfid=2"]


async def test_pages_that_lost_a_session_together_renew_it_once(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/index.cfm", reply(set_cookie="cfid=1"), reply(set_cookie="cfid=2"))
    peer.on("/page", reply())
    site = site_of(peer)
    lost = asyncio.Barrier(8)
    async with fetching(site) as fetcher:

        async def visit() -> None:
            await fetcher.fetch(site, page(session="day", steps=STEPS))
            async with lost:
                await fetcher.renew_session(site, "day")
            await fetcher.fetch(site, page(session="day", steps=STEPS))

        await asyncio.gather(*(visit() for _ in range(8)))
    assert len(peer.of("/index.cfm")) == 2


async def test_a_session_whose_steps_failed_is_tried_again(peer: Peer, fetching: Fetching) -> None:
    peer.on("/index.cfm", reply(status=400), reply(set_cookie="cfid=2"))
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        with pytest.raises(Refused):
            await fetcher.fetch(site, page(session="day", steps=STEPS))
        await fetcher.fetch(site, page(session="day", steps=STEPS))
    assert len(peer.of("/page")) == 1


async def test_the_session_unused_longest_is_forgotten_first(
    peer: Peer, fetching: Fetching
) -> None:
    peer.on("/index.cfm", reply(set_cookie="cfid=1"))
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site, sessions=2) as fetcher:
        for name in ("a", "b", "c", "b", "a"):
            await fetcher.fetch(site, page(session=name, steps=STEPS))
    assert len(peer.of("/index.cfm")) == 4


async def test_a_form_is_sent_with_its_hidden_fields(peer: Peer, fetching: Fetching) -> None:
    async def agreed(writer: asyncio.StreamWriter, asked: Asked) -> None:
        writer.write(reply(status=302, location="/welcome", set_cookie="agreed=1"))

    peer.on("/disclaimer", reply(GATE))
    peer.on("/agree.aspx", agreed)
    peer.on("/welcome", reply())
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        await fetcher.fetch(site, page(session="s", steps=(AGREE,)))
    sent = peer.of("/agree.aspx")[0]
    assert (sent.method, sent.target) == ("POST", "/agree.aspx?x=1")
    assert sent.body == b"__VIEWSTATE=a%2Fb%2Bc%3D%22&empty=&btAgree=Agree"
    assert peer.of("/page")[0].headers["cookie"] == "agreed=1"


async def test_a_page_without_the_form_needs_no_form(peer: Peer, fetching: Fetching) -> None:
    peer.on("/disclaimer", reply("<p>you agreed already</p>"))
    peer.on("/page", reply())
    site = site_of(peer)
    async with fetching(site) as fetcher:
        assert (await fetcher.fetch(site, page(session="s", steps=(AGREE,)))).status == 200


def test_terms_are_accepted_only_where_the_site_file_says_so() -> None:
    assert AGREE.form is not None
    url = "https://county.example/search/disclaimer.aspx"
    sending = form_request(COUNTY, url, GATE, AGREE.form)
    assert sending is not None
    assert sending.path == "https://county.example/search/agree.aspx?x=1"
    refusing = Site(
        **{f: getattr(COUNTY, f) for f in COUNTY.__struct_fields__} | {"terms": Terms()}
    )
    with pytest.raises(Stopped) as stopped:
        form_request(refusing, url, GATE, AGREE.form)
    assert stopped.value.kind == "terms"


def test_nobody_logs_in() -> None:
    login = '<form name="Form1"><input type="password" name="p"></form>'
    with pytest.raises(Refused, match="password"):
        form_request(COUNTY, "https://county.example/", login, FormStep(selector="form"))


def test_a_form_that_asks_by_address_is_sent_so() -> None:
    html = '<form action="/go"><input type="hidden" name="a" value="1"></form>'
    sending = form_request(COUNTY, "https://county.example/x", html, FormStep(selector="form"))
    assert sending is not None
    assert (sending.method, sending.path, sending.form) == (
        "GET",
        "https://county.example/go?a=1",
        None,
    )
