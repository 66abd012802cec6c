"""``taxlien reindex``: have the search index built anew from the catalogue, while the old one serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from taxlien.kit.database import Database


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reindex")(reindex)


def reindex(
    wait: Annotated[bool, typer.Option(help="Show the progress until it is done.")] = True,
) -> None:
    """Ask the search worker to build the index anew. Searches go on meanwhile."""
    import asyncio

    from taxlien.kit.database import Database
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment

    environment.load()
    try:
        url = read_settings(KitSettings).database_url_for("search")
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None

    async def work() -> bool:
        database = Database(url, service="search", pool_size=1)
        try:
            return await _follow(database, wait)
        finally:
            await database.close()

    try:
        done = asyncio.run(work())
    except KeyboardInterrupt:
        typer.echo("The rebuild goes on without this window.")
        raise typer.Exit(0) from None
    raise typer.Exit(0 if done else 1)


async def _follow(database: Database, wait: bool) -> bool:
    """Ask, and show how it goes. Returns whether it was done or, without ``wait``, asked."""
    import asyncio

    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from taxlien.services.search import service

    async with database.session() as session:
        rebuild = await service.request_rebuild(session, "asked by taxlien reindex")
    if not wait:
        typer.echo(f"Rebuild {rebuild.rebuild_id} is {rebuild.status}.")
        return True
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        shown = progress.add_task("waiting for the search worker")
        while rebuild.status in ("requested", "running"):
            await asyncio.sleep(0.3)
            async with database.session() as session:
                rebuild = await service.get_rebuild(session, rebuild.rebuild_id)
            text = f"{rebuild.liens:,} liens indexed"
            if rebuild.status == "requested":
                text = f"waiting for the search worker ({rebuild.error or 'is one running?'})"
            progress.update(shown, description=text)
    if rebuild.status == "done":
        typer.echo(f"The index was built anew from {rebuild.liens:,} liens and now serves.")
        return True
    typer.echo(
        f"The rebuild was given up; the old index goes on serving. {rebuild.error}", err=True
    )
    return False
