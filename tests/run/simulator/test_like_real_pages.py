"""The structure of what is played, held against real pages: ids, classes, labels, never what they say.

No page of Beacon, LienHub or of an item or storefront of Bid4Assets is among the real ones: those are
played after descriptions, and nothing here compares them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.run.simulator.plays.realauction_items import Wording, item_html
from taxlien.run.simulator.plays.schneider_modules import modules_of
from taxlien.run.simulator.serving.messages import Request
from taxlien.run.simulator.serving.simulator import Simulator
from taxlien.run.simulator.world.auctions import Item
from taxlien.services.scraper.logic.pages import PageRequest
from visited_counties import Visitor, played, site_at

# Classes that a script adds in the browser, and those of rows that a page has by chance.
_BY_SCRIPT = re.compile(r"footable|breakpoint|ft-hide|default|hidden-|toggle-arrow|btn|dropdown")


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return played(counties=15, parcels=15 * 400)


def asked(simulator: Simulator, host: str, path: str, **form: str) -> str:
    request = PageRequest(key=path, kind="any", path=path)
    if form:
        request = PageRequest(key=path, kind="any", path=path, method="POST", form=form)
    return Visitor(simulator, host).page(request).text


def suffix(name: str) -> str:
    """An id without its running numbers: ``ctlBodyPane_ctl07_ctl01_gvwSales_ctl02_x`` is one with others."""
    return re.sub(r"ctl\d+", "ctl#", name)


def marks(nodes: Iterable[LexborNode]) -> set[tuple[str, str, str]]:
    """Elements by tag, id and classes, as far as a server wrote them."""
    found = set()
    for node in nodes:
        if "footable-toggle" in (node.attributes.get("class") or ""):
            continue
        classes = (node.attributes.get("class") or "").split()
        kept = " ".join(sorted(c for c in classes if not _BY_SCRIPT.search(c)))
        name = suffix(node.attributes.get("id") or "")
        if name or kept:
            found.add((node.tag or "", name, kept))
    return found


def shape(text: str) -> str:
    """Markup alone: text between tags, numbers and addresses are left out."""
    text = re.sub(r'href="[^"]*"', 'href=""', text)
    return re.sub(r"\d+", "#", re.sub(r">[^<>@]*(?=[<@])", ">", text)).strip()


def labels(tree: LexborHTMLParser, selector: str) -> list[str]:
    return [" ".join(node.text().split()) for node in tree.css(selector)]


def test_a_dixie_report_has_no_element_that_the_real_one_lacks(
    simulator: Simulator, shared_pages: Path
) -> None:
    files = sorted((shared_pages / "qpublic" / "fl_dixie").glob("*.html"))
    real = [LexborHTMLParser(f.read_text()) for f in files]
    host = "fl-alachua.qpublic"
    there = set().union(*(marks(page.css("main *")) for page in real))
    played_here: set[tuple[str, str, str]] = set()
    for key in site_at(simulator, host).start["first_keys"][:20]:
        page = LexborHTMLParser(asked(simulator, host, f"/Application.aspx?KeyValue={key}"))
        played_here |= marks(
            node
            for section in page.css("main section")
            if section.css_first(".title").text() not in {"Buildings"}  # no real page has one
            for node in section.css("*")
        )
    assert played_here - there == set()
    assert len(played_here) > 25


def test_a_dixie_report_speaks_the_real_labels(simulator: Simulator, shared_pages: Path) -> None:
    real = LexborHTMLParser(
        (shared_pages / "qpublic/fl_dixie/34-09-13-4496-0000-0060.html").read_text()
    )
    host = "fl-alachua.qpublic"
    key = site_at(simulator, host).start["first_keys"][0]
    page = LexborHTMLParser(asked(simulator, host, f"/Application.aspx?KeyValue={key}"))
    for selector in (".title", ".tabular-data-two-column th", "thead th", "th[scope=row]"):
        mine = set(labels(page, f"main {selector}"))
        theirs = set(labels(real, f"main {selector}"))
        mine = {m for m in mine if re.search("[A-Za-z]{3}", m) and "(" not in m}
        built = {"Buildings", "Type", "Heated Area", "Actual Year Built"}
        assert mine - theirs - built == set(), selector
    sales = re.compile("Sale Date|Sale Price|Legal Reference|Grantor|LUC|Deed Type|N.A.L.")
    assert [t for t in labels(page, "thead th") if sales.match(t)] == [
        t for t in labels(real, "thead th") if sales.match(t)
    ]


def test_a_report_names_itself_where_the_real_one_does(
    simulator: Simulator, shared_pages: Path
) -> None:
    real = (shared_pages / "qpublic/fl_dixie/34-09-13-4496-0000-0060.html").read_text()
    host = "fl-alachua.qpublic"
    key = site_at(simulator, host).start["first_keys"][0]
    text = asked(simulator, host, f"/Application.aspx?KeyValue={key}")
    title = re.compile(
        r"<title>\n\tqPublic\.net - [A-Z][a-z]+ County,  FL - Report: [\d-]+\n</title>"
    )
    config = re.compile(
        r'var mapConfig = \{"AppId":\d+,"LayerId":\d+,"PageId":\d+,"PageTypeId":4,"KeyValue":'
    )
    for page in (real, text):
        assert title.search(page)
        assert config.search(page)
        assert 'id="ToolBar1_btnNextRecord"' in page
        assert 'name="application-name" content=" Beacon Home "' in page


@pytest.mark.parametrize("county", ["ga_clayton", "ga_coweta"])
def test_the_owner_module_of_georgia_is_built_as_the_real_one(
    simulator: Simulator, shared_pages: Path, county: str
) -> None:
    there: set[tuple[str, str, str]] = set()
    for file in (shared_pages / "qpublic" / county).glob("*.html"):
        tree = LexborHTMLParser(file.read_text())
        there |= marks(tree.css("section .module-content *"))
    host = {"ga_clayton": "ga-appling.qpublic", "ga_coweta": "ga-butts.beacon"}[county]
    mine: set[tuple[str, str, str]] = set()
    for key in site_at(simulator, host).start["first_keys"][:12]:
        page = LexborHTMLParser(asked(simulator, host, f"/Application.aspx?KeyValue={key}"))
        [section] = [s for s in page.css("section") if s.css_first(".title").text() == "Owner"]
        mine |= marks(section.css(".module-content *"))
    if county == "ga_coweta":  # its one real page has a plain name
        mine = {m for m in mine if "lnkSearch" not in m[1]}
    blank = {m for m in there if m[1].endswith("sprLblJanuaryOwner_lblSuppressed")}
    assert mine == there - blank


def item_of(simulator: Simulator, host: str, kind: str) -> Item:
    county, world = simulator.plays[host].card.county, simulator.world
    for month in (9, 10, 11, 12):
        for sale in world.sale_days(county, 2026, month):
            for item in world.items(county, sale):
                if (
                    item.kind == kind
                    and item.parcel.situs
                    and int(item.item_id) % 23 not in {7, 11}
                ):
                    return item
    raise AssertionError(f"no {kind} at {host}")


def test_a_tax_deed_item_is_written_as_the_real_one(
    simulator: Simulator, shared_pages: Path
) -> None:
    file = shared_pages / "realauction_realtaxdeed/fl_citrus/LOAD-AREA-W-first-item.json"
    real = json.loads(file.read_text())["retHTML"]
    item = item_of(simulator, "fl-alachua.realtaxdeed", "tax_deed")
    mine = item_html(item, Wording("td", "Alternate Key", "plain", "Assessed Value"), "FL")
    assert shape(mine) == shape(real)


def test_a_sheriffs_item_is_written_as_the_real_one(
    simulator: Simulator, shared_pages: Path
) -> None:
    file = shared_pages / "realauction_realforeclose/oh_montgomery/retHTML-AREA-C-2026-07-10.txt"
    item = item_of(simulator, "oh-adams.sheriffsaleauction", "foreclosure")
    mine = item_html(item, Wording("th", "Parcel ID", "spaced", "Appraised Value"), "OH")
    # The real one has one stray space between two rows.
    assert shape(mine) == shape(file.read_text()).replace("@G <tr>", "@G<tr>")


def test_a_foreclosure_has_the_real_rows(simulator: Simulator, shared_pages: Path) -> None:
    file = shared_pages / "realauction_realforeclose/fl_pasco/LOAD-AREA-C-2026-06-05.json"
    real = json.loads(file.read_text())["retHTML"]
    item = item_of(simulator, "fl-alachua.realforeclose", "foreclosure")
    wording = Wording("td", "Parcel ID", "plain", "Property App. Market Value")
    label = re.compile(r'@CAD_LBL"[^>]*>([^@<]*)')
    assert label.findall(item_html(item, wording, "FL")) == label.findall(real)


def test_a_day_of_sale_is_written_as_in_the_real_calendar(
    simulator: Simulator, shared_pages: Path
) -> None:
    folder = shared_pages / "realauction_realforeclose/calendar_fragments"
    real = folder.joinpath("realauction_hillsborough_march.html").read_text().splitlines()
    page = asked(simulator, "fl-alachua.realtaxdeed", "/index.cfm?zaction=USER&zmethod=CALENDAR")
    boxes = [line for line in page.splitlines() if line.startswith('<div class="CALBOX')]
    months = re.compile("January|February|March|October|November|December")
    mine = {months.sub("M", shape(line)) for line in boxes}
    assert mine == {months.sub("M", shape(line)) for line in real if line}


def test_a_datalet_is_written_as_the_real_one(simulator: Simulator, shared_pages: Path) -> None:
    [file] = (shared_pages / "tyler_iasworld/pa_northampton").glob("*.html")
    real = file.read_text()
    play = simulator.plays["pa-adams.iasworld"]
    pin = play.site(simulator.world)["start"]["parcels"][0]
    query = f"mode=profile&UseSearch=no&pin={pin}"
    request = Request("GET", "/datalets/datalet.aspx", query, {"user-agent": "x"})
    text = play.respond(request, simulator.world).body.decode()
    for part in (
        r"<tr class=\"DataletHeaderTop\".*?</td>",
        r"<div id='datalet_div_1' name='PARCEL[^>]*>.*?</table>",
        r"<tr><td width='40%'.*?</tr>",
    ):
        one, other = (re.search(part, page, re.DOTALL) for page in (text, real))
        assert one is not None
        assert other is not None
        assert shape(one[0]) == shape(other[0]).replace("PARCEL_NH", "PARCEL")
    for tree in map(LexborHTMLParser, (text, real)):
        assert tree.css_first("form[name=frmMain]")
        assert tree.css_first("input#hdXPin").attributes["value"]
        assert " " * 3 in tree.css_first("td.DataletHeaderTop").text()
    mine, theirs = (
        {link.attributes["href"].split("?")[0] for link in LexborHTMLParser(p).css("#sidemenu a")}
        for p in (text, real)
    )
    assert mine <= theirs


def test_a_certificates_row_has_the_real_cells(simulator: Simulator, shared_pages: Path) -> None:
    file = shared_pages / "realauction_realtaxlien/fl_polk/searchCert_itemSetDID-2021.redacted.html"
    real = LexborHTMLParser(file.read_text())
    host = "fl-alachua.realtaxlien"
    year = simulator.plays[host].batches(simulator.world)[0]  # type: ignore[attr-defined]
    page = LexborHTMLParser(
        asked(simulator, host, f"/index.cfm?folder=searchCert&itemSetDID={year}")
    )

    def cells(tree: LexborHTMLParser) -> list[tuple[str, ...]]:
        row = tree.css_first("tr[id^=cert]")
        return [
            (cell.attributes.get("class") or "", *(n.tag or "" for n in cell.css("a, div")))
            for cell in row.css("td")
        ]

    assert cells(page) == cells(real)
    heads = [labels(tree, "tr.searchResultHeader > td") for tree in (page, real)]
    assert heads[0] == heads[1]
    counted = re.compile(r"Page \d+ of \d+ \(Displaying \d+ of \d+ records\)")
    assert all(counted.search(labels(tree, ".pageDescriptor")[0]) for tree in (page, real))


def test_a_certificates_popup_has_real_boxes_and_labels(
    simulator: Simulator, shared_pages: Path
) -> None:
    file = (
        shared_pages / "realauction_realtaxlien/fl_polk/popup_certpop-property-details_6263040.html"
    )
    real = LexborHTMLParser(file.read_text())
    host = "fl-alachua.realtaxlien"
    number = simulator.world.certificate(simulator.plays[host].card.county, 2024, 0).certificate_id
    page = LexborHTMLParser(asked(simulator, host, "/popup/popup-certificates.cfm", certID=number))
    assert labels(page, ".box-header") == labels(real, ".box-header")
    mine, theirs = (
        {label for row in tree.css(".box tr") for label in labels_of(row)} for tree in (page, real)
    )
    assert mine <= theirs
    head = re.compile(r"X ADV NUM: \d{7} Parcel ID: \S+ Tax Year: \d{4} Status: [A-Z][a-z]+")
    assert all(head.fullmatch(labels(tree, ".popup-header")[0]) for tree in (page, real))


def labels_of(row: LexborNode) -> list[str]:
    cells = [c for c in row.iter() if c.tag == "td"]
    return [" ".join(cells[0].text().split())] if len(cells) == 2 else []


def test_a_closed_list_says_so_in_the_real_words(simulator: Simulator, shared_pages: Path) -> None:
    file = shared_pages / "realauction_realtaxlien/fl_columbia/searchCert_itemSetDID-2022.html"
    page = asked(simulator, "fl-alachua.realtaxlien", "/index.cfm?folder=previewitems")
    words = [
        re.sub(r"\d+ \S+ County", "#", labels(LexborHTMLParser(text), "form#searchFrm p")[0])
        for text in (page, file.read_text())
    ]
    assert words[0] == words[1]


def test_the_calendar_of_bid4assets_is_built_as_the_real_one(
    simulator: Simulator, shared_pages: Path
) -> None:
    file = shared_pages / "bid4assets/calendar_2026-03/bid4assets_calendar.html"
    real = LexborHTMLParser(file.read_text())
    page = LexborHTMLParser(asked(simulator, "wa-adams.bid4assets", "/county-tax-sales"))

    def rows(tree: LexborHTMLParser) -> set[tuple[str, ...]]:
        return {tuple(n.tag or "" for n in row.iter()) for row in tree.css("ul.auction-list li")}

    assert rows(page) == rows(real)
    days = re.compile(r"[A-Z][a-z]+ \d{1,2}(st|nd|rd|th) - \d{1,2}(st|nd|rd|th)")
    for tree in (page, real):
        assert all(days.fullmatch(text) for text in labels(tree, "ul.auction-list li span"))
        assert all(m.attributes["data-year"].isdecimal() for m in tree.css(".month"))


def test_numbers_of_modules_differ_among_counties_and_skip(simulator: Simulator) -> None:
    firsts = set()
    for host, play in simulator.plays.items():
        if play.card.platform not in {"qpublic", "beacon"}:
            continue
        key = site_at(simulator, host).start["first_keys"][0]
        page = LexborHTMLParser(asked(simulator, host, f"/Application.aspx?KeyValue={key}"))
        numbers = [int(i) for i in re.findall(r"ctl(\d+)_mSection", page.html or "")]
        titles = [title for title, _ in modules_of(play.style)]  # type: ignore[attr-defined]
        assert set(labels(page, "main .title")) <= set(titles)
        firsts.add((numbers[0], max(numbers)))
    assert len(firsts) >= 4


def test_only_synthetic_people_are_drawn(simulator: Simulator) -> None:
    world = simulator.world
    surnames = {
        world.parcel(county, n).owner.split()[0] for county in world.counties for n in range(50)
    }
    assert surnames <= {
        *("SPECIMEN", "PLACEHOLDER", "EXEMPLAR", "FICTION"),
        *("IMAGINARY", "SYNTHETIC", "NOBODY", "PROTOTYPE"),
    }
    later = replace(world, today=date(2027, 3, 1))
    assert later.parcel(world.counties[0], 3) == world.parcel(world.counties[0], 3)
