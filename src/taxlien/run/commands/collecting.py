"""What the commands of collecting share: the database, a run driven here, what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from taxlien.kit.database import Database

T = TypeVar("T")


def with_scraper(name: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run ``work`` with the scraper's database. Exits with 3 where nothing runs, with 1 on a refusal."""
    import uvloop

    from taxlien.kit.database import Database, describe, is_connection_lost
    from taxlien.kit.errors import DomainError
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment
    from taxlien.services.scraper.adapters import current

    environment.load()

    async def run() -> T:
        url = read_settings(KitSettings).database_url_for("scraper")
        database = Database(url, service="scraper", pool_size=4)
        try:
            return await work(database)
        finally:
            await current.close()
            await database.close()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
    except DomainError as error:
        typer.echo(f"taxlien {name}: {error}", err=True)
        raise typer.Exit(1) from None
    except Exception as error:
        if not is_connection_lost(error):
            raise
        typer.echo(f"taxlien {name}: the database is away ({describe(error)})", err=True)
        raise typer.Exit(3) from None


async def drive_here(database: Database, run_id: UUID, source: str, console: Console) -> bool:
    """Drive a run to its end in this process, showing how it goes. Returns whether it was published."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from taxlien.services.scraper import service

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[pages]:,} pages, {task.fields[records]:,} records"),
        TextColumn("{task.fields[unchanged]:,} unchanged, {task.fields[errors]:,} errors"),
        TimeElapsedColumn(),
    )
    stop = asyncio.Event()
    with Progress(*columns, console=console) as progress:
        row = progress.add_task(source, total=None, pages=0, records=0, unchanged=0, errors=0)

        async def show(tally: service.Tally) -> None:
            progress.update(
                row,
                pages=tally.figures.pages,
                records=tally.figures.total,
                unchanged=tally.unchanged,
                errors=sum(tally.figures.errors.values()),
            )

        state = "open"
        while state == "open":
            await service.drive(database, run_id, stop=stop, progress=show)
            async with database.session() as session:
                state = (await service.run_named(session, run_id)).state
            if state == "open":
                await asyncio.sleep(1.0)  # another process drives it: look again
    async with database.session() as session:
        run = await service.run_named(session, run_id)
    _tell(run, console)
    return run.state == "published"


def _tell(run: Any, console: Console) -> None:
    words = f"{run.source}: {run.state}"
    if run.state == "published":
        gone = f", {run.gone:,} no longer said" if run.gone else ""
        words += f"; {run.changed:,} new or changed{gone}, {run.unchanged_pages:,} pages unchanged"
    console.print(words, markup=False, highlight=False, soft_wrap=True)
    if run.reason:
        console.print(run.reason, markup=False, highlight=False, soft_wrap=True)
    if run.state == "quarantined" and run.diff:
        console.print(run.diff, markup=False, highlight=False, soft_wrap=True)
