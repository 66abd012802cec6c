"""Pages that are cut, shuffled or soiled: nothing raises, and nothing comes from the wrong row."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from property_pages import (
    asked,
    grid,
    owner,
    page_of,
    schneider,
    site_file,
    two_columns,
    valuation,
)
from taxlien.interfaces.scraper import ParcelObserved
from taxlien.services.scraper.adapters.platforms.qpublic.reading import read_page
from taxlien.services.scraper.logic.pages import Reading

SITE = site_file("qpublic", "fl_dixie")
QUICK = settings(max_examples=120, deadline=None, derandomize=True)
SUMMARY = {
    "Parcel ID": "A-1",
    "Property Address": "11 FIRST ST",
    "Legal Description": "LOT 7 BLOCK 9",
    "Acres": "2.500",
    "Land Use": "VAC RES",
    "Class": "R3",
}
FIELD_OF = {
    "Property Address": "situs_address",
    "Legal Description": "legal_description",
    "Acres": "acres",
    "Land Use": "land_use",
    "Class": "property_class",
}
LABELS = ("Land Value", "Building Value", "Just Market Value", "Assessed Value", "Exempt Value")
YEARS = ("2024", "2023", "2022")
# Every amount is in one row and under one year only, so that a slip shows.
VALUES = {
    label: {year: 100 * (i + 1) + j for j, year in enumerate(YEARS)}
    for i, label in enumerate(LABELS)
}
SALES = [("1/2/2003", "$7,001", "1/11", "WD"), ("3/4/2005", "$7,002", "2/22", "QC")]
PERSON = "Zyxwv Nobody"


def read(text: str) -> Reading:
    return read_page(page_of(text, asked()), SITE)


@st.composite
def damaged(draw: st.DrawFn, row: tuple[str, ...]) -> tuple[str, ...]:
    """A row with a cell left out or doubled, mostly not."""
    place = draw(st.integers(0, len(row) - 1))
    how = draw(st.sampled_from(["", "", "", "out", "twice"]))
    if how == "out":
        return row[:place] + row[place + 1 :]
    return row[: place + 1] + row[place:] if how == "twice" else row


@st.composite
def some_of(draw: st.DrawFn, rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Rows in another order, some missing, some twice, some damaged."""
    chosen = draw(st.lists(st.sampled_from(rows), max_size=len(rows) + 2))
    return [draw(damaged(row)) for row in chosen]


@st.composite
def shuffled_reports(draw: st.DrawFn) -> str:
    """A report with its modules in any order and number, under any running numbers."""
    values = [
        ("+", label, *(f"${amount:,}" for amount in of_year.values()))
        for label, of_year in VALUES.items()
    ]
    modules = [
        ("Summary", two_columns(draw(some_of(list(SUMMARY.items()))))),
        ("Owners", owner(PERSON)),
        ("Valuation", valuation(YEARS, draw(some_of(values)), hidden=1)),
        (
            "Sales",
            grid(("Sale Date", "Sale Price", "Book/Page", "Deed Type"), draw(some_of(SALES))),
        ),
        ("Map", "<p>$1,234,567</p>"),
    ]
    order = draw(st.permutations(modules))
    kept = order[: draw(st.integers(1, len(order)))]
    numbers = draw(st.lists(st.integers(0, 99), min_size=len(kept), max_size=len(kept)))
    return schneider(kept, numbers=numbers)


def assert_true(parcel: ParcelObserved) -> None:
    """What is said stands in the row that says it."""
    for label, field in FIELD_OF.items():
        found = getattr(parcel, field)
        expected = Decimal(SUMMARY[label]) if field == "acres" else SUMMARY[label]
        assert found in {None, expected}, field
        assert (found is None) == (field in parcel.missing)
    for value in parcel.values:
        assert value.amount == VALUES[value.label][str(value.year)]
    known = {(price, reference, deed) for _, price, reference, deed in SALES}
    for sale in parcel.transfers:
        assert (f"${sale.price:,}", sale.reference, sale.deed_type) in known
    assert PERSON not in str(parcel)


@given(shuffled_reports())
@QUICK
def test_rows_and_cells_that_are_lost_or_doubled_never_lend_their_neighbours_value(
    text: str,
) -> None:
    reading = read(text)
    assert reading.verdict in {"ok", "not_found", "unrecognised"}
    for parcel in reading.parcels:
        assert parcel.parcel_id == "A-1"
        assert_true(parcel)


