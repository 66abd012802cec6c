"""``taxlien notifications``: what could not be sent, and sending it again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from taxlien.kit.database import Session


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Messages that could not be sent.", no_args_is_help=True)
    group.command("dead-letters")(dead_letters)
    group.command("replay")(replay)
    app.add_typer(group, name="notifications")


def dead_letters(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
) -> None:
    """List messages that were given up and can be sent again, the newest first."""
    from taxlien.services.notifications import service

    async def work(session: Session) -> None:
        for found in await service.dead_letters(session, limit):
            typer.echo(
                f"{found.message_id}  {found.created_at:%Y-%m-%d %H:%M}  {found.channel:<8}"
                f"{found.kind:<24}{found.attempts:>4} attempts  {found.error or ''}"
            )

    _run(work)


def replay(
    message_ids: Annotated[
        list[UUID] | None, typer.Argument(help="Which; none of them named, all.")
    ] = None,
) -> None:
    """Send dead letters again, if their time is not over, to targets that have not had them."""
    from taxlien.services.notifications import service

    async def work(session: Session) -> None:
        found = await service.replay(session, message_ids or None)
        typer.echo(f"{len(found)} will be sent again")

    _run(work)


def _run(work: Callable[[Session], Awaitable[None]]) -> None:
    import asyncio

    from taxlien.kit.database import Database
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment

    environment.load()

    async def on_database() -> None:
        url = read_settings(KitSettings).database_url_for("notifications")
        database = Database(url, service="notifications", pool_size=1)
        try:
            async with database.session() as session:
                await work(session)
        finally:
            await database.close()

    try:
        asyncio.run(on_database())
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
