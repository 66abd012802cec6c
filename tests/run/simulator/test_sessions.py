"""What the real sites keep in a session is kept here too: without it they answer, with 200, nothing."""

from __future__ import annotations

import json
from datetime import date
from urllib.parse import quote, urlencode

import msgspec
import pytest

from taxlien.run.simulator.plays.bid4assets import Bid4AssetsPlay
from taxlien.run.simulator.serving.messages import Answer, Request
from taxlien.run.simulator.serving.simulator import Simulator
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import FormStep, PageRequest, Step
from taxlien.services.scraper.logic.settling import settled
from visited_counties import Visitor, played


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return played(counties=15, parcels=15 * 1_500, today=date(2026, 5, 10))


def get(simulator: Simulator, host: str, path: str, **headers: str) -> Answer:
    target, _, query = path.partition("?")
    request = Request("GET", f"/{host}{target}", query, {"user-agent": "x", **headers})
    return simulator.respond(request)


def post(
    simulator: Simulator, host: str, path: str, fields: dict[str, str], **headers: str
) -> Answer:
    target, _, query = path.partition("?")
    body = urlencode(fields).encode()
    known = {"user-agent": "x", **headers}
    return simulator.respond(Request("POST", f"/{host}{target}", query, known, body))


def cookies(answer: Answer) -> str:
    pairs = [value.split(";")[0] for name, value in answer.headers if name == "Set-Cookie"]
    return "; ".join(pairs)


AUCTIONS = "fl-alachua.realtaxdeed"
LOAD = "/index.cfm?zaction=AUCTION&Zmethod=UPDATE&FNC=LOAD&AREA={}&PageDir=0&doR={}&bypassPage={}&test=1"


def sale_of_many(simulator: Simulator) -> date:
    county, world = simulator.plays[AUCTIONS].card.county, simulator.world
    days = [s for m in (5, 6) for s in world.sale_days(county, 2026, m) if s.kind == "tax_deed"]
    return max(
        (s for s in days if s.day > world.today),
        key=lambda s: sum(i.state == "waiting" for i in world.items(county, s)),
    ).day


def test_load_without_a_bound_day_is_a_silent_zero(simulator: Simulator) -> None:
    answer = get(simulator, AUCTIONS, LOAD.format("W", 0, 0))
    assert answer.status == 200
    assert json.loads(answer.body) == {"retHTML": "", "rlist": ""}