@given(st.permutations(list(range(90))))
@settings(max_examples=10, deadline=None, derandomize=True)
def test_the_running_numbers_of_modules_mean_nothing(numbers: list[int]) -> None:
    modules = [
        ("Summary", two_columns(SUMMARY.items())),
        ("Owners", owner(PERSON)),
        ("Valuation", valuation(("2024",), [("=", "Land Value", "$5")])),
    ]
    assert read(schneider(modules, numbers=numbers)) == read(schneider(modules))


@given(st.text(max_size=300))
@QUICK
def test_any_text_is_read_without_a_fault(text: str) -> None:
    read(text)
    read(
        f"<html><section id='a_mSection'><header><div class=title>Summary</div></header>{text}</html>"
    )


def dixie(folder: Path) -> str:
    return (folder / "qpublic" / "fl_dixie" / "34-09-13-4496-0000-0060.html").read_text()


@pytest.fixture(scope="module")
def real(shared_pages: Path) -> tuple[str, ParcelObserved]:
    text = dixie(shared_pages)
    (parcel,) = read(text).parcels
    return text, parcel


SAME_PAGE = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(share=st.floats(0, 1))
@SAME_PAGE
def test_a_real_page_cut_anywhere_is_truncated_and_says_nothing(
    real: tuple[str, ParcelObserved], share: float
) -> None:
    text, _ = real
    reading = read(text[: int((len(text) - 8) * share)])
    assert reading.verdict in {"truncated", "unrecognised"}
    assert reading.parcels == ()


@given(st.randoms(use_true_random=False))
@SAME_PAGE
def test_a_real_page_that_lost_cells_rows_and_modules_says_nothing_new(
    real: tuple[str, ParcelObserved], random: object
) -> None:
    text, whole = real
    shaken = _shaken(text, random)
    for parcel in read(shaken).parcels:
        assert parcel.parcel_id == whole.parcel_id
        assert set(parcel.values) <= set(whole.values)
        for sale in parcel.transfers:
            assert sale in whole.transfers
        for field in ("situs_address", "legal_description", "acres", "land_use", "property_class"):
            assert getattr(parcel, field) in {None, getattr(whole, field)}


def _shaken(text: str, random: object) -> str:
    """Take out cells, rows and modules, double some, renumber all and throw in junk."""
    chance = random.random  # type: ignore[attr-defined]

    def sometimes(match: re.Match[str]) -> str:
        fate = chance()
        piece = match[0]
        return "" if fate < 0.04 else piece * 2 if fate < 0.08 else piece

    def one_cell(match: re.Match[str]) -> str:
        """At most one cell is lost or doubled, none of a header: two faults that even out nobody can tell."""
        cells = list(re.finditer(r"<t[dh]\b[^>]*>.*?</t[dh]>", match[0], flags=re.DOTALL))
        if not cells or 'scope="col"' in match[0] or chance() > 0.2:
            return match[0]
        hit = cells[int(chance() * len(cells))]
        return match[0][: hit.start()] + hit[0] * (2 * (chance() < 0.5)) + match[0][hit.end() :]

    body = text.index("<main")
    head, rest = text[:body], text[body:]
    rest = re.sub(r"<tr\b[^>]*>.*?</tr>", one_cell, rest, flags=re.DOTALL)
    rest = re.sub(r"<tr\b[^>]*>.*?</tr>", sometimes, rest, flags=re.DOTALL)
    rest = re.sub(r"<section\b.*?</section>", sometimes, rest, flags=re.DOTALL)
    number = int(chance() * 90)
    rest = re.sub(
        r"ctlBodyPane_ctl(\d\d)", lambda m: f"ctlBodyPane_ctl{int(m[1]) + number:02}", rest
    )
    return head + re.sub(
        r"(?=<span)", lambda _: "<!-- junk --><b></b>" if chance() < 0.02 else "", rest
    )


def test_a_real_page_in_the_wrong_charset_keeps_its_numbers(
    real: tuple[str, ParcelObserved],
) -> None:
    text, whole = real
    (parcel,) = read(text.encode().decode("cp1252", "replace")).parcels
    assert (parcel.parcel_id, parcel.values) == (whole.parcel_id, whole.values)


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 1_000_000,
        "<table>" * 5_000,
        "<section id='x_mSection'>" * 3_000,
        "\ud800\x00<html>\udfff</html>",
        'var mapConfig = {"AppId":' + "9" * 100_000,
        "<table><tr><td colspan='99999999999'>2024</td></tr></table>" * 100,
    ],
    ids=["deep", "tables", "sections", "surrogates", "number", "colspan"],
)
def test_hostile_pages_are_read_without_a_fault(text: str) -> None:
    read(text)
    read(schneider([("Summary", two_columns([("Parcel ID", "A-1")])), ("Valuation", text)]))
