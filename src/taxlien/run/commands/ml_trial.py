"""``taxlien ml trial``: a share of the users is answered by the challenger, for a while and on watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from taxlien.run.commands.ml_product import MlProduct, with_product

if TYPE_CHECKING:
    from taxlien.services.ml.service.trials import Status

Name = Annotated[str, typer.Argument(help="redemption, price or risk.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    trial = typer.Typer(
        help="Let a share of the users be answered by the challenger.", no_args_is_help=True
    )
    trial.command("start")(start)
    trial.command("stop")(stop)
    trial.command("status")(status)
    group.add_typer(trial, name="trial")


def start(
    name: Name,
    percent: Annotated[float, typer.Option(help="Share of the users, above 0 to 100.")] = 10.0,
    days: Annotated[float, typer.Option(help="It ends by itself after so many days.")] = 14.0,
) -> None:
    """Answer a share of the users by the challenger: always the same ones, until the trial ends.

    It stops by itself where the challenger is surely worse; `status` says why.
    """

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import trials

        async with product.database.session() as session:
            one = await trials.start(session, name, percent, days)
        typer.echo(
            f"{one.share_pct:g} % of the users are answered by version {one.challenger} of {name},"
            f" the others by {one.champion}, until {one.ends_at:%Y-%m-%d %H:%M} UTC."
        )

    with_product(work)


def stop(name: Name) -> None:
    """Let the champion answer everybody again."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import trials

        async with product.database.session() as session:
            one = await trials.stop(session, name)
        typer.echo(f"The trial of version {one.challenger} of {name} is over.")

    with_product(work)


def status(
    name: Annotated[str | None, typer.Argument(help="Without it, every model.")] = None,
) -> None:
    """Say what was measured in the latest trial: people reached, errors, seconds, answers without data."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import trials

        async with product.database.session() as session:
            found = await trials.status(session, name)
        for one in found:
            _show(one)
        if not found:
            typer.echo("There was no trial: `taxlien ml trial start NAME`.", err=True)

    with_product(work)


def _show(status: Status) -> None:
    one = status.trial
    typer.echo(
        f"{one.name}: version {one.challenger} against {one.champion}, {one.share_pct:g} % of users,"
        f" {one.started_at:%Y-%m-%d %H:%M} to {one.ends_at:%Y-%m-%d %H:%M}"
    )
    if one.stopped_at:
        typer.echo(f"  stopped {one.stopped_at:%Y-%m-%d %H:%M}: {one.reason}")
    for metric, arms in sorted(status.measured.items()):
        for arm, seen in sorted(arms.items()):
            of = f", mean {seen.mean:.5g}" if metric != "exposed" else ""
            typer.echo(f"  {metric:14} {arm:11} {seen.count:>10,}{of}")
