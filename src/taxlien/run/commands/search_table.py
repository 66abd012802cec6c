"""Hits as a table: one line each where the terminal is wide, two where it is narrow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE = 140
WIDTH_OF_A_FILE = 180  # columns where the output is no terminal: nothing is folded for a program
MARKS = {"maximum": " max", "bid": "", "statute": ""}
RIGHT = {"price", "rate %", "payoff", "yield %"}


def print_hits(answer: dict[str, Any]) -> None:
    """Print one page of ``/v1/search``."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console = Console(width=WIDTH_OF_A_FILE)
    wide = console.width >= WIDE
    plural = "lien" if answer["total"] == 1 else "liens"
    table = Table(
        title=f"{answer['total_text']} {plural}, page {answer['page']} of {answer['pages']:,}",
        title_justify="left",
        caption="Payoff and yield: redeemed 12 months after the sale. -: unknown.",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    names = (
        ("county", "parcel", "address", "certificate", "year", "status")
        if wide
        else ("parcel", "certificate")
    )
    for name in (*names, "price", "rate %", "payoff", "yield %", *(("flags",) if wide else ())):
        right = name in RIGHT
        table.add_column(name, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for item in answer["items"]:
        cells = _one_line(item) if wide else _two_lines(item)
        table.add_row(*(escape(cell) for cell in cells))
    console.print(table)


def _one_line(item: dict[str, Any]) -> Sequence[str]:
    return (
        f"{item['county']}, {item['state']}",
        item["parcel_id"],
        item["address"] or "-",
        _certificate(item),
        _known(item["tax_year"]),
        _status(item),
        *_numbers(item),
        ", ".join(_flags(item)),
    )


def _two_lines(item: dict[str, Any]) -> Sequence[str]:
    place = f"{item['county']}, {item['state']}  {item['parcel_id']}"
    second = ", ".join([_status(item), *_flags(item)])
    return (
        f"{item['address']}\n{place}" if item["address"] else place,
        f"{_certificate(item)}  {_known(item['tax_year'])}\n{second}",
        *_numbers(item),
    )


def _numbers(item: dict[str, Any]) -> Sequence[str]:
    payoff = item["payoff"] or {}
    rate = f"{item['rate_pct']}{MARKS[item['rate_basis']]}" if item["rate_pct"] else "-"
    return (
        _money(item["price"]),
        rate,
        _money(payoff.get("holder_proceeds")),
        _known(payoff.get("annual_yield_pct")),
    )


def _certificate(item: dict[str, Any]) -> str:
    return _known(item["certificate_number"] or item["advertising_number"])


def _status(item: dict[str, Any]) -> str:
    return str(item["status"]).replace("_", " ")


def _flags(item: dict[str, Any]) -> list[str]:
    risk = [f"risk {item['score']}"] if item.get("score") else []
    flags = [*risk, *item["flags"], *([item["payoff_missing"]] if item["payoff_missing"] else ())]
    return [str(flag).replace("_", " ") for flag in flags]


def _known(value: object) -> str:
    return "-" if value in (None, "") else str(value)


def _money(amount: str | None) -> str:
    return "-" if amount is None else f"{Decimal(amount):,.2f}"
