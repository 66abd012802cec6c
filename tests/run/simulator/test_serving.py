"""The server: HTTP as clients speak it, what can be steered, and what every site file promises."""

from __future__ import annotations

import json
import socket
import urllib.error
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from typer.testing import CliRunner

from simulated_counties import DAY, SimulatedCounties, simulated
from taxlien.run.cli import app
from taxlien.run.simulator.casting import cast
from taxlien.run.simulator.serving.messages import Request
from taxlien.run.simulator.serving.simulator import Simulator
from taxlien.run.simulator.world.world import World
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.settling import settled
from taxlien.services.scraper.logic.sites import site_of

REPORT = b"GET /fl-alachua.qpublic/Application.aspx?KeyValue=x HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.fixture(scope="module")
def counties() -> Iterator[SimulatedCounties]:
    with simulated(counties=12, parcels=600) as running:
        yield running


def sent(counties: SimulatedCounties, *parts: bytes) -> bytes:
    """Send bytes, and return all that comes until the server closes or has nothing to say."""
    with socket.create_connection(("127.0.0.1", urlsplit(counties.url).port)) as connection:
        connection.settimeout(10)
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        came = b""
        while chunk := connection.recv(65_536):
            came += chunk
        return came


def test_requests_on_one_connection_are_answered_in_their_order(
    counties: SimulatedCounties,
) -> None:
    status = b"GET /simulator/status HTTP/1.1\r\nhost: x\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    came = sent(counties, REPORT + status + last)
    assert came.count(b"HTTP/1.1 ") == 3
    assert came.index(b"No results match") < came.index(b'"seed"') < came.index(b"HTTP/1.1 404")


def test_a_request_may_come_in_pieces(counties: SimulatedCounties) -> None:
    body = b'{"host": null, "rules": []}'
    head = b"POST /simulator/faults HTTP/1.1\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
    came = sent(counties, (head % len(body))[:30], (head % len(body))[30:], body[:5], body[5:])
    assert came.endswith(b'{"rules":[]}')


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 99999999\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(counties: SimulatedCounties, request_: bytes) -> None:
    assert sent(counties, request_).startswith(b"HTTP/1.1 400 ")
    assert counties.status()["counties"] == 12


def test_head_has_no_body(counties: SimulatedCounties) -> None:
    came = sent(counties, b"HEAD /simulator/status HTTP/1.1\r\nconnection: close\r\n\r\n")
    assert came.endswith(b"\r\n\r\n")


def test_every_site_file_can_be_used(counties: SimulatedCounties) -> None:
    sites = [site_of(document) for document in counties.sites()]
    assert len({site.source for site in sites}) == len(sites) >= 25
    for site in sites:
        assert site.synthetic
        assert site.base_url.startswith(f"{counties.url}/")
        assert site.politeness.requests_per_second >= 1_000
        assert site.platform in {*PLATFORMS, "open_data", "file_drop"}
        robots = counties.ask(f"{urlsplit(site.base_url).path}/robots.txt").decode()
        assert "User-agent: *" in robots
    everyone = {"qpublic", "beacon", "iasworld", "realauction", "realtaxlien", "lienhub"}
    assert everyone | {"bid4assets", "open_data"} == {site.platform for site in sites}


def test_what_is_not_played_is_not_found(counties: SimulatedCounties) -> None:
    for path in ("/", "/no-such-host/x", "/simulator/nothing", "/simulator/truth/x/y"):
        with pytest.raises(urllib.error.HTTPError) as error:
            counties.ask(path)
        assert error.value.code == 404


def test_the_truth_of_a_parcel_has_no_owners_name(counties: SimulatedCounties) -> None:
    for site in counties.sites("qpublic"):
        host = urlsplit(site["base_url"]).path.strip("/")
        truth = counties.truth(host, site["start"]["first_keys"][5])
        assert truth["parcel_id"] == site["start"]["first_keys"][5]
        assert truth["owner_published"] is True
        assert "SPECIMEN" not in json.dumps(truth)


