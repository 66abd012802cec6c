"""Cut one delimited row into cells, telling apart a quote that is still open and one that is wrong."""

from __future__ import annotations

import re
from functools import lru_cache


class OpenQuote(ValueError):
    """The row ends inside a quoted cell: more lines may belong to it."""


class StrayQuote(ValueError):
    """Text follows a closing quote: no further line can mend this row."""


@lru_cache(maxsize=16)
def _cell_pattern(delimiter: str) -> re.Pattern[str]:
    mark = re.escape(delimiter)
    quoted = r'[ ]*"((?:[^"]|"")*+)"[ ]*'
    return re.compile(rf'(?:{quoted}|((?![ ]*")[^{mark}]*))({mark}|\Z)')


def split_row(text: str, delimiter: str) -> list[str]:
    """The cells of one row. Raises ``OpenQuote`` or ``StrayQuote``.

    A quote counts only at the start of a cell (blanks before it aside); inside a plain cell it is a
    character like any other (5" PIPE).
    """
    return [cell for cell, _ in _cells(text, delimiter)]


def quoted_cells(text: str, delimiter: str) -> list[bool]:
    """For each cell of the row, whether it was quoted. Raises as ``split_row``."""
    return [quoted for _, quoted in _cells(text, delimiter)]


def _cells(text: str, delimiter: str) -> list[tuple[str, bool]]:
    match_cell = _cell_pattern(delimiter).match
    found: list[tuple[str, bool]] = []
    at = 0
    while True:
        match = match_cell(text, at)
        if match is None:
            raise _quote_error(text, at)
        quoted, plain, mark = match.groups()
        if plain is None:
            found.append((quoted.replace('""', '"'), True))
        else:
            found.append((plain, False))
        if not mark:
            return found
        at = match.end()


def _quote_error(text: str, at: int) -> ValueError:
    start = text.index('"', at) + 1
    closing = re.compile(r'(?:[^"]|"")*+"').match(text, start)
    if closing is None:
        return OpenQuote("a quote that is never closed")
    return StrayQuote("text after a closing quote")
