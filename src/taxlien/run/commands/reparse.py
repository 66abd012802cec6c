"""``taxlien reparse``: kept pages read again with today's parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from taxlien.run.commands.collecting import drive_here, with_scraper

if TYPE_CHECKING:
    from taxlien.kit.database import Database


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reparse")(reparse)


def reparse(
    since: Annotated[str, typer.Option(help="Pages fetched since this day (YYYY-MM-DD), UTC.")],
    source: Annotated[str | None, typer.Option(help="One source only.")] = None,
) -> None:
    """Read kept pages again, without asking any host: what today's parser reads otherwise is published.

    Ends with 1 when a run was not published.
    """
    from datetime import UTC, datetime

    from rich.console import Console

    from taxlien.services.scraper import service

    try:
        day = datetime.fromisoformat(since)
    except ValueError:
        typer.echo(f"taxlien reparse: --since {since} is not a date like 2026-11-20", err=True)
        raise typer.Exit(2) from None
    start = day if day.tzinfo else day.replace(tzinfo=UTC)

    async def work(database: Database) -> bool:
        console = Console()
        if source is not None:
            async with database.session() as session:
                await service.source_named(session, source)
        begun, left_out = await service.start_reparse(database, start, source=source)
        for words in left_out:
            console.print(words, markup=False, highlight=False, soft_wrap=True)
        if not begun and not left_out:
            console.print(f"no page was kept since {since}")
        good = not left_out
        for run in begun:
            good = await drive_here(database, run.run_id, run.source, console) and good
        return good

    if not with_scraper("reparse", work):
        raise typer.Exit(1)
