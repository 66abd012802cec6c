"""``taxlien sources``: who is collected and how it goes; what a person decides about a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from taxlien.run.commands.collecting import drive_here, with_scraper

if TYPE_CHECKING:
    from rich.text import Text

    from taxlien.kit.database import Database
    from taxlien.services.scraper.service import SourceState

Name = Annotated[str, typer.Argument(help="Name of the source.")]
_COLOURS = {"active": "green", "stopped": "red", "quarantined": "yellow", "paused": "cyan"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Sources: how collecting goes, and what a person decides.")
    group.callback(invoke_without_command=True)(sources)
    group.command("release")(release)
    group.command("discard")(discard)
    group.command("resume")(resume)
    group.command("pause")(pause)
    app.add_typer(group, name="sources")


def sources(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Also sources that are not collected.")
    ] = False,
) -> None:
    """Show every source: status, legal status, last success, age, rows, error rate."""
    if context.invoked_subcommand is not None:
        return
    from datetime import UTC, datetime

    from taxlien.services.scraper import service

    async def work(database: Database) -> tuple[list[SourceState], list[dict[str, Any]]]:
        async with database.session() as session:
            known = await service.knows_sources(session)
        if not known:
            await service.sync_sources(database)
        async with database.session() as session:
            states = await service.source_states(session, datetime.now(UTC))
            return states, await service.open_tasks(session)

    states, tasks = with_scraper("sources", work)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(states), indent=2).decode())
        return
    _show(states, tasks, every=every)


def _show(states: list[SourceState], tasks: list[dict[str, Any]], *, every: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    # The name is typed into other commands: it stays whole, and the words beside it fold.
    table.add_column("source", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("legal status")
    table.add_column("last success", justify="right")
    for title in ("age", "rows", "errors"):
        table.add_column(title, justify="right", no_wrap=True)
    off = [state for state in states if state.status == "off"]
    for state in states:
        if state.status == "off" and not every:
            continue
        late = state.stale and state.by_itself
        table.add_row(
            state.name,
            _status(state),
            state.legal_status.replace("_", " "),
            f"{state.last_success_at:%Y-%m-%d %H:%M}" if state.last_success_at else "never",
            Text(_age(state.age_hours), style="yellow" if late else ""),
            f"{state.rows:,}",
            "" if state.error_rate is None else f"{state.error_rate:.1%}",
        )
    console.print(table)
    if any(state.status == "active" and not state.by_itself for state in states):
        _line(
            console,
            "by hand: the schedule leaves it alone (TAXLIEN_SCRAPER_COLLECT_LIVE is off);"
            " taxlien scrape collects it",
        )
    if off and not every:
        console.print(f"{len(off)} more are not collected: --all shows them and why")
    for state in states:
        if state.reason and (every or state.status != "off"):
            _line(console, f"{state.name} is {state.status}: {state.reason}")
    for task in tasks:
        _line(console, f"{task['raised_at']:%Y-%m-%d %H:%M} {task['summary']}")


def _status(state: SourceState) -> Text:
    from rich.text import Text

    if state.status == "active" and not state.by_itself:
        return Text("by hand", style="dim")
    return Text(state.status, style=_COLOURS.get(state.status, "dim"))


def release(name: Name) -> None:
    """Publish the quarantined run of a source: its diff was read and is right."""
    from rich.console import Console

    from taxlien.services.scraper import service

    async def work(database: Database) -> bool:
        async with database.session() as session:
            run_id = await service.release_quarantine(session, name)
        return await drive_here(database, run_id, name, Console())

    if not with_scraper("sources release", work):
        raise typer.Exit(1)


def discard(name: Name) -> None:
    """Throw the quarantined run of a source away; it is collected anew when its turn comes."""
    from taxlien.services.scraper import service

    async def work(database: Database) -> None:
        async with database.session() as session:
            await service.discard_run(session, name)

    with_scraper("sources discard", work)
    typer.echo(f"The run of {name} was thrown away.")


def resume(name: Name) -> None:
    """Collect a stopped or paused source again: somebody looked at why it stopped."""
    from taxlien.services.scraper import service

    async def work(database: Database) -> None:
        async with database.session() as session:
            await service.resume_source(session, name)

    with_scraper("sources resume", work)
    typer.echo(f"{name} is collected again.")


def pause(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, in words.")] = "a person decided so",
) -> None:
    """Begin no more runs of a source until it is resumed."""
    from taxlien.services.scraper import service

    async def work(database: Database) -> None:
        async with database.session() as session:
            await service.pause_source(session, name, reason)

    with_scraper("sources pause", work)
    typer.echo(f"{name} is paused.")


def _age(hours: float | None) -> str:
    if hours is None:
        return ""
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} d"


def _line(console: Any, words: str) -> None:
    console.print(words, markup=False, highlight=False, soft_wrap=True)
