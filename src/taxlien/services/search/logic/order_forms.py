"""Orders in a question: "sorted by price", "order by auction date, latest first", "cheapest first"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from .forms import BEGIN, END, Form, chip


class _Column(NamedTuple):
    """A column by its name in ``sort``, which way it goes where nothing is said, and how a chip names it."""

    name: str
    way: str
    label: str


_PRICE, _RATE = _Column("price", "asc", "price"), _Column("rate", "desc", "rate")
_YIELD, _YEAR = _Column("roi", "desc", "yield"), _Column("year", "desc", "tax year")
_DAY = _Column("auction_date", "asc", "day of the sale")
_COLUMNS = {
    "price": _PRICE,
    "cost": _PRICE,
    "rate": _RATE,
    "interest rate": _RATE,
    "interest": _RATE,
    "yield": _YIELD,
    "roi": _YIELD,
    "return": _YIELD,
    "tax year": _YEAR,
    "year": _YEAR,
    "auction date": _DAY,
    "sale date": _DAY,
    "distance": _Column("distance", "asc", "distance"),
}
_WAYS = {
    "asc": r"asc|ascending|rising|low to high|lowest first|cheapest first|nearest first"
    r"|closest first|earliest first|oldest first|soonest first",
    "desc": r"desc|descending|falling|high to low|highest first|farthest first|latest first|newest first",
}
_ALONE = {
    "cheapest first": ("price", "asc"),
    "highest rate first": ("rate", "desc"),
    "highest yield first": ("yield", "desc"),
    "highest roi first": ("yield", "desc"),
    "nearest first": ("distance", "asc"),
    "closest first": ("distance", "asc"),
}
_SAID = {"asc": "rising", "desc": "falling"}
_ORDER = re.compile(
    rf"{BEGIN}(?:sort|sorted|order|ordered) by (?:the )?"
    rf"(?P<column>{'|'.join(sorted(_COLUMNS, key=len, reverse=True))})"
    rf"(?:,? (?:(?P<asc>{_WAYS['asc']})|(?P<desc>{_WAYS['desc']})))?{END}"
    rf"|{BEGIN}(?P<alone>{'|'.join(_ALONE)}){END}"
)


def orders(text: str, today: date | None) -> Iterator[Form]:
    """Find the order that is asked for: no address has words like these."""
    for found in _ORDER.finditer(text):
        if alone := found["alone"]:
            said, way = _ALONE[alone]
            column = _COLUMNS[said]
        else:
            column = _COLUMNS[found["column"]]
            way = "asc" if found["asc"] else "desc" if found["desc"] else column.way
        label = f"by {column.label}, {_SAID[way]}"
        yield Form(found.start(), found.end(), (chip("sort", f"{column.name}_{way}", label),))
