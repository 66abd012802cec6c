"""Sales of a property from a table with a header, column by column name. No names of persons."""

from __future__ import annotations

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


def transfers_of(grid: Grid, formats: tuple[str, ...] = US_DAYS) -> list[Transfer]:
    """Return a sale for each row that has a day or a price. A table without a date column has no sales."""
    if grid.column(DATE) is None:
        return []
    at = {name: grid.column(names) for name, names in _COLUMNS.items()}
    return [sale for row in grid.rows if (sale := _transfer(row, at, formats)) is not None]


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
    book, page = text("book"), text("page")
    return Transfer(
        date=sold,
        price=price,
        deed_type=text("deed_type"),
        reference=text("reference") or (f"{book}/{page}" if book and page else None),
        qualification=text("qualification"),
    )
