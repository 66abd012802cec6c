"""``taxlien users``: make an account, load a sanctions list, compare people with it, rotate sealing keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from taxlien.kit.database import Database

T = TypeVar("T")

ListFile = Annotated[
    Path, typer.Argument(help="targets.simple.csv of OpenSanctions.", exists=True, dir_okay=False)
]
ListName = Annotated[str, typer.Option("--name", help="What the list is called.")]
ListDate = Annotated[
    str | None, typer.Option("--date", help="Its day, such as 2026-11-20; today by default.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Accounts, sanctions lists, and the keys of sealed values.", no_args_is_help=True
    )
    group.command("create")(create)
    group.command("load-sanctions")(load_sanctions)
    group.command("screen")(screen)
    group.command("reseal")(reseal)
    app.add_typer(group, name="users")


def create(
    email: Annotated[str, typer.Argument(help="Address of the account.")],
    role: Annotated[list[str] | None, typer.Option("--role", help="One or several.")] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for a password instead of making one.")
    ] = False,
) -> None:
    """Make an account whose address counts as verified, or give the one there is these roles."""
    import secrets

    from taxlien.kit.errors import InvalidInput
    from taxlien.services.auth import service

    password = (
        typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        if ask
        else secrets.token_urlsafe(18)
    )

    async def work(database: Database) -> bool:
        async with database.session() as session:
            made = await service.ensure_account(session, email, password, role or ["investor"])
        return made.created

    try:
        created = _with_database("auth", work)
    except InvalidInput as error:
        typer.echo(f"taxlien users create: {error}", err=True)
        raise typer.Exit(2) from None
    if not created:
        typer.echo("There was such an account; its password stays, its roles are these now.")
    elif ask:
        typer.echo("The account was made.")
    else:
        typer.echo(f"The account was made. Its password, shown once: {password}")


def load_sanctions(file: ListFile, name: ListName = "OpenSanctions", day: ListDate = None) -> None:
    """Make a list the current one. `taxlien users screen` then compares everybody with it."""
    _load(file, name, day)


def screen(
    file: Annotated[
        Path | None, typer.Option("--list", help="Load this list first.", exists=True)
    ] = None,
    name: ListName = "OpenSanctions",
    day: ListDate = None,
) -> None:
    """Compare everybody who was checked, or waits to be, with the current list; Ctrl-C loses nothing."""
    from taxlien.services.users import service

    if file is not None:
        _load(file, name, day)

    async def work(database: Database) -> tuple[int, int]:
        cases = hits = 0
        while True:
            async with database.session() as session:
                done = await service.rescreen(session)
            if done.cases == 0:
                return cases, hits
            cases, hits = cases + done.cases, hits + done.hits

    cases, hits = _with_database("users", work)
    typer.echo(f"Compared {cases} checks with the current list; {hits} wait for a reviewer by it.")


def reseal(
    batch: Annotated[int, typer.Option(min=1, max=1000, help="Values at a time.")] = 100,
) -> None:
    """Seal everything with the first of TAXLIEN_SEALING_KEYS; Ctrl-C loses nothing."""
    from taxlien.services.users import service

    async def work(database: Database) -> tuple[int, dict[str, int]]:
        total = 0
        while True:
            async with database.session() as session:
                done = sum(await service.reseal(session, limit=batch))
            total += done
            if done == 0:
                async with database.session() as session:
                    return total, await service.keys_in_use(session)

    total, keys = _with_database("users", work)
    typer.echo(f"Sealed {total} values again.")
    for key, count in sorted(keys.items()):
        typer.echo(f"Key {key} seals {count} values.")


def _load(file: Path, name: str, day: str | None) -> None:
    from datetime import UTC, date, datetime

    from taxlien.kit.errors import InvalidInput
    from taxlien.services.users import service

    try:
        list_date = date.fromisoformat(day) if day else datetime.now(UTC).date()
    except ValueError:
        typer.echo(f"--date {day} is not a date like 2026-11-20", err=True)
        raise typer.Exit(2) from None
    content = file.read_bytes()

    async def work(database: Database) -> service.Loaded:
        async with database.session() as session:
            return await service.load_list(session, content, name, list_date)

    try:
        loaded = _with_database("users", work)
    except InvalidInput as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(1) from None
    state = "is current now" if loaded.is_new else "was current before"
    listed = loaded.listed
    typer.echo(
        f"{listed.name} of {listed.list_date} names {listed.entities:,} people and {state}."
        f" SHA-256 {listed.sha256}"
    )


def _with_database(name: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run ``work`` with the database of a service; exit 3 where none is running."""
    import asyncio

    from taxlien.kit.database import Database
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment

    environment.load()

    async def run() -> T:
        url = read_settings(KitSettings).database_url_for(name)
        database = Database(url, service=name, pool_size=1)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
