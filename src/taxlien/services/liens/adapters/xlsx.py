"""Read a sheet of a workbook (XLSX, XLS, ODS) as rows of text, numbers exact."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from taxlien.services.liens.logic.records import ReadCounts, UnreadableFile

from .delimited import Row
from .opening import OpenedFile


class SheetRows:
    """The rows of one sheet. ``line`` is the row's number in the sheet. Fits ``RowSource``."""

    delimiter = ","

    def __init__(self, sheet: CalamineSheet, counts: ReadCounts) -> None:
        self._counts = counts
        self._cells = sheet.to_python(skip_empty_area=False)

    def sample(self) -> list[Row]:
        return list(self._rows(ReadCounts(), 500))

    def rows(self) -> Iterator[Row]:
        return self._rows(self._counts, len(self._cells))

    def _rows(self, counts: ReadCounts, most: int) -> Iterator[Row]:
        for number, values in enumerate(self._cells[:most], start=1):
            counts.lines = number
            cells = [cell_text(value) for value in values]
            if any(cells):
                yield number, cells, ",".join(cells)
            else:
                counts.blank += 1


def open_sheets(opened: OpenedFile, counts: ReadCounts) -> list[SheetRows]:
    """The sheets that hold anything. Raises ``UnreadableFile`` for a damaged or locked workbook."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(opened.whole()))
        sheets = [SheetRows(book.get_sheet_by_name(name), counts) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFile(f"the workbook cannot be read: {error}") from error
    filled = [sheet for sheet in sheets if sheet.sample()]
    if not filled:
        raise UnreadableFile("the workbook is empty")
    return filled


def cell_text(value: Any) -> str:
    """A cell as text. A number becomes its shortest exact decimal; a date its ISO form.

    A number that a spreadsheet cannot hold exactly (16 digits and more) is left in scientific
    notation, which no parcel number may have.
    """
    if isinstance(value, str):
        return value.replace("\x00", " ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if abs(value) >= 1e15:
            return f"{value:.6E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return "" if value is None else str(value)
