"""``taxlien scrape``: one source, now, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from taxlien.run.commands.collecting import drive_here, with_scraper

if TYPE_CHECKING:
    from taxlien.kit.database import Database


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("scrape")(scrape)


def scrape(
    source: Annotated[
        str, typer.Argument(help="Name of the source, as `taxlien sources` says it.")
    ],
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many pages.")] = None,
    parcel: Annotated[
        list[str] | None, typer.Option("--parcel", help="Look up only this parcel; repeatable.")
    ] = None,
) -> None:
    """Collect a source and show how it goes. Ctrl-C loses nothing: the run is gone on with.

    Ends with 1 when the run was refused, stopped or quarantined.
    """
    from rich.console import Console

    from taxlien.services.scraper import service

    async def work(database: Database) -> bool:
        await service.sync_sources(database)
        async with database.session() as session:
            run_id = await service.start_run(session, source, limit=limit, parcels=parcel or ())
        return await drive_here(database, run_id, source, Console())

    if not with_scraper("scrape", work):
        raise typer.Exit(1)
