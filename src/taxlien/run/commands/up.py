"""``taxlien up`` and ``taxlien down``: the whole product on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("down")(down)


def up(
    demo: Annotated[bool, typer.Option(help="Load the synthetic demo liens.")] = True,
    simulate: Annotated[
        bool, typer.Option(help="Play county sites and collect from them, beside the demo.")
    ] = True,
    any_port: Annotated[bool, typer.Option(help="Leave the usual ports to others.")] = False,
) -> None:
    """Start everything, print the addresses, and run until Ctrl-C."""
    from taxlien.run import environment
    from taxlien.run.product import Product
    from taxlien.run.stack import Display, StackError

    display = Display()

    async def work() -> None:
        product = Product(
            environment.home(),
            demo=demo,
            simulate=demo and simulate,
            any_port=any_port,
            display=display,
        )

        async def begin() -> None:
            with display:
                await product.start()
            for notice in product.stack.notices:
                display.say(f"note: {notice}")
            _print_page(product.stack.environment(), product.stack.home.secrets() if demo else None)

        await product.stack.serve(begin)

    try:
        asyncio.run(work())
    except StackError as error:
        typer.echo(f"taxlien up: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo("stopped; the data stays where it is")


def _print_page(settings: dict[str, str], secrets: dict[str, str] | None) -> None:
    """Print where everything is. ``secrets`` hold the demo's passwords; None where no demo was loaded."""
    from rich.console import Console
    from rich.panel import Panel

    from taxlien.run.demo.people import DEMO_ACCOUNTS

    gateway = settings["TAXLIEN_GATEWAY_URL"]
    lines = [
        "[bold]TAXLIEN.online is up[/bold]  (Ctrl-C stops it)",
        "",
        f"  start page     {gateway}/",
        f"  API and docs   {gateway}/docs",
        f"  search         {gateway}/v1/search?q=oak&sort=roi_desc",
        f"  rules of law   {gateway}/v1/liens/rules/FL",
        f"  mail sent      {gateway}/dev/mail",
    ]
    if secrets is not None:
        lines += ["", "[bold]Demo logins[/bold]  (POST /v1/auth/login)", ""]
        lines += [f"  {a.email:<30} {secrets[a.secret]}" for a in DEMO_ACCOUNTS]
        lines += [
            "",
            "  county sites are played by a simulator and collected: .venv/bin/taxlien sources",
        ]
        lines += ["  all liens are [bold]synthetic[/bold], drawn from a seed, and marked so"]
        lines += ["  models are taught by them in the background: .venv/bin/taxlien ml models"]
    lines += ["", "[bold]Import a county's real file[/bold], in another shell:", ""]
    lines += ["  .venv/bin/taxlien import PATH_TO_FILE.csv.gz"]
    Console().print(Panel("\n".join(lines), expand=False, padding=(1, 2)))


def down() -> None:
    """Stop the product that runs from this folder's data."""
    from taxlien.run import environment
    from taxlien.run.stack import stop_running

    stopped = stop_running(environment.home())
    typer.echo("stopped" if stopped else "nothing was running")
