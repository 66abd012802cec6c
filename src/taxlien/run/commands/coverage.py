"""``taxlien coverage``: which counties are covered, how old that is, and how far to rely on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from taxlien.services.liens.service import CoverageReport

COLOURS = {"green": "green", "amber": "yellow", "red": "red", "grey": "bright_black"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("coverage")(coverage)


def coverage(
    state: Annotated[str | None, typer.Option(help="Only this state, as FL.")] = None,
    county: Annotated[str | None, typer.Option(help="Only this county, by FIPS code.")] = None,
) -> None:
    """Show every source by county: its status now, its age, and what it brought."""
    import asyncio
    from datetime import UTC, datetime

    from taxlien.kit.database import Database
    from taxlien.kit.errors import InvalidInput
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment
    from taxlien.services.liens import service

    environment.load()

    async def work() -> CoverageReport:
        settings = read_settings(KitSettings)
        database = Database(settings.database_url_for("liens"), service="liens", pool_size=1)
        try:
            async with database.session() as session:
                code = None if state is None else state.upper()
                now = datetime.now(UTC)
                return await service.coverage(session, state=code, county_fips=county, now=now)
        finally:
            await database.close()

    try:
        report = asyncio.run(work())
    except InvalidInput as error:
        typer.echo(f"taxlien coverage: {error}", err=True)
        raise typer.Exit(2) from None
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
    _show(report)


def _show(report: CoverageReport) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("county", "source", "status", "why"):
        table.add_column(title, overflow="fold")
    for title in ("parcels", "liens", "confidence"):
        table.add_column(title, justify="right", no_wrap=True)
    for county in report.counties:
        for source in county.sources:
            facts, judgement = source.facts, source.judgement
            table.add_row(
                f"{county.county} {county.state}",
                facts.source,
                Text(judgement.status, style=COLOURS[judgement.status]),
                Text(judgement.reason),
                f"{facts.properties:,}",
                f"{facts.liens:,}",
                f"{judgement.confidence:.2f}",
            )
    console = Console()
    if report.counties:
        console.print(table)
    counties = sum(state.counties for state in report.states)
    console.print(f"{len(report.counties):,} of {counties:,} counties have a source.")
