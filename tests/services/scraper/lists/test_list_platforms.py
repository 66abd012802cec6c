"""List sources read as platforms: what follows, what is counted, and pages that are no list at all."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from taxlien.services.scraper.adapters.platforms import file_drop, open_data
from taxlien.services.scraper.adapters.platforms.platform import Platform
from taxlien.services.scraper.adapters.platforms.registry import shipped_sites
from taxlien.services.scraper.logic.lists import ANNOUNCED
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.sites import Site, SiteError, site_of

SCOPE = Scope(today=date(2026, 5, 1))
SOCRATA = site_of(
    {
        "name": "x",
        "platform": "open_data",
        "title": "X",
        "county_fips": "17031",
        "base_url": "https://data.example.gov",
        "legal_status": "open_data",
        "start": {"mapping": "m", "dataset": "abcd-1234", "page_rows": "2", "select": "pin,amount"},
    }
)
JSON = replace(SOCRATA, start={**SOCRATA.start, "format": "json"})
DOWNLOAD = replace(SOCRATA, start={"mapping": "m", "path": "/f/a.csv", "file_name": "a.csv"})
FOLDER = replace(SOCRATA, platform="file_drop", start={"mapping": "m", "files": "a_{year}.csv*"})


def read(site: Site, request: PageRequest, text: str) -> Reading:
    platform = file_drop.PLATFORM if site.platform == "file_drop" else open_data.PLATFORM
    return platform.read(Page(request=request, url="https://x/", text=text), site)


def first(site: Site) -> PageRequest:
    platform = file_drop.PLATFORM if site.platform == "file_drop" else open_data.PLATFORM
    [request] = platform.start(site, SCOPE)
    return request


def test_the_count_leads_to_pages_in_the_order_of_row_ids() -> None:
    reading = read(SOCRATA, first(SOCRATA), '[{"count":"5"}]')
    queries = [parse_qs(urlsplit(page.path).query) for page in reading.follow]
    assert [query["$offset"] for query in queries] == [["0"], ["2"], ["4"]]
    assert all(query["$limit"] == ["2"] for query in queries)
    assert all(query["$order"] == [":id"] for query in queries)
    assert all(query["$select"] == ["pin,amount"] for query in queries)
    [announced] = reading.lists
    assert (announced.part, announced.parts, announced.promised) == (ANNOUNCED, 3, 5)


def test_pages_of_rows_count_what_they_have_and_say_no_more() -> None:
    follow = read(SOCRATA, first(SOCRATA), '[{"count":"3"}]').follow
    [piece] = read(SOCRATA, follow[1], 'pin,amount\n1,"two\nlines"\n').lists
    assert (piece.part, piece.rows, piece.header) == (1, 1, ("pin", "amount"))
    assert piece.parts is None
    assert piece.promised is None
    [piece] = read(JSON, follow[0], '[{"pin":"1"},{"pin":"2","amount":"3"}]').lists
    assert (piece.format, piece.rows) == ("json", 2)


def test_a_count_of_nothing_is_an_honest_zero() -> None:
    assert read(SOCRATA, first(SOCRATA), '[{"count_1":"0"}]').verdict == "empty"


def test_a_download_is_the_whole_list() -> None:
    [piece] = read(DOWNLOAD, first(DOWNLOAD), "a,b\n1,2\n3,4\n").lists
    assert (piece.format, piece.parts, piece.rows) == ("whole", 1, 2)
    packed = replace(DOWNLOAD, start={**DOWNLOAD.start, "file_name": "a.xlsx"})
    [piece] = read(packed, first(packed), "PK\x03\x04 not text").lists
    assert piece.rows is None


def test_a_listing_leads_to_the_files_whose_names_fit() -> None:
    listing = msgspec.json.encode(
        [["a_2024.csv", 9, "1"], ["a_2025.csv.gz", 9, "2"], ["b", 1, "3"]]
    )
    files = [{"name": n, "size": s, "mark": m} for n, s, m in msgspec.json.decode(listing)]
    reading = read(FOLDER, first(FOLDER), msgspec.json.encode(files).decode())
    assert [page.context["name"] for page in reading.follow] == ["a_2024.csv", "a_2025.csv.gz"]
    assert "1 files whose name does not fit" in reading.notes[0]
    [piece] = read(FOLDER, reading.follow[1], "anything").lists
    assert (piece.file_name, piece.parameters) == ("a_2025.csv.gz", {"year": "2025"})


def test_an_empty_folder_is_an_honest_zero() -> None:
    assert read(FOLDER, first(FOLDER), "[]").verdict == "empty"


@pytest.mark.parametrize("site", [SOCRATA, JSON, DOWNLOAD, FOLDER])
@pytest.mark.parametrize(
    "text", ["<!DOCTYPE html><p>Sorry", "", "\ufeff", '{"error":true}', "\x00"]
)
def test_what_is_no_list_gives_none(site: Site, text: str) -> None:
    requests = [first(site)]
    if "dataset" in site.start:
        requests += read(site, first(site), '[{"count":"3"}]').follow
    for request in requests:
        reading = read(site, request, text)
        assert reading.verdict != "ok" or request.kind in {"rows", "download"}  # \x00 is a cell
        broken = text.startswith(("<", "{")) or not text.strip("\ufeff")
        if broken and request.kind != "file":
            assert reading.verdict in {"unrecognised", "truncated"}
            assert reading.reason


def test_a_json_page_that_ends_in_the_middle_is_truncated() -> None:
    [page, *_] = read(JSON, first(JSON), '[{"count":"3"}]').follow
    assert read(JSON, page, '[{"pin":"1"},{"pi').verdict == "truncated"


@pytest.mark.parametrize("platform", [open_data.PLATFORM, file_drop.PLATFORM])
@given(
    text=st.text(max_size=200),
    kind=st.sampled_from(["count", "rows", "download", "listing", "file", "other"]),
    context=st.dictionaries(st.sampled_from(["part", "name"]), st.text(max_size=9)),
)
def test_no_page_at_all_is_an_error(
    platform: Platform, text: str, kind: str, context: dict[str, str]
) -> None:
    page = Page(
        request=PageRequest(key="k", kind=kind, path="/", context=context), url="", text=text
    )
    for site in (SOCRATA, JSON, DOWNLOAD, FOLDER, replace(SOCRATA, start={})):
        reading = platform.read(page, site)
        assert reading.verdict == "ok" or reading.reason


@pytest.mark.parametrize("start", [{}, {"mapping": "m"}, {**SOCRATA.start, "page_rows": "many"}])
def test_a_site_file_that_names_no_list_says_which_key_is_missing(start: dict[str, str]) -> None:
    site = replace(SOCRATA, start=start)

    def walk() -> None:
        [request] = open_data.PLATFORM.start(site, SCOPE)
        assert request.kind == "count"
        list(open_data.walking.pages_of_rows(site, 3))

    with pytest.raises(SiteError, match="start"):
        walk()


@pytest.mark.parametrize(
    "site",
    [site for site in shipped_sites() if site.platform in {"open_data", "file_drop"}],
    ids=lambda site: site.source,
)
def test_sites_that_ship_begin_and_fetch_no_names(site: Site) -> None:
    assert first(site).path.startswith("/")
    words = str(site.start).lower()
    assert not any(word in words for word in ("buyer", "owner", "bidder"))
