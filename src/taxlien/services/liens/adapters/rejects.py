"""Write rejected lines to a CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import TextIO

from taxlien.services.liens.logic.records import Reject

COLUMNS = ("line", "column", "reason", "raw")
# What spreadsheets take for a formula (OWASP: CSV injection), and the control characters before it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class RejectsWriter:
    """Opens the file at the first reject, so that a clean import leaves none behind.

    What an earlier import left there goes first: it speaks of another run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def __enter__(self) -> RejectsWriter:
        if self.path.is_file() and self._is_ours():
            self.path.unlink()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, reject: Reject) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8-sig", newline="")
            csv.writer(self._file).writerow(COLUMNS)
        self.count += 1
        texts = (reject.column or "", reject.reason, reject.raw)
        csv.writer(self._file).writerow([reject.line, *map(spreadsheet_safe, texts)])

    def _is_ours(self) -> bool:
        with self.path.open(encoding="utf-8-sig", errors="replace") as file:
            return file.readline(200).strip() == ",".join(COLUMNS)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def spreadsheet_safe(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would run it."""
    clean = text.replace("\x00", " ")
    return f"'{clean}" if clean.lstrip(" ").startswith(_FORMULA) else clean
