"""The formats in which most dates of an unknown file's column are written."""

from __future__ import annotations

from collections.abc import Sequence

from .normalising import date_parser

MOST_FORMATS = 3
FORMATS = (
    "YYYY-MM-DD ...",
    "MM/DD/YYYY",
    "MM/DD/YY",
    "MM-DD-YYYY",
    "MM-DD-YY",
    "MM/DD/YYYY ...",
    "MM/DD/YY ...",
    "DD-MON-YYYY",
    "DD-MON-YY",
    "MON DD, YYYY",
    "YYYY/MM/DD",
    "YYYYMMDD",
)


def date_formats(cells: Sequence[str]) -> tuple[str, ...]:
    """The formats that read most cells, the best first: a stray cell must not cost a column its dates.

    None where half the cells are no dates.
    """
    chosen: list[str] = []
    rest = list(cells)
    while rest and len(chosen) < MOST_FORMATS:
        left = {text: _unread(text, rest) for text in FORMATS}
        best = min(FORMATS, key=lambda text: len(left[text]))
        if len(left[best]) == len(rest):
            break
        chosen.append(best)
        rest = left[best]
    return tuple(chosen) if 2 * len(rest) < len(cells) else ()


def _unread(text: str, cells: Sequence[str]) -> list[str]:
    """The cells that a format does not read."""
    parse, unread = date_parser((text,)), []
    for cell in cells:
        try:
            parse(cell)
        except ValueError:
            unread.append(cell)
    return unread
