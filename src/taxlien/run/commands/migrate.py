"""``taxlien migrate``: roles, schemas and reference data of every service; with ``--demo``, demo liens."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    demo: Annotated[
        bool, typer.Option(help="Also load the synthetic demo liens and two accounts.")
    ] = False,
) -> None:
    """Bring the database to what this version expects. Safe to repeat; part of every deployment."""
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment
    from taxlien.run.demo.accounts import load_demo_accounts
    from taxlien.run.demo.load import load_demo
    from taxlien.run.schema import prepare
    from taxlien.run.stack import StackHome

    async def work() -> None:
        settings = read_settings(KitSettings)
        names = await prepare(settings)
        typer.echo(f"schemas are up to date: {', '.join(names)}")
        if demo:
            typer.echo(f"demo liens new: {await load_demo(settings)}")
            secrets = StackHome(environment.home()).secrets()
            typer.echo(f"demo accounts: {await load_demo_accounts(settings, secrets)}")

    environment.load()
    try:
        asyncio.run(work())
    except SettingsError as error:
        typer.echo(f"taxlien migrate: {error}", err=True)
        raise typer.Exit(2) from None
