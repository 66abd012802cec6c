"""``taxlien doctor``: what runs, what it uses, what is wrong and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from taxlien.run.stack.checkup import Checkup


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""

    @app.command()
    def doctor(
        as_json: Annotated[
            bool, typer.Option("--json", help="Print the findings as JSON, sizes in bytes.")
        ] = False,
    ) -> None:
        """Say what runs, versions, ports, memory, disk, and what is wrong. Exit 1 if anything is."""
        import asyncio
        import dataclasses
        import json
        import os

        from rich.console import Console

        from taxlien.run import environment
        from taxlien.run.stack.checkup import examine

        found = asyncio.run(examine(environment.home(), os.environ))
        if as_json:
            typer.echo(json.dumps(dataclasses.asdict(found), indent=2))
        else:
            _show(found, Console())
        if found.problems:
            raise typer.Exit(1)


def _show(found: Checkup, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    styles = {"ready": "green", "external": "cyan", "not running": "dim", "down": "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("part", "state", "version", "port", "pid"):
        table.add_column(name)
    for name in ("memory", "disk"):
        table.add_column(name, justify="right")
    for part in found.parts:
        table.add_row(
            Text(part.title),
            Text(part.state, style=styles.get(part.state, "yellow")),
            Text(part.version),
            Text(str(next(iter(part.ports.values()), ""))),
            Text(str(part.pid or "")),
            Text(_size(part.memory)),
            Text(_size(part.disk)),
        )
    say = {"highlight": False, "markup": False, "soft_wrap": True}
    runs = f"supervised by process {found.supervisor}" if found.supervisor else "nothing runs"
    console.print(f"home    {found.home} ({runs}), Python {found.python}", **say)  # type: ignore[arg-type]
    disk = f"{_size(found.disk_used)} used here, {_size(found.disk_free)} of "
    console.print(f"disk    {disk}{_size(found.disk_total)} free", **say)  # type: ignore[arg-type]
    if found.memory:
        console.print(f"memory  {_size(found.memory)} in all", **say)  # type: ignore[arg-type]
    console.print()
    console.print(table)
    console.print()
    for note in found.notes:
        console.print(f"note: {note}", **say)  # type: ignore[arg-type]
    for problem in found.problems:
        console.print(Text("wrong: ", style="bold red") + problem, soft_wrap=True, highlight=False)
    if not found.problems:
        console.print(Text("nothing is wrong", style="green"))


def _size(size: int | None) -> str:
    """Write a number of bytes for people; empty for None."""
    if size is None:
        return ""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1024:.0f} KiB"
