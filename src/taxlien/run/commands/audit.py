"""``taxlien audit verify``: walk the audit log of personal data and say whether it is what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from taxlien.kit.database import Database
    from taxlien.services.users.service.audit import Verification


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="The audit log of personal data.", no_args_is_help=True)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def verify(
    since: Annotated[int, typer.Option(min=1, help="Begin at this row.")] = 1,
    anchors: Annotated[
        bool, typer.Option(help="Compare with the heads that were stored outside of the database.")
    ] = True,
) -> None:
    """Check every row and its place. Exit 1 where a row was altered, removed, moved, or the end cut off."""
    import asyncio

    from taxlien.kit.database import Database
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment
    from taxlien.services.users.service.retention import AnchorsAway

    environment.load()

    async def work() -> tuple[Verification, int]:
        url = read_settings(KitSettings).database_url_for("users")
        database = Database(url, service="users", pool_size=1)
        try:
            return await _check(database, since, anchors)
        finally:
            await database.close()

    try:
        found, compared = asyncio.run(work())
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
    except AnchorsAway as error:
        typer.echo(
            f"The object store does not answer ({error}); --no-anchors checks without.", err=True
        )
        raise typer.Exit(3) from None
    _say(found, compared if anchors else None)
    raise typer.Exit(1 if found.broken else 0)


async def _check(database: Database, since: int, compare: bool) -> tuple[Verification, int]:
    from taxlien.services.users import service

    async with database.session() as session:
        heads = await service.retention.genuine_anchors(session, since) if compare else []
        return await service.audit.verify(session, heads, since=since), len(heads)


def _say(found: Verification, compared: int | None) -> None:
    typer.echo(f"{found.rows:,} rows checked")
    typer.echo(f"head: row {found.head.id}, {found.head.hash.hex()}")
    if compared is None:
        typer.echo("anchors: not compared, so an end that was cut off would not show")
    else:
        typer.echo(f"anchors: {compared:,} compared")
    if found.broken:
        typer.echo(f"BROKEN at row {found.broken.id}: {found.broken.what}", err=True)