def test_the_preview_binds_the_day_and_load_pages_by_ten(simulator: Simulator) -> None:
    day = sale_of_many(simulator)
    preview = get(
        simulator,
        AUCTIONS,
        f"/index.cfm?zaction=AUCTION&Zmethod=PREVIEW&AUCTIONDATE={day:%m/%d/%Y}",
    )
    jar = cookies(preview)
    assert {"cfid", "cftoken", "AWSALB"} == {pair.split("=")[0] for pair in jar.split("; ")}
    pages = [
        json.loads(get(simulator, AUCTIONS, LOAD.format("W", *turn), cookie=jar).body)["rlist"]
        for turn in ((0, 0), (1, 2), (1, 9))
    ]
    truth = simulator.plays[AUCTIONS].truth(f"{day:%m/%d/%Y}", simulator.world)
    waiting = [item.item_id for item in truth["W"]]  # type: ignore[index,call-overload]
    assert len(waiting) > 10
    assert pages[0].split(",") == waiting[:10]
    assert pages[1].split(",") == waiting[10:20]
    assert pages[2].split(",") == waiting[(len(waiting) - 1) // 10 * 10 :]  # the last page again


def test_whoever_does_not_say_who_he_is_is_refused(simulator: Simulator) -> None:
    request = Request("GET", f"/{AUCTIONS}/index.cfm", "", {})
    assert simulator.respond(request).status == 403


def test_lienhub_wants_the_token_of_the_page_before(simulator: Simulator) -> None:
    host, path = "fl-franklin.lienhub", "/county/franklin/certsale/main"
    main = get(simulator, host, path)
    jar = cookies(main)
    unique = main.body.decode().partition("unique_id=")[2][:32]
    listed = f"{path}?unique_id={unique}&use_this=print_advertised_list"
    assert b"adv_list" not in get(simulator, host, listed).body  # no session
    first = get(simulator, host, listed, cookie=jar).body.decode()
    assert first.count('<tr class="') == 100
    token = first.partition('name="SEC" value="')[2].partition('"')[0]
    turn = {"page_number": "2", "shown": "1", "SEC": token}
    second = post(simulator, host, listed, turn, cookie=jar).body.decode()
    assert second.count('<tr class="') == simulator.world.late - 100
    assert (
        "adv_list"
        not in post(simulator, host, listed, {**turn, "SEC": "wrong"}, cookie=jar).body.decode()
    )
    clamped = post(simulator, host, listed, {**turn, "page_number": "99"}, cookie=jar)
    tokens = PLATFORMS["lienhub"].settling
    assert settled(clamped.body, tokens) == settled(second.encode(), tokens)
    assert clamped.body.decode() != second


def test_lienhub_has_no_list_outside_the_season(simulator: Simulator) -> None:
    simulator = played(counties=15, parcels=1_500, today=date(2026, 11, 28))
    main = get(simulator, "fl-franklin.lienhub", "/county/franklin/certsale/main")
    assert b"unique_id" not in main.body


def test_iasworld_asks_to_agree_and_remembers(simulator: Simulator) -> None:
    host = "oh-cuyahoga.iasworld"
    pin = simulator.world.parcel_id(simulator.plays[host].card.county, 5)
    path = f"/datalets/datalet.aspx?mode=profile&UseSearch=no&pin={quote(pin)}"
    gated = get(simulator, host, path)
    assert gated.status == 302
    assert dict(gated.headers)["Location"].startswith(f"/{host}/Search/Disclaimer.aspx?FromUrl=")
    step = Step(
        path=f"/Search/Disclaimer.aspx?FromUrl={quote('..' + path, safe='')}",
        form=FormStep(selector="#Form1", fields={"btAgree": ""}),
    )
    request = PageRequest(key="x", kind="datalet", path=path, steps=(step,))
    assert f"PARID: {pin}" in Visitor(simulator, host).page(request).text


def test_the_disclaimer_leads_nowhere_else(simulator: Simulator) -> None:
    host = "oh-cuyahoga.iasworld"
    for target in ("https://evil.example/", "//evil.example/", "..//evil.example"):
        answer = post(
            simulator,
            host,
            f"/Search/Disclaimer.aspx?FromUrl={quote(target, safe='')}",
            {"btAgree": ""},
        )
        assert dict(answer.headers)["Location"].startswith(f"/{host}/")


def test_a_record_found_by_search_lives_in_the_session(simulator: Simulator) -> None:
    host = "oh-adams.iasworld"
    pin = simulator.world.parcel_id(simulator.plays[host].card.county, 9)
    record = "/Datalets/Datalet.aspx?sIndex=0&idx=1"
    assert b"session has expired" in get(simulator, host, record).body
    hit = post(simulator, host, "/search/commonsearch.aspx?mode=parid", {"inpParid": pin})
    assert hit.status == 302
    assert f"PARID: {pin}" in get(simulator, host, record, cookie=cookies(hit)).body.decode()
    many = post(simulator, host, "/search/commonsearch.aspx?mode=parid", {"inpParid": "R72"})
    assert 1 < many.body.decode().count("class='SearchResults'") <= 15
    fields = {"hdAction": "Link", "hdLink": "../Datalets/Datalet.aspx?sIndex=0&idx=2"}
    second = post(
        simulator, host, "/search/commonsearch.aspx?mode=parid", fields, cookie=cookies(many)
    )
    assert b"PARID: R72" in second.body


def test_the_next_record_is_a_postback_and_the_last_leads_to_the_first(
    simulator: Simulator,
) -> None:
    world = simulator.world
    for host in ("fl-alachua.qpublic", "fl-franklin.beacon"):
        county = simulator.plays[host].card.county
        for number, after in ((7, 8), (world.each - 1, 0)):
            request = PageRequest(
                key="x",
                kind="report",
                path=f"/Application.aspx?KeyValue={world.parcel_id(county, number)}",
                method="POST",
                form={"__EVENTTARGET": "ToolBar1$btnNextRecord", "__EVENTARGUMENT": ""},
            )
            text = Visitor(simulator, host).page(request).text
            assert f"Report: {world.parcel_id(county, after)}\n" in text


def test_terms_stand_before_the_first_page_only(simulator: Simulator) -> None:
    host = "fl-alachua.qpublic"
    key = simulator.world.parcel_id(simulator.plays[host].card.county, 0)
    first = get(simulator, host, f"/Application.aspx?KeyValue={key}")
    assert b'class="modal in"' in first.body
    second = get(simulator, host, f"/Application.aspx?KeyValue={key}", cookie=cookies(first))
    assert b'class="modal in"' not in second.body


def test_a_search_of_bid4assets_without_all_its_fields_finds_silently_nothing(
    simulator: Simulator,
) -> None:
    host = next(h for h, p in simulator.plays.items() if isinstance(p, Bid4AssetsPlay))
    fields = {
        "type": "powersearch",
        "searchtype": "ps",
        "assetstatus": "Live",
        "channel": "22",
        "locatedstate": "PA",
    }

    def total(asked: dict[str, str]) -> int:
        body = msgspec.json.encode(asked)
        headers = {"user-agent": "x"}
        request = Request("POST", f"/{host}/api/search/process", "take=25&skip=0", headers, body)
        return int(json.loads(simulator.respond(request).body)["total"])

    assert total(fields) > 0
    for name in fields:
        assert total({k: v for k, v in fields.items() if k != name}) == 0


PORTAL = "md-baltimore-city.opendata"
ROWS = "/resource/sim1-late.{}?$limit={}&$offset={}&$order=:id"


def test_a_portal_counts_pages_and_leaves_out_what_is_empty(simulator: Simulator) -> None:
    counted = get(simulator, PORTAL, "/resource/sim1-late.json?$select=count(*)")
    count = int(json.loads(counted.body)[0]["count"])
    truth = simulator.plays[PORTAL].truth("rows", simulator.world)
    assert count == truth["count"]  # type: ignore[index]
    rows = []
    for offset in range(0, count, 500):
        rows += json.loads(get(simulator, PORTAL, ROWS.format("json", 500, offset)).body)
    assert len(rows) == count
    assert len({row["block_lot"] for row in rows}) == count
    csv = get(simulator, PORTAL, ROWS.format("csv", 3, 0)).body.decode().splitlines()
    assert csv[0] == '"Count","Address","block_lot","lot_size","assessed_value","lien"'
    assert len(csv) == 4
    two = get(simulator, PORTAL, ROWS.format("csv", 1, 0) + "&$select=block_lot,lien")
    assert two.body.decode().splitlines()[0] == '"block_lot","lien"'
    for wrong in (ROWS.format("json", -1, 0), ROWS.format("csv", 1, 0) + "&$select=owner"):
        assert get(simulator, PORTAL, wrong).status == 400


def test_a_list_is_given_again_only_when_the_day_has_changed() -> None:
    simulator = played(counties=1, parcels=100)
    for host, path in (
        (PORTAL, ROWS.format("csv", 5, 0)),
        ("mt-flathead.opendata", "/files/delinquent.csv"),
    ):
        first = dict(get(simulator, host, path).headers)
        etag, stamp = (
            {"if-none-match": first["ETag"]},
            {"if-modified-since": first["Last-Modified"]},
        )
        for condition in (etag, stamp):
            answer = get(simulator, host, path, **condition)
            assert (answer.status, answer.body) == (304, b"")
        tomorrow = date.fromordinal(simulator.world.today.toordinal() + 1)
        simulator.world = simulator.world.on(tomorrow)
        assert get(simulator, host, path, **etag).status == 200
        assert get(simulator, host, path, **stamp).status == 200
