"""Every fault, over a real connection: what is asked for goes wrong, and nothing else."""

from __future__ import annotations

import gzip
import http.client
import socket
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import psutil
import pytest

from simulated_counties import SimulatedCounties, simulated
from taxlien.run.simulator.serving.faults import (
    BOMB_BYTES,
    HUGE_BYTES,
    PROFILES,
    Fault,
    FaultsOf,
    Rule,
)
from taxlien.run.simulator.serving.messages import Request
from taxlien.services.scraper.adapters.platforms.qpublic import PLATFORM
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.settling import settled
from taxlien.services.scraper.logic.sites import site_of

HOST = "fl-alachua.qpublic"


@dataclass
class Came:
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="module")
def counties() -> Iterator[SimulatedCounties]:
    with simulated(counties=1, parcels=200) as running:
        yield running


@pytest.fixture(autouse=True)
def without_faults(counties: SimulatedCounties) -> Iterator[None]:
    yield
    counties.fail(None)


def report(counties: SimulatedCounties) -> str:
    [site] = counties.sites("qpublic")
    return f"/Application.aspx?PageTypeID=4&KeyValue={quote(site['start']['first_keys'][3])}"


def ask(counties: SimulatedCounties, path: str, *, host: str = HOST, **headers: str) -> Came:
    connection = http.client.HTTPConnection("127.0.0.1", urlsplit(counties.url).port, timeout=20)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", f"/{host}{path}", headers={"user-agent": "tests", **named})
        answer = connection.getresponse()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return Came(answer.status, known, answer.read())
    finally:
        connection.close()


def words(body: bytes) -> bytes:
    """The page without what is new in every answer."""
    return settled(body, PLATFORM.settling)


def read(counties: SimulatedCounties, body: bytes) -> Reading:
    [site] = counties.sites("qpublic")
    request = PageRequest(key="x", kind="report", path="/")
    text = body.decode("utf-8", "replace")
    return PLATFORM.read(Page(request=request, url="/", text=text), site_of(site))


def test_every_fault_says_what_it_is() -> None:
    assert all(fault.meaning.endswith(".") for fault in Fault)


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (Fault.FORBIDDEN, 403, b"Access Denied"),
        (Fault.TOO_MANY_REQUESTS, 429, b"Too Many Requests"),
        (Fault.SERVER_ERROR, 500, b"Server Error in '/' Application"),
        (Fault.CHALLENGE, 200, b"challenge-platform"),
    ],
)
def test_a_refusal_comes_in_place_of_the_page(
    counties: SimulatedCounties, fault: Fault, status: int, words: bytes
) -> None:
    counties.fail(HOST, {"fault": fault, "at": [1]})
    came = ask(counties, report(counties))
    assert came.status == status
    assert words in came.body
    assert (came.headers.get("retry-after") == "120") == (fault is Fault.TOO_MANY_REQUESTS)
    assert ask(counties, report(counties)).status == 200
    assert counties.status()["faults"] == {fault: 1}


def test_a_slow_answer_is_whole(counties: SimulatedCounties) -> None:
    whole = ask(counties, report(counties)).body
    counties.fail(HOST, {"fault": "slow", "at": [1], "seconds": 0.05})
    assert words(ask(counties, report(counties)).body) == words(whole)


def test_a_reset_ends_the_connection_within_the_headers(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "reset", "at": [1]})
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(counties, report(counties))
    assert ask(counties, report(counties)).status == 200


def test_a_broken_answer_is_shorter_than_it_said(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "broken_off", "at": [1]})
    with pytest.raises(http.client.IncompleteRead) as error:
        ask(counties, report(counties))
    assert len(error.value.partial) > 1_000


def test_a_truncated_page_is_a_whole_answer_that_the_parser_does_not_believe(
    counties: SimulatedCounties,
) -> None:
    counties.fail(HOST, {"fault": "truncated", "at": [1]})
    came = ask(counties, report(counties))
    assert came.status == 200
    assert len(came.body) == int(came.headers["content-length"])
    assert read(counties, came.body).verdict == "truncated"


def test_a_redesigned_page_is_whole_and_not_recognised(counties: SimulatedCounties) -> None:
    before = ask(counties, report(counties)).body
    assert read(counties, before).verdict == "ok"
    counties.fail(HOST, {"fault": "changed_layout", "since": 2})
    assert words(ask(counties, report(counties)).body) == words(before)
    after = ask(counties, report(counties)).body
    assert after.count(b"<tr") == before.count(b"<tr")
    assert read(counties, after).parcels == ()


def test_a_wrong_charset_is_not_the_one_announced(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "wrong_charset", "at": [1]})
    came = ask(counties, report(counties))
    assert "utf-8" in came.headers["content-type"]
    with pytest.raises(UnicodeDecodeError):
        came.body.decode()
    assert "N°" in came.body.decode("cp1252")


