"""Rows of the lists, by the words of their header. The owner's column is stepped over, never read."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from selectolax.lexbor import LexborNode

from taxlien.interfaces.scraper import ItemStatus, LienObserved
from taxlien.services.scraper.logic.labelled import Labelled, identifier
from taxlien.services.scraper.logic.reading_cells import (
    decimal,
    money,
    said,
    squeeze,
    words,
    year,
    zip_at_end,
)
from taxlien.services.scraper.logic.reading_tables import (
    Grid,
    cell_text,
    cells_of,
    grid_of,
    rows_of,
)

FIELDS: dict[str, tuple[str, ...]] = {
    "advertising_number": (
        "adv no",
        "adv number",
        "advertised number",
        "advertising number",
        "adv",
    ),
    "parcel_id": ("account no", "account number", "account", "parcel no", "parcel id"),
    "homestead": ("homestead", "hx"),
    "legal": ("legal 1", "legal description", "legal"),
    "face_amount": ("face amount", "face value", "amount"),
    "tax_year": ("tax year", "tax yr"),
    "certificate_number": ("certificate", "certificate no", "certificate number", "cert no"),
    "issued": ("issued date", "issued", "date issued"),
    "expires": ("expiration date", "expires", "expiration"),
    "amount_due": ("purchase amount", "purchase amt", "amount to purchase"),
    "bid_rate_pct": ("rate", "interest rate", "bid rate", "interest"),
    "situs_address": ("property address", "situs address", "situs"),
    "assessed_value": ("assessed value",),
    "market_value": ("market value",),
    "property_type": ("use code", "property use"),
}
_OF_WORDS = {label: field for field, labels in FIELDS.items() for label in labels}
_OF_JSON = {
    "account_number": "parcel_id",
    "tax_year": "tax_year",
    "certificate_number": "certificate_number",
    "issued_date": "issued",
    "expiration_date": "expires",
    "purchase_amt": "amount_due",
    "extended_data_advertised_number": "advertising_number",
    "property_address": "situs_address",
    "legal_description": "legal",
    "assessed_value": "assessed_value",
    "market_value": "market_value",
    "use_code": "property_type",
    "rate": "bid_rate_pct",
}
ADVERTISED = (
    "parcel_id",
    "advertising_number",
    "homestead",
    "face_amount",
    "tax_year",
    "sale_date",
)
HELD = (
    "parcel_id",
    "certificate_number",
    "tax_year",
    "amount_due",
    "bid_rate_pct",
    "situs_address",
)
_YES = frozenset({"yes", "y", "1", "true", "x"})
_NO = frozenset({"", "no", "n", "0", "false"})
_USUAL = ("adv no", "account no", "homestead", "legal 1", "owner name", "face amount")
_NUMBER = re.compile(r"\d{1,10}(?:\.00)?")
_DOLLARS = re.compile(r"\$?[\d,]+\.\d\d")

Cells = Mapping[str, tuple[str, str]]
"""A row: field -> (the cell's text, the label it stood behind)."""


def rows_of_table(table: LexborNode) -> tuple[list[Cells], int]:
    """Return the rows of a table and how many do not fit its header (those are left out)."""
    grid = grid_of(table)
    if grid is None:
        return [], 0
    if not any(name in _OF_WORDS for name in grid.names):
        return _without_header(table)
    return list(_of_grid(grid)), grid.unfit


def _of_grid(grid: Grid) -> Iterator[Cells]:
    fields = [_OF_WORDS.get(name, "") for name in grid.names]
    for row in grid.rows:
        if any(row):
            yield _cells(fields, grid.header, row)


def _without_header(table: LexborNode) -> tuple[list[Cells], int]:
    """Rows of the usual six columns where the header is lost: number first, dollars last."""
    fields = [_OF_WORDS.get(name, "") for name in _USUAL]
    found: list[Cells] = []
    unfit = 0
    for row in rows_of(table):
        texts = [cell_text(cell) for cell in cells_of(row)]
        if len(texts) == len(_USUAL) and texts[0].isdecimal() and _DOLLARS.fullmatch(texts[-1]):
            found.append(_cells(fields, _USUAL, texts))
        elif any(texts):
            unfit += 1
    return found, unfit


def rows_of_csv(text: str) -> tuple[list[Cells], int] | None:
    """Return the rows of a CSV list; None where the first line is no header of one."""
    lines = csv.reader(text.lstrip("\ufeff \r\n").splitlines(), strict=False)
    try:
        header = next(lines, [])
        fields = [_OF_WORDS.get(words(name), "") for name in header]
        if "parcel_id" not in fields or "face_amount" not in fields:
            return None
        return _fitting(fields, header, lines)
    except csv.Error:
        return None


def _fitting(
    fields: Sequence[str], header: Sequence[str], lines: Iterable[Sequence[str]]
) -> tuple[list[Cells], int]:
    found: list[Cells] = []
    unfit = 0
    for line in lines:
        if len(line) == len(header):
            found.append(_cells(fields, [squeeze(name) for name in header], line))
        elif any(line):
            unfit += 1
    return found, unfit


def _cells(fields: Sequence[str], header: Sequence[str], row: Sequence[str]) -> Cells:
    """A field with two columns is none: nobody knows which is meant."""
    return {
        field: (text, label)
        for field, label, text in zip(fields, header, row, strict=True)
        if field and fields.count(field) == 1
    }


def rows_of_json(data: Sequence[Any]) -> list[Cells]:
    """Return the rows of the answer to the page's script. Keys that are not ours are not looked at."""
    return [
        {
            field: ("" if row[key] is None else _storable(row[key]), key)
            for key, field in _OF_JSON.items()
            if key in row and not isinstance(row[key], dict | list)
        }
        for row in data
        if isinstance(row, dict)
    ]


def _storable(value: object) -> str:
    """A JSON escape can write half of a surrogate pair, which nothing behind us can hold."""
    return str(value).encode("utf-8", "replace").decode()


def certificate(row: Cells, status: ItemStatus, tax_year: int | None) -> LienObserved | None:
    """Build one certificate; None where the row is shifted, or names neither an account nor a number."""
    if _shifted(row):
        return None
    found = Labelled()
    for field, (text, label) in row.items():
        _take(found, field, text, label)
    if tax_year is not None and "tax_year" not in found.values:
        found.take("tax_year", str(tax_year), "the title: the year before the sale's", year)
    if not {"parcel_id", "advertising_number", "certificate_number"} & found.values.keys():
        return None
    found.require(ADVERTISED if status == "advertised" else HELD, "the list has no such column")
    return LienObserved(
        kind="certificate",
        status=status,
        parcel_id=found.values.pop("parcel_id", None),
        **found.record(),
    )


def _shifted(row: Cells) -> bool:
    """Whether a cell holds what its column never does: then no cell of the row can be trusted."""
    texts = {field: squeeze(text) for field, (text, _) in row.items()}
    number = texts.get("advertising_number")
    if number and number == texts.get("parcel_id"):
        return True
    for field, text in texts.items():
        plain = said(text)
        if field == "homestead" and text.lower() not in _YES | _NO:
            return True
        if field == "advertising_number" and plain and not _NUMBER.fullmatch(plain):
            return True
        if field in {"face_amount", "amount_due"} and plain and money(plain) is None:
            return True
    return False


def _take(found: Labelled, field: str, text: str, label: str) -> None:
    match field:
        case "advertising_number" | "parcel_id" | "certificate_number":
            found.take(field, text, label, identifier)
        case "homestead":
            found.values[field], found.origins[field] = squeeze(text).lower() in _YES, label
        case "face_amount" | "amount_due" | "assessed_value" | "market_value":
            found.take(field, text, label, money)
        case "tax_year":
            found.take(field, text, label, year)
        case "bid_rate_pct":
            found.take(field, text, label, _percent)
        case "situs_address":
            found.take(field, text[:200], label, said)
            if zip_code := zip_at_end(text):
                found.take("zip_code", zip_code, label)
        case "property_type":
            found.take(field, text[:80], label, said)
        case "legal" | "issued" | "expires":
            if plain := said(text):
                found.attributes[label] = plain[:300]


def _percent(text: str) -> object:
    rate = decimal(squeeze(text).removesuffix("%")) if "$" not in text else None
    return rate if rate is not None and 0 <= rate <= 100 else None
