"""Whatever happens to a page: reading raises nothing, values stay with their labels, items never mix."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.adapters.platforms.realauction import PLATFORM
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Step
from taxlien.services.scraper.logic.sites import Site

SITE = Site(
    name="fl_somewhere",
    platform="realauction",
    title="Somewhere",
    county_fips="12001",
    base_url="https://somewhere.realforeclose.com",
    legal_status="unknown",
)
FIELDS = {
    "Case #:": "case_number",
    "Certificate #:": "certificate_number",
    "Opening Bid:": "opening_bid",
    "Parcel ID:": "parcel_id",
    "Property Address:": "situs_address",
    "Assessed Value:": "assessed_value",
    "Final Judgment Amount:": "amount_due",
    "Deposit Requirement:": "deposit",
}
MONEY = {"opening_bid", "assessed_value", "amount_due", "deposit"}
JUNK = st.sampled_from(
    [
        "<b>",
        "</div>",
        "</td>",
        "<tr>",
        "@Z",
        "&nbsp;",
        "<!-- -->",
        "</table>",
        "<div>",
        "<td>5</td>",
        "@",
    ]
)


def request() -> PageRequest:
    return PageRequest(
        key="items/x",
        kind="items",
        path="/",
        session="day",
        steps=(Step(path="/"),),
        context={"auction_date": "2026-08-06", "area": "W", "page": "1"},
    )


def read(text: str) -> Reading:
    return PLATFORM.read(Page(request=request(), url="/", text=text), SITE)


def value_of(field: str, item: int) -> str:
    """A value that tells which item and which field it belongs to."""
    place = list(FIELDS.values()).index(field)
    return f"${item},{place:03}.25" if field in MONEY else f"{field[0].upper()}{item}-{place}"


def belongs(lien: LienObserved) -> None:
    """Every value of the item is the one that was written behind its label, in this very item."""
    number = int(lien.item_id or 0)
    for field in FIELDS.values():
        value: Any = getattr(lien, field)
        if value is None:
            assert lien.missing[field]
            continue
        written = value_of(field, number)
        said = Decimal(written.replace("$", "").replace(",", "")) if field in MONEY else written
        assert value == said, (field, value)
        assert lien.origins[field]


@st.composite
def items(draw: st.DrawFn, *, junk: bool = False) -> tuple[str, set[int]]:
    """Items with rows missing, in any order, doubled, in three shapes; with junk between the rows."""
    numbers = draw(st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True))
    parts = []
    for number in numbers:
        labels = draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=10))
        shape = draw(st.sampled_from(["td", "th", "div"]))
        rows = []
        for label in labels:
            value = value_of(FIELDS[label], number)
            cells = [
                f'<{shape} class="AD_LBL">{label}</{shape}>',
                f'<td class="AD_DTA">{value}</td>',
            ]
            if shape == "div":
                cells = [f'<div class="AD_LBL">{label}</div>', f'<div class="AD_DTA">{value}</div>']
            # In a row of boxes nobody could tell a lost value before a lost label: only values are lost.
            lost = ["label", "value"] if shape != "div" else ["value"]
            missing = draw(st.sampled_from(["neither"] * 6 + lost))
            cells = {"neither": cells, "label": cells[1:], "value": cells[:1]}[missing]
            end = draw(st.sampled_from(["</tr>", ""])) if shape != "div" else ""
            rows.append(("" if shape == "div" else "<tr>") + "".join(cells) + end)
            if junk:
                rows.append(draw(st.sampled_from(["", "", ""])) or draw(JUNK))
        inside = "".join(rows)
        table = (
            f'<div class="ad_tab">{inside}</div>' if shape == "div" else f"<table>{inside}</table>"
        )
        parts.append(f'<div id="AITEM_{number}" class="AUCTION_ITEM">{table}</div>')
        parts.append('<div class="AUCTION_ITEM_SPACER">&nbsp;</div>')
    return "".join(parts), set(numbers)


@given(items())
def test_values_stay_with_their_labels_and_items_never_mix(made: tuple[str, set[int]]) -> None:
    text, numbers = made
    reading = read(text)
    assert reading.verdict == "ok"
    assert {int(lien.item_id or 0) for lien in reading.liens} == numbers
    for lien in reading.liens:
        belongs(lien)


@given(items(junk=True))
def test_junk_between_rows_moves_no_value(made: tuple[str, set[int]]) -> None:
    for lien in read(made[0]).liens:
        belongs(lien)


@given(items(), st.integers(0, 4_000))
def test_a_page_cut_anywhere_gives_no_half_value(made: tuple[str, set[int]], at: int) -> None:
    reading = read(made[0][:at])
    for lien in reading.liens:
        belongs(lien)


@given(items(), st.integers(0, 4_000))
def test_an_envelope_cut_anywhere_is_truncated(made: tuple[str, set[int]], at: int) -> None:
    text = json.dumps({"retHTML": made[0], "rlist": ""})
    if at < len(text):
        assert read(text[:at]).verdict == "truncated"


@given(st.text(max_size=300))
def test_no_text_makes_reading_raise(text: str) -> None:
    assert read(text).verdict
    assert read("{" + text).verdict
    assert read('<div id="AITEM_1" class="AUCTION_ITEM">' + text).verdict
    assert read(f'<div class="CALBOX CALSELT" dayid="{text}">{text}</div>').verdict


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["ADATA", "AITEM", "AID", "A", "B", "C", "D", "ST", "retHTML", "rlist"]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
def test_no_json_makes_reading_raise(document: object) -> None:
    assert read(json.dumps(document)).verdict


@pytest.mark.data
@settings(max_examples=60)
@given(data=st.data())
def test_real_items_with_rows_taken_out_keep_the_others_values(
    shared_pages: Path, data: st.DataObject
) -> None:
    path = (
        shared_pages
        / "realauction_realforeclose/fl_hillsborough/LOAD-AREA-W-2026-06-05-decoded.html"
    )
    text = path.read_text()
    before = {lien.item_id: lien for lien in read(text).liens}
    rows = text.split("<tr>")
    gone = data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=12))
    kept = "<tr>".join(
        row for place, row in enumerate(rows) if place not in gone or "AITEM_" in row
    )
    for lien in read(kept).liens:
        for field in FIELDS.values():
            now = getattr(lien, field)
            assert now is None or now == getattr(before[lien.item_id], field)
