"""Sales of a property from a table with a header, column by column name. No names of persons."""

from __future__ import annotations

import re

from taxlien.interfaces.scraper import Transfer

from .reading_cells import US_DAYS, day, money, said
from .reading_tables import Grid

DATE = (
    "sale date",
    "date of sale",
    "transfer date",
    "deed date",
    "date",
    "recording date",
    "sales date",
)
PRICE = (
    "sale price",
    "price",
    "sale amount",
    "consideration",
    "amount",
    "sales price",
    "sale value",
    *("transfer price", "transfer amount", "selling price"),
)
DEED = (
    *(
        "deed type",
        "instrument type",
        "instrument",
        "deed",
        "inst type",
        "inst",
        "type",
        "instr type",
    ),
    *("document type", "deed instrument", "sale instrument", "type of deed"),
)
REFERENCE = (
    *(
        "legal reference",
        "deed reference",
        "book page",
        "deed book page",
        "or book page",
        "reference",
    ),
    *(
        "deed book and page",
        "or bk pg",
        "book pg",
        "official record",
        "recording",
        "instrument number",
    ),
    *("instrument no", "document number", "bk pg", "deed bk pg", "book page or instrument"),
)
BOOK = ("deed book", "book", "or book", "bk")
PAGE = ("deed page", "page", "or page", "pg")
QUALIFICATION = (
    *(
        "qualification",
        "qualified",
        "qualified unqualified",
        "sale qualification",
        "n a l code",
        "qual",
    ),
    *("nal code", "reason", "qual code", "qualification codes", "q u", "sale validity", "validity"),
    *("sales validity", "qualification code", "sale qualified"),
)


_MONTH = re.compile(
    r"(?:\d{1,2}[/-])?(?:1[89]|20)\d\d"
    r"|\d{1,2}[/-]\d{1,2}[/-]\d\d"
    r"|(?:\d{1,2}[ -])?[A-Za-z]{3,9}\.?[ ,-]{1,2}(?:1[89]|20)?\d\d"
)
"""Some sales are recorded to the month or year only, or with two figures for the year, which may be of
another century: such a sale has no day, and its row is in step."""


def transfers_of(grid: Grid, formats: tuple[str, ...] = US_DAYS) -> tuple[list[Transfer], int]:
    """Return the sales, and how many rows were left out because they are out of step with the header.

    A row is out of step where its date or its price is something else, or an amount stands elsewhere.
    A table without a date column has no sales.
    """
    if grid.column(DATE) is None:
        return [], 0
    at = {name: grid.column(names) for name, names in _COLUMNS.items()}
    inside = [row for row in grid.rows if not _out_of_step(row, at, formats)]
    sales = [sale for row in inside if (sale := _transfer(row, at, formats)) is not None]
    return sales, grid.unfit + len(grid.rows) - len(inside)


def _out_of_step(row: tuple[str, ...], at: dict[str, int | None], formats: tuple[str, ...]) -> bool:
    texts = {name: said(row[place]) for name, place in at.items() if place is not None}
    dated, priced = texts.get("date"), texts.get("price")
    if dated and day(dated, formats) is None and not _MONTH.fullmatch(dated):
        return True
    if priced and money(priced) is None:
        return True
    return any("$" in text for name, text in texts.items() if text and name != "price")


_COLUMNS = {
    "date": DATE,
    "price": PRICE,
    "deed_type": DEED,
    "reference": REFERENCE,
    "book": BOOK,
    "page": PAGE,
    "qualification": QUALIFICATION,
}


def _transfer(
    row: tuple[str, ...], at: dict[str, int | None], formats: tuple[str, ...]
) -> Transfer | None:
    def text(name: str) -> str | None:
        place = at[name]
        return said(row[place]) if place is not None else None

    sold, price = day(text("date"), formats), money(text("price"))
    if sold is None and price is None:
        return None
    book, page, reference = text("book"), text("page"), text("reference")
    if reference and not any(c.isdigit() for c in reference):
        reference = None  # a book and page has figures; without them it may be a name
    return Transfer(
        date=sold,
        price=price,
        deed_type=_with_letter(text("deed_type")),
        reference=reference or (f"{book}/{page}" if book and page else None),
        qualification=text("qualification"),
    )


def _with_letter(text: str | None) -> str | None:
    """A kind of deed has a letter in it; figures alone are another column's, or a document's number."""
    return text if text and any(c.isalpha() for c in text) else None