def test_a_loop_of_redirects_has_no_end(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "redirect_loop", "since": 1})
    seen, path = [], report(counties)
    for _ in range(6):
        came = ask(counties, path)
        assert came.status == 302
        path = came.headers["location"].removeprefix(f"/{HOST}")
        seen.append(path)
    assert seen[0] == seen[2] == seen[4]
    assert seen[1] == seen[3] != seen[0]


def test_a_foreign_redirect_leads_into_a_private_network(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "foreign_redirect", "at": [1]})
    assert ask(counties, report(counties)).headers["location"].startswith("http://169.254.169.254/")


def test_a_bomb_of_two_megabytes_holds_two_gigabytes(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "gzip_bomb", "at": [1]})
    came = ask(counties, report(counties))
    assert came.headers["content-encoding"] == "gzip"
    assert len(came.body) < 3_000_000
    first = zlib.decompressobj(31)
    assert len(first.decompress(came.body, 10_000_000)) == 10_000_000
    members = came.body.count(gzip.compress(b"", 9)[:3])
    assert members >= BOMB_BYTES // 50_000_000


def test_a_page_of_300_megabytes_is_streamed_and_not_held(counties: SimulatedCounties) -> None:
    process = psutil.Process(counties.process.pid)
    counties.fail(HOST, {"fault": "huge_page", "at": [1]})
    before, peak, came = process.memory_info().rss, 0, 0
    with socket.create_connection(("127.0.0.1", urlsplit(counties.url).port)) as connection:
        connection.sendall(f"GET /{HOST}/x HTTP/1.1\r\nconnection: close\r\n\r\n".encode())
        while chunk := connection.recv(1 << 20):
            came += len(chunk)
            if came % 16 < 4:
                peak = max(peak, process.memory_info().rss)
    assert came > HUGE_BYTES
    assert peak - before < 30_000_000


def test_a_session_is_lost_without_a_word(counties: SimulatedCounties) -> None:
    host = "fl-alachua.realtaxdeed"
    preview = "/index.cfm?zaction=AUCTION&Zmethod=PREVIEW&AUCTIONDATE=12/03/2026"
    bound = ask(counties, preview, host=host)
    assert bound.status == 200
    load = "/index.cfm?zaction=AUCTION&Zmethod=UPDATE&FNC=LOAD&AREA=C&PageDir=0&doR=0&test=1"
    jar = {"cookie": "cfid=1; cftoken=20261112"}
    assert b"AITEM" in ask(counties, load, host=host, **jar).body
    counties.fail(host, {"fault": "session_loss", "at": [1]})
    lost = ask(counties, load, host=host, **jar)
    assert (lost.status, lost.body) == (200, b'{"retHTML":"","rlist":""}')
    assert b"AITEM" in ask(counties, load, host=host, **jar).body


def test_a_stale_etag_says_unchanged_whatever_changed(counties: SimulatedCounties) -> None:
    host, path = "mt-flathead.opendata", "/files/delinquent.csv"
    counties.fail(host, {"fault": "stale_etag", "since": 1})
    assert ask(counties, path, host=host, if_none_match='"of-last-year"').status == 304
    assert ask(counties, path, host=host).status == 200


def test_a_repeated_page_is_the_one_before(counties: SimulatedCounties) -> None:
    counties.fail(HOST, {"fault": "repeated_page", "at": [2]})
    [site] = counties.sites("qpublic")
    paths = [f"/Application.aspx?KeyValue={quote(key)}" for key in site["start"]["first_keys"][:3]]
    bodies = [ask(counties, path).body for path in paths]
    assert bodies[0] == bodies[1] != bodies[2]


def test_faults_hit_only_the_paths_and_hosts_they_are_meant_for(
    counties: SimulatedCounties,
) -> None:
    counties.fail(HOST, {"fault": "forbidden", "since": 1, "path": "KeyValue="})
    assert ask(counties, report(counties)).status == 403
    assert ask(counties, "/Application.aspx?PageTypeID=2").status == 200
    assert ask(counties, "/robots.txt").status == 200
    assert ask(counties, "/", host="fl-alachua.realtaxdeed").status == 200


def test_faults_by_share_are_the_same_for_the_same_seed() -> None:
    rules = PROFILES["rough"]
    request = Request("GET", "/x", "", {})

    def hit(seed: int) -> list[str | None]:
        faults = FaultsOf(seed, HOST, rules)
        return [rule.fault if (rule := faults.chosen(request)) else None for _ in range(5_000)]

    assert hit(1) == hit(1) != hit(2)
    assert 0.02 < sum(f is not None for f in hit(1)) / 5_000 < 0.08


def test_a_rule_that_is_none_is_refused(counties: SimulatedCounties) -> None:
    with pytest.raises(Exception, match="422"):
        counties.fail(HOST, {"fault": "earthquake"})
    with pytest.raises(Exception, match="422"):
        counties.fail("no-such-host", {"fault": "slow"})


def test_the_rules_of_a_request_number_come_once() -> None:
    rule = Rule(fault=Fault.SLOW, at=(2,))
    faults = FaultsOf(1, HOST, (rule,))
    request = Request("GET", "/x", "", {})
    assert [faults.chosen(request) for _ in range(3)] == [None, rule, None]
