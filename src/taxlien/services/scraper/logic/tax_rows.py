"""Tax bills from a table with a header: a row for each bill, or a column for each year."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from taxlien.interfaces.scraper import TaxOfYear

from .reading_cells import US_DAYS, day, money, said, words, year, yes_no
from .reading_tables import Grid

YEAR = ("tax year", "year", "bill year", "roll year", "levy year")
BILL = (
    "bill number",
    "bill",
    "bill no",
    "receipt",
    "receipt number",
    "bill id",
    "tax bill",
    "invoice",
)
AMOUNT = (
    *(
        "amount",
        "tax amount",
        "bill amount",
        "total tax",
        "tax billed",
        "billed",
        "total billed",
        "tax",
    ),
    *(
        "taxes",
        "net tax",
        "total taxes",
        "gross tax",
        "original amount",
        "taxes billed",
        "total charges",
    ),
    *("amount billed", "net taxes", "billed amount", "annual tax", "tax charged"),
    *("net annual tax", "annual net tax", "net owed", "total charged"),
)
PAID = (
    *("paid", "amount paid", "total paid", "tax paid", "payments", "payment", "paid amount"),
    *("total payments", "taxes paid", "payment amount", "total payment", "net paid"),
)
DUE = (
    *(
        "balance",
        "balance due",
        "amount due",
        "total due",
        "due",
        "unpaid balance",
        "unpaid",
        "net due",
    ),
    *("tax due", "current due", "amount owed", "total balance", "total owed"),
    *("total currently due", "currently due", "total amount due"),
)
PAID_ON = (
    "date paid",
    "paid date",
    "payment date",
    "paid on",
    "last payment date",
    "effective date",
)
DELINQUENT = ("delinquent", "is delinquent", "delinquent y n")
_NAMES = {"amount": AMOUNT, "paid": PAID, "due": DUE}
_PAYABLE = re.compile(r"((?:19|20)\d\d)\s+(?:payable|pay)\s+(?:in\s+)?(?:19|20)\d\d", re.IGNORECASE)


def tax_year(text: str) -> int | None:
    """Return the year of the tax: ``2023 Payable 2024`` is 2023; two years without a word are nobody's."""
    payable = _PAYABLE.fullmatch(text.strip())
    return int(payable[1]) if payable else year(text)


def taxes_of(
    grid: Grid, formats: tuple[str, ...] = US_DAYS, only_year: int | None = None
) -> list[TaxOfYear]:
    """Return the bills of a table; rows that name no year or no amount at all are left out.

    ``only_year`` is that of a table of one row which names none itself.
    """
    place = grid.column(YEAR)
    if place is not None:
        read = [_of_row(grid, row, tax_year(row[place]), formats) for row in grid.rows]
        return [t for t in read if t is not None]
    years = {i: y for i, h in enumerate(grid.header) if i and (y := tax_year(h)) is not None}
    if not years and len(grid.rows) == 1:
        one = _of_row(grid, grid.rows[0], only_year, formats)
        return [one] if one is not None else []
    return [t for at, of_year in years.items() if (t := _of_column(grid, at, of_year)) is not None]


def _of_row(
    grid: Grid, row: tuple[str, ...], of_year: int | None, formats: tuple[str, ...]
) -> TaxOfYear | None:
    def text(names: tuple[str, ...]) -> str | None:
        at = grid.column(names)
        return said(row[at]) if at is not None else None

    amounts = {name: money(text(names)) for name, names in _NAMES.items()}
    return _bill(
        of_year,
        amounts,
        number=text(BILL),
        paid_on=day(text(PAID_ON), formats),
        delinquent=yes_no(text(DELINQUENT)),
    )


def _of_column(grid: Grid, at: int, of_year: int) -> TaxOfYear | None:
    """A row's label is its first cell; two rows with the same label say nothing."""
    labels = [words(row[0]) for row in grid.rows]
    amounts: dict[str, Decimal | None] = {}
    for name, names in _NAMES.items():
        label = next((n for n in names if labels.count(n) == 1), None)
        amounts[name] = money(grid.rows[labels.index(label)][at]) if label else None
    return _bill(of_year, amounts)


def _bill(
    of_year: int | None,
    amounts: Mapping[str, Decimal | None],
    *,
    number: str | None = None,
    paid_on: date | None = None,
    delinquent: bool | None = None,
) -> TaxOfYear | None:
    if of_year is None or all(a is None for a in amounts.values()):
        return None
    paid = amounts.get("paid")
    return TaxOfYear(
        year=of_year,
        bill_number=number,
        amount=amounts.get("amount"),
        paid=abs(paid)
        if paid is not None
        else None,  # some counties write what was paid off as minus
        due=amounts.get("due"),
        paid_on=paid_on,
        delinquent=delinquent,
    )
