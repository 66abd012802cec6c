"""What came of an import, as a table: one line a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

    from taxlien.services.liens.service import ImportReport


class Outcome(NamedTuple):
    """A file that was imported, the report on it, the seconds it took, and where its bad rows went."""

    path: Path
    rejects: Path
    report: ImportReport
    seconds: float


def summarise(done: list[Outcome], console: Console, *, dry_run: bool) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    titles = ("rows", "new", "changed", "same", "twice", "rejects", "rows/s")
    title = "Nothing was kept: a dry run" if dry_run else None
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("file", overflow="fold")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    for path, _, report, seconds in done:
        liens, rows = report.liens, report.rows()
        numbers = (rows, liens.new + report.other_new, liens.changed + report.other_changed,
                   liens.unchanged + report.other_unchanged,
                   liens.duplicates + report.read.duplicates, report.rejects)  # fmt: skip
        name = escape(f"{path.absolute().parent.name}/{path.name}")
        table.add_row(name, *(f"{number:,}" for number in numbers), f"{rows / seconds:,.0f}")
    console.print(table)
    for path, rejects, report, _ in done:
        if report.redated:
            told = f"{report.redated:,} known liens got their sale date from {path.name}"
            console.print(told, markup=False, highlight=False)
        if report.rejects:
            told = f"{report.rejects:,} rows of {path.name} were not taken: {rejects}"
            console.print(told, markup=False, highlight=False, soft_wrap=True)
