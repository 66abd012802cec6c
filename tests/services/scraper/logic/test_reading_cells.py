"""What the words in a cell mean: what is not plain is None."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.logic import reading_cells as cells


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        *(("$1,234.50", "1234.50"), ("17400", "17400"), (" $ 0.00\u00a0", "0.00"), (".5", "0.5")),
        *(("(1,234.50)", "-1234.50"), ("-$5", "-5"), ("$-5", "-5"), ("($5)", "-5")),
        *(("$29,4", None), ("1.234,50", None), ("$", None), ("", None), ("N/A", None), ("-", None)),
        *(
            ("5 5", None),
            ("1e5", None),
            ("--5", None),
            ("$1,234 x", None),
            ("٣", None),
            (None, None),
        ),
    ],
)
def test_an_amount_is_read_only_where_it_is_plain(text: str | None, amount: str | None) -> None:
    assert cells.money(text) == (Decimal(amount) if amount else None)


@given(st.decimals(0, 10**9, places=2))
def test_an_amount_written_with_commas_reads_back(amount: Decimal) -> None:
    assert cells.money(f"${amount:,}") == cells.money(str(amount)) == amount
    assert cells.cents(str(int(amount * 100))) == amount


@given(st.text())
def test_no_text_makes_a_reader_raise(text: str) -> None:
    for reader in (
        *(
            cells.squeeze,
            cells.words,
            cells.said,
            cells.decimal,
            cells.money,
            cells.cents,
            cells.whole,
        ),
        *(cells.acres, cells.square_feet, cells.year, cells.year_built, cells.day, cells.yes_no),
        *(cells.city_line, cells.zip_at_end),
    ):
        reader(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("6/1/1994", date(1994, 6, 1)),
        ("06/01/1994 12:00:00 AM", date(1994, 6, 1)),
        ("2024-03-31T00:00:00", date(2024, 3, 31)),
        ("6/1/94", None),
        ("13/1/1994", None),
        ("5/1994", None),
        ("", None),
    ],
)
def test_a_day_needs_a_whole_year(text: str, day: date | None) -> None:
    assert cells.day(text) == day


def test_acres_are_acres_and_nothing_else() -> None:
    assert cells.acres("8.26 AC") == Decimal("8.26")
    assert cells.acres(".055") == Decimal("0.055")
    assert cells.acres("2 Acres") == Decimal(2)
    assert [cells.acres(t) for t in ("5 LT", "1200 SF", "-1", "AC", "")] == [None] * 5


def test_a_year_is_the_only_one_in_its_text() -> None:
    assert cells.year("2024 Working Values") == 2024
    assert [cells.year(t) for t in ("2023-2024", "12023", "1", "", None)] == [None] * 5
    assert cells.whole("2,004.00") == 2004
    assert cells.whole("2.5") is None


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("OLD TOWN, FL 32680", ("OLD TOWN", "FL", "32680")),
        ("ELLENWOOD GA 30294 2213", ("ELLENWOOD", "GA", "30294-2213")),
        ("Easton, PA, 18042-3374", ("Easton", "PA", "18042-3374")),
        ("HWY 98 N KATHLEEN, FL 33849", (None, None, None)),
        ("SOMEWHERE, XX 12345", (None, None, None)),
        ("730 NE 639 ST", (None, None, None)),
    ],
)
def test_a_city_line_is_city_state_and_zip_without_a_street(
    line: str, read: tuple[str | None, str | None, str | None]
) -> None:
    assert tuple(cells.city_line(line)) == read


def test_a_label_is_its_bare_words() -> None:
    assert cells.words("Just (Market) Value:") == cells.words("just  market\u00a0value")
    assert cells.said(" N/A ") is None
    assert cells.said("0") == "0"