def test_a_new_day_changes_some_records_and_not_others(counties: SimulatedCounties) -> None:
    [site, *_] = counties.sites("qpublic")
    host = urlsplit(site["base_url"]).path.strip("/")
    keys = site["start"]["first_keys"]

    def pages() -> list[bytes]:
        found = [f"/{host}/Application.aspx?PageTypeID=4&KeyValue={key}" for key in keys]
        return [settled(counties.ask(path), PLATFORMS["qpublic"].settling) for path in found]

    other = counties.sites("beacon")[0]
    beside = urlsplit(other["base_url"]).path.strip("/")
    known = [counties.truth(beside, key)["taxes"] for key in other["start"]["first_keys"]]
    before = pages()
    assert before == pages()
    try:
        counties.to_day(date(2027, 2, 1))
        assert counties.status()["day"] == "2027-02-01"
        paid = [counties.truth(beside, key)["taxes"] for key in other["start"]["first_keys"]]
        changed = sum(one != two for one, two in zip(known, paid, strict=True))
        assert 0 < changed < len(known)
        changed = sum(one != two for one, two in zip(before, pages(), strict=True))
        assert (
            changed < len(keys) / 4
        )  # a county without tax bills on its pages: only sales are new
    finally:
        counties.to_day(DAY)
    assert pages() == before


def test_ten_thousand_pages_leave_nothing_behind(counties: SimulatedCounties) -> None:
    process = psutil.Process(counties.process.pid)

    def thousand() -> None:
        asked = [REPORT.replace(b"KeyValue=x", b"KeyValue=%d" % n) for n in range(999)]
        last = REPORT.replace(b"host: x", b"host: x\r\nconnection: close")
        assert sent(counties, b"".join(asked) + last).count(b"HTTP/1.1 200") == 1_000

    thousand()
    before = process.memory_info().rss
    for _ in range(9):
        thousand()
    assert process.memory_info().rss - before < 4_000_000


def test_a_play_that_errs_is_a_500_and_the_next_page_is_fine() -> None:
    world = World.made(1, 1, 100, DAY)
    simulator = Simulator(world, cast(world))
    simulator.plays["fl-alachua.qpublic"].card = None  # type: ignore[assignment,index]
    broken = simulator.respond(
        Request("GET", "/fl-alachua.qpublic/Application.aspx", "KeyValue=1", {})
    )
    assert broken.status == 500
    assert simulator.respond(Request("GET", "/simulator/status", "", {})).status == 200


def test_lists_are_dropped_as_files_and_follow_the_day(tmp_path: Path) -> None:
    world = World.made(7, 1, 100, date(2027, 5, 30))
    simulator = Simulator(world, cast(world, drops=True), drops=tmp_path)
    body = b'{"days": 3}'
    simulator.respond(Request("POST", "/simulator/day", "", {}, body))
    names = sorted(file.name for file in (tmp_path / "fl_columbia").iterdir())
    assert names == ["columbia_2026_results.csv", "columbia_2027_results.csv"]
    [site] = [s for s in sites_of(simulator) if s.platform == "file_drop"]
    assert site.start["files"] == "columbia_{year}_results.csv"


def sites_of(simulator: Simulator) -> list[object]:
    simulator.origin = "http://127.0.0.1:1"
    answer = simulator.respond(Request("GET", "/sites.json", "", {}))
    return [site_of(document) for document in json.loads(answer.body)]


@pytest.mark.parametrize(
    "options",
    [["--faults", "earthquake"], ["--counties", "0"], ["--day", "yesterday"]],
)
def test_options_that_make_no_sense_are_explained(options: list[str]) -> None:
    outcome = CliRunner().invoke(app, ["simulate", *options])
    assert outcome.exit_code == 2


def test_a_port_that_is_taken_is_said_in_a_line(counties: SimulatedCounties) -> None:
    port = str(urlsplit(counties.url).port)
    outcome = CliRunner().invoke(app, ["simulate", "--port", port, "--counties", "1"])
    assert outcome.exit_code == 1
    assert "in use" in outcome.output
