"""``taxlien duplicates``: parcels that sources spell differently; a person merges, parts, or says no."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from taxlien.kit.database import Session
    from taxlien.services.liens.repository import Candidate, Merge

T = TypeVar("T")
Fips = Annotated[str, typer.Argument(help="County, as five digits of FIPS.")]
Parcel = Annotated[str, typer.Argument(help="Parcel number, with or without dashes.")]
Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Lines of each table.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Parcels that may be one, and those merged.", no_args_is_help=True)
    group.command("list")(show)
    group.command("scan")(scan)
    group.command("merge")(merge)
    group.command("undo")(undo)
    group.command("dismiss")(dismiss)
    app.add_typer(group, name="duplicates")


def show(
    county: Annotated[str | None, typer.Option(help="Only this county, by FIPS code.")] = None,
    limit: Limit = 50,
) -> None:
    """Show what waits for a person, the likeliest first, and the merges in force."""
    from taxlien.services.liens import service

    merges, candidates = _with_catalogue(lambda s: service.duplicates(s, county, limit))
    _tables(merges, candidates)


def scan(county: Fips) -> None:
    """Compare the parcels of a county now; workers do it by themselves after a while."""
    from datetime import UTC, datetime

    from taxlien.services.liens import service

    at = datetime.now(UTC)
    found = _with_catalogue(lambda s: service.compare_parcels(s, county, at=at))
    typer.echo(f"{found.merged} pairs were merged, {found.candidates} wait for a person.")


def merge(county: Fips, one: Parcel, other: Parcel) -> None:
    """Say that two parcels are one."""
    from taxlien.services.liens import service

    done = _with_catalogue(lambda s: service.merge_parcels(s, county, one, other))
    typer.echo(f"Merged. To take it back: taxlien duplicates undo {done.id}")


def undo(merge_id: Annotated[str, typer.Argument(help="Id of the merge.")]) -> None:
    """Take a merge back; it is not made again by itself."""
    from uuid import UUID

    from taxlien.services.liens import service

    try:
        wanted = UUID(merge_id)
    except ValueError:
        typer.echo(f"taxlien duplicates undo: {merge_id} is no id of a merge", err=True)
        raise typer.Exit(2) from None
    done = _with_catalogue(lambda s: service.undo_merge(s, wanted))
    typer.echo(f"{done.parcel_key} and {done.other_key} are two parcels again.")


def dismiss(county: Fips, one: Parcel, other: Parcel) -> None:
    """Say that two candidates are two parcels."""
    from taxlien.services.liens import service

    _with_catalogue(lambda s: service.dismiss(s, county, one, other))
    typer.echo("They are two parcels, and will not be proposed again.")


def _with_catalogue(work: Callable[[Session], Awaitable[T]]) -> T:
    """Run ``work`` in a transaction of the catalogue; errors for people end the command."""
    import asyncio

    from taxlien.kit.database import Database
    from taxlien.kit.errors import DomainError
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment

    environment.load()

    async def run() -> T:
        url = read_settings(KitSettings).database_url_for("liens")
        database = Database(url, service="liens", pool_size=1)
        try:
            async with database.session() as session:
                return await work(session)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except DomainError as error:
        typer.echo(f"taxlien duplicates: {error}", err=True)
        raise typer.Exit(2) from None
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None


def _tables(merges: list[Merge], candidates: list[Candidate]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    def table(title: str, *rows: tuple[str, ...]) -> Table:
        made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for name in ("county", "parcel", "other", "score", "why", "merge"):
            made.add_column(name, overflow="fold")
        for row in rows:
            made.add_row(*row)
        return made

    def cells(found: Any, last: str) -> tuple[str, ...]:
        return (
            found.county_fips, found.parcel_key, found.other_key, f"{found.score:.3f}",
            _why(found.evidence), last,
        )  # fmt: skip

    console = Console()
    waiting = [cells(candidate, "") for candidate in candidates]
    console.print(table(f"{len(waiting)} wait for a person", *waiting))
    done = [cells(merge, f"{merge.id} ({merge.decided_by})") for merge in merges]
    console.print(table(f"{len(done)} merged", *done))


def _why(evidence: dict[str, Any]) -> str:
    parts = (
        f"{name}: {' | '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in evidence.items()
    )
    return "; ".join(parts)
