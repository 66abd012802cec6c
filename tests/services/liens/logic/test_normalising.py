"""Cells become values exactly, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taxlien.services.liens.logic.mapping import Column
from taxlien.services.liens.logic.normalising import (
    cell_parser,
    date_parser,
    pad_parts,
    parcel_key,
    parse_address,
    parse_boolean,
    parse_coordinate,
    parse_integer,
    parse_money,
    parse_number,
    parse_parcel,
    parse_rate,
    parse_year,
    parse_zip,
)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1875.34", "1875.34"),
        ("$1,875.34", "1875.34"),
        ("  $ 1,875.34 ", "1875.34"),
        ("303", "303.00"),
        ("1372.5700", "1372.57"),
        ("(12.50)", "-12.50"),
        ("($1,012.50)", "-1012.50"),
        ("-$5.00", "-5.00"),
        ("$-5.00", "-5.00"),
        ("5.00-", "-5.00"),
        (".5", "0.50"),
        ("1234.5600000000002", "1234.56"),
        ("0.30000000000000004", "0.30"),
        ("1,234,567,890.12", "1234567890.12"),
    ],
)
def test_money_is_read_to_the_cent(cell: str, amount: str) -> None:
    value = parse_money(cell)
    assert value == Decimal(amount)
    assert str(value) == amount


@pytest.mark.parametrize("cell", ["", "  ", "-", "N/A", "null", "NaN"])
def test_no_amount_is_null_and_not_zero(cell: str) -> None:
    assert parse_money(cell) is None


@pytest.mark.parametrize(
    "cell",
    ["1,23.00", "12,34", "1.875,34", "1E+05", "1.5e3", "12.345", "five", "1 875.34", "$", "1,875.3.4",
     "--5", "(-5.00)", "(5.00", "$$5", "Infinity", "1_000", "٣", "5%", "1000000000000"],
)  # fmt: skip
def test_what_could_mean_two_amounts_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_money(cell)


@given(st.integers(-(10**13), 10**13))
@example(100_00)
def test_every_usual_way_of_writing_an_amount_gives_the_same(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    size = f"{abs(amount):.2f}"
    grouped = f"{abs(amount):,.2f}"
    for text in (size, grouped, f"${grouped}", f" $ {size} "):
        assert parse_money(text) == abs(amount)
        assert parse_money(f"({text.strip()})") == -abs(amount)
        assert parse_money(f"-{text.strip()}") == -abs(amount)


@given(st.text("0123456789$.,-() eE+", max_size=16))
def test_money_is_never_another_number_than_its_digits(cell: str) -> None:
    try:
        value = parse_money(cell)
    except ValueError:
        return
    if value is not None:
        digits = Decimal("".join(c for c in cell if c.isdigit() or c == "."))
        assert abs(abs(value) - digits) < Decimal("0.000002")


@pytest.mark.parametrize(
    ("cell", "rate"),
    [("000.25", "0.25"), ("18.00", "18"), ("5.7500", "5.75"), ("16%", "16"), ("7.0000000000000009", "7"),
     ("0", "0"), ("100", "100")],
)  # fmt: skip
def test_rates_lose_their_padding_only(cell: str, rate: str) -> None:
    assert str(parse_rate(cell)) == rate


def test_dates_with_two_digit_years_fall_in_the_last_hundred_years() -> None:
    parse = date_parser(("MM/DD/YY",))
    assert [parse(f"1/2/{year}") for year in ("99", "41", "40", "00")] == [
        date(1999, 1, 2),
        date(1941, 1, 2),
        date(2040, 1, 2),
        date(2000, 1, 2),
    ]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("MM-DD-YY ...", "09-13-18 12:42 PM ET"),
        ("DD-MON-YYYY", "13-Sep-2018"),
        ("MON DD, YYYY", "September 13, 2018"),
        ("YYYYMMDD", "20180913"),
        ("MM/DD/YYYY", "2018-09-13 00:00:00"),
    ],
)
def test_dates_are_read_in_the_formats_named(text: str, cell: str) -> None:
    assert date_parser((text,))(cell) == date(2018, 9, 13)


@pytest.mark.parametrize("cell", ["13/01/2018", "02/30/2018", "9/13", "soon", "09/13/2018 noon"])
def test_a_day_that_is_none_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        date_parser(("MM/DD/YYYY",))(cell)


def test_parcels_keep_their_text_and_get_a_key() -> None:
    assert parse_parcel(" 0012-a.3/4 ") == ("0012-a.3/4", "0012A34")
    assert parcel_key("01-26-22-000010") == "012622000010"
    for cell in ("", "?", "N/A", "1.23457E+12", "1E+15", "9" * 61):
        with pytest.raises(ValueError, match=r".+"):
            parse_parcel(cell)
    assert parse_parcel("5417E0049")[1] == "5417E0049"


def test_numbers_of_only_zeros_are_none() -> None:
    assert [parse_number(c) for c in ("0", "0000000", "", "0000012", "2019-16501", "0.0")] == [
        None,
        None,
        None,
        "0000012",
        "2019-16501",
        None,
    ]


def test_parts_are_padded_and_counted() -> None:
    assert pad_parts("4275-26", "-", (5, 4)) == "042750026"
    for cell in ("4275", "4275-", "4275-26-1"):
        with pytest.raises(ValueError, match="2 parts"):
            pad_parts(cell, "-", (5, 4))


def test_small_parsers_know_nothing_from_zero() -> None:
    assert (parse_year("0"), parse_year("1999.0"), parse_integer("1,234")) == (None, 1999, 1234)
    assert (parse_boolean("Y"), parse_boolean("0"), parse_boolean("")) == (True, False, None)
    assert (parse_coordinate("0"), parse_coordinate("-80.04")) == (None, -80.04)
    assert [
        parse_zip(c) for c in ("00000", "21217-2806", "212172806", "21213.0", "21213-0000")
    ] == [
        None,
        "21217-2806",
        "21217-2806",
        "21213",
        "21213",
    ]
    assert parse_address("**1  Main St\r\n\nTampa") == "1 Main St, Tampa"
    for parse, cell in ((parse_year, "19"), (parse_integer, "1.5"), (parse_boolean, "maybe"),
                        (parse_coordinate, "200"), (parse_zip, "1234")):  # fmt: skip
        with pytest.raises(ValueError, match="not"):
            parse(cell)


def test_codes_bounds_and_nulls_of_a_column_hold() -> None:
    codes = cell_parser(Column(sources=("x",), parse="code", values={"Y": "subsequent_tax"}))
    assert codes(" y ") == "subsequent_tax"
    with pytest.raises(ValueError, match="does not know"):
        codes("Q")
    other = Column(sources=("x",), parse="code", values={"Y": "a"}, otherwise="b")
    assert cell_parser(other)("Q") == "b"
    bounded = cell_parser(
        Column(
            sources=("x",), parse="rate_pct", minimum=Decimal(0), maximum=Decimal(18), nulls=("NB",)
        )
    )
    assert (bounded("nb"), bounded("18")) == (None, Decimal(18))
    for cell in ("18.25", "-1"):
        with pytest.raises(ValueError, match=r"above 18|below 0"):
            bounded(cell)
    assert cell_parser(Column(sources=("x",), parse="money", zero_is_null=True))("0.00") is None
