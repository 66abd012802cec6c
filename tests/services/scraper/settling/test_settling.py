"""Pages that change without saying anything new are known for it, and no word that changes is missed."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.run.simulator.serving.messages import Request
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS
from taxlien.services.scraper.logic.pages import PageRequest
from taxlien.services.scraper.logic.settling import renewed, settled, settled_sha256
from visited_counties import Visitor, played

PLAYED = ("beacon", "bid4assets", "iasworld", "lienhub", "qpublic", "realauction", "realtaxlien")
WITH_TOKENS = set(PLAYED) - {"realtaxlien"}
WORD = re.compile(rb">([^<>]*[0-9A-Za-z][^<>]*)<")


@cache
def twice() -> dict[str, list[tuple[str, bytes, bytes]]]:
    """Pages of every platform by kind, each as two answers give it."""
    simulator = played(counties=12, parcels=2_000)
    found: dict[str, list[tuple[str, bytes, bytes]]] = defaultdict(list)
    kinds: dict[tuple[str, str], int] = defaultdict(int)
    for host, play in simulator.plays.items():
        name = play.card.platform
        if name not in PLAYED or len(found[name]) > 40:
            continue
        first, second = Visitor(simulator, host), Visitor(simulator, host)
        answers = (
            {request.key: page for request, page, _ in second.readings(PLATFORMS[name])}
            if (name == "lienhub")
            else {}
        )
        for request, page, _ in first.readings(PLATFORMS[name]):
            if kinds[name, request.kind] >= 6:
                break
            kinds[name, request.kind] += 1
            again = answers.get(request.key) or second.page(request)
            found[name].append((request.kind, page.text.encode(), again.text.encode()))
    return found


@pytest.mark.parametrize("platform", PLAYED)
def test_two_answers_of_an_unchanged_page_settle_to_one(platform: str) -> None:
    settling, pages = PLATFORMS[platform].settling, twice()[platform]
    assert len(pages) >= 3
    unlike = [kind for kind, one, two in pages if settled(one, settling) != settled(two, settling)]
    assert unlike == []
    assert any(one != two for _, one, two in pages) == (platform in WITH_TOKENS)


@given(chosen=st.randoms(use_true_random=False), platform=st.sampled_from(PLAYED))
@settings(max_examples=300, deadline=None)
def test_whatever_word_of_a_page_changes_it_settles_to_another(
    chosen: random.Random, platform: str
) -> None:
    settling = PLATFORMS[platform].settling
    _, page, again = chosen.choice(twice()[platform])
    changed = changed_word(page, again, chosen)
    if changed is not None:
        assert settled_sha256(changed, {}, settling) != settled_sha256(page, {}, settling)


def changed_word(page: bytes, again: bytes, chosen: random.Random) -> bytes | None:
    """The other answer, in which one letter or digit of a text that a reader sees is another."""
    texts = [(m.start(1), m[1]) for m in WORD.finditer(again) if m[1].strip() in page]
    if page.startswith((b"{", b"[")):
        texts = [(m.start(1), m[1]) for m in re.finditer(rb"([0-9A-Za-z]+)", again)]
    texts = [(at, text) for at, text in texts if b"Last Data Upload" not in text]
    if not texts:
        return None
    at, text = chosen.choice(texts)
    places = [n for n, byte in enumerate(text) if chr(byte).isalnum() and byte < 128]
    if not places:
        return None
    place = at + chosen.choice(places)
    other = b"7" if again[place : place + 1] != b"7" else b"4"
    return again[:place] + other + again[place + 1 :]


def test_an_address_of_a_parcel_and_the_config_of_a_page_are_no_tokens() -> None:
    settling = PLATFORMS["qpublic"].settling
    page = b'<a href="/Application.aspx?AppID=1&amp;Q=77&amp;KeyValue=A-1">x</a>{"KeyValue":"A-1"}'
    assert settled(page, settling) == settled(page.replace(b"Q=77", b"Q=123456"), settling)
    assert settled(page, settling) != settled(page.replace(b"A-1", b"A-2"), settling)
    written = b"<td>LOT 3; Q=77 ACRES</td>"
    assert settled(written, settling) != settled(written.replace(b"77", b"78"), settling)


@pytest.fixture
def dixie(shared_pages: Path) -> bytes:
    return (shared_pages / "qpublic/fl_dixie/34-09-13-4496-0000-0040.html").read_bytes()


def test_a_real_report_with_other_tokens_settles_to_the_same(dixie: bytes) -> None:
    settling = PLATFORMS["qpublic"].settling
    later = re.sub(rb"(?<=[&;])Q=\d+", lambda m: b"Q=%d" % (int(m[0][2:]) + 7), dixie)
    later = re.sub(rb'(__VIEWSTATE" value=")[^"]+', rb"\1b3RoZXI=", later)
    later = re.sub(rb"Last Data Upload: \d[^<]+", b"Last Data Upload: 8/8/2024, 7:31:58 AM", later)
    later = later.replace(b"TSC-GIS-BEACON6", b"TSC-GIS-BEACON2").replace(b"5a9d8d4c", b"77aa00bb")
    later = re.sub(rb"\{r:'[^}]+\}", b"{r:'0',t:'1'}", later)
    assert sum(one != two for one, two in zip(dixie.split(), later.split(), strict=True)) > 15
    assert settled(later, settling) == settled(dixie, settling)


@given(chosen=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_whatever_word_of_a_real_report_changes_it_settles_to_another(
    shared_pages: Path, chosen: random.Random
) -> None:
    dixie = (shared_pages / "qpublic/fl_dixie/34-09-13-4496-0000-0040.html").read_bytes()
    settling = PLATFORMS["qpublic"].settling
    changed = changed_word(dixie, dixie, chosen)
    assert changed is not None
    assert settled(changed, settling) != settled(dixie, settling)


def test_what_a_request_brings_along_is_part_of_what_is_said() -> None:
    settling = PLATFORMS["realauction"].settling
    one = settled_sha256(b"{}", {"items": "[1]", "today": "2026-11-28"}, settling)
    assert one == settled_sha256(b"{}", {"items": "[1]", "today": "2026-11-29"}, settling)
    assert one != settled_sha256(b"{}", {"items": "[2]", "today": "2026-11-28"}, settling)


def test_a_remembered_request_sends_the_state_of_todays_form() -> None:
    form = {"__VIEWSTATE": "old", "__EVENTTARGET": "next", "other": "kept"}
    posted = PageRequest(key="a", kind="report", path="/a", method="POST", form=form)
    plain = PageRequest(key="b", kind="report", path="/b")
    page = (
        '<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="new&amp;">'
        '<input type="hidden" name="__EVENTTARGET" id="__EVENTTARGET" value="">'
        '<input type="hidden" name="other" value="not asked for">'
    )
    first, second = renewed((posted, plain), page)
    assert first.form == {"__VIEWSTATE": "new&", "__EVENTTARGET": "next", "other": "kept"}
    assert second is plain
    assert renewed((posted,), "") == (posted,)


def test_the_simulator_gives_no_page_of_a_form_twice_alike() -> None:
    simulator = played(counties=12, parcels=600)
    for host, play in simulator.plays.items():
        if play.card.platform in {"qpublic", "beacon"}:
            key = Visitor(simulator, host).site.start["first_keys"][0]
            path = urlsplit(f"/{host}/Application.aspx?KeyValue={key}")
            asked = Request("GET", path.path, path.query, {"user-agent": "x"})
            assert simulator.respond(asked).body != simulator.respond(asked).body
