"""``taxlien ml``: train models from what was imported, judge them, put them in office, ask them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taxlien.run.commands import ml_card, ml_check, ml_demo, ml_trial
from taxlien.run.commands.ml_product import MlProduct, with_product

if TYPE_CHECKING:
    from taxlien.kit.database import Database

_PAGE = 5_000

Name = Annotated[str, typer.Argument(help="redemption, price, risk or allocation.")]
Seed = Annotated[int, typer.Option(help="Equal data and seeds make equal models.")]
Cases = Annotated[
    Path, typer.Option("--input", help="One JSON object a line.", exists=True, dir_okay=False)
]
Results = Annotated[Path, typer.Option("--output", help="One JSON object a line, in that order.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Models of redemption, prices and risk: train, judge, serve, ask.",
        no_args_is_help=True,
    )
    for command in (
        train,
        evaluate,
        promote,
        rollback,
        remember,
        models,
        predict,
        forecast,
        refill,
    ):
        group.command(command.__name__)(command)
    ml_card.register(group)
    ml_demo.register(group)
    ml_trial.register(group)
    ml_check.register(group)
    app.add_typer(group, name="ml")


def train(name: Name, seed: Seed = 7) -> None:
    """Train a model on what was imported; the first becomes champion, a later one challenger."""

    async def work(product: MlProduct) -> None:
        import asyncio

        from taxlien.services.ml.service import serving, training

        training.known_name(name)
        typer.echo(f"{await _refilled(product):,} liens read from the catalogue.", err=True)
        async with product.database.session() as session:
            table = await training.read_frame(session)
            teachers = await serving.teachers_of(session, product.blobs, name)
        made = await asyncio.to_thread(training.make, name, table, seed=seed, teachers=teachers)
        async with product.database.session() as session:
            one = await training.register(
                session, product.blobs, product.registry, made, objects=product.objects
            )
        typer.echo(
            f"{name} version {one.version} is {one.alias} ({one.artifact[:12]}),"
            f" taught by {made.parameters['rows']:,} rows."
        )
        _show("on the frozen parcels, which teach no model", made.metrics)
        if one.alias == "challenger":
            typer.echo(f"`taxlien ml promote {name}` puts it in office if it is better.")

    with_product(work)


def evaluate(name: Name) -> None:
    """Measure champion and challenger on the frozen parcels; compare them where there are both."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.logic.bootstrap import compare
        from taxlien.services.ml.service import promoting, serving, training

        async with product.database.session() as session:
            table = await training.read_frame(session)
            found = await promoting.offices(session, name)
            teachers = await serving.teachers_of(session, product.blobs, name)
        measured = [await promoting.measure(product.blobs, one, table, teachers) for one in found]
        for one, how in zip(found, measured, strict=True):
            _show(f"{name} version {one.version}, {one.alias}", how.metrics)
        if len(found) == 2:
            seen = compare(measured[0].loss, measured[1].loss, measured[1].cluster)
            typer.echo(
                f"challenger less champion, a case: {seen.difference:+.5f}, 95% between"
                f" {seen.low:+.5f} and {seen.high:+.5f}, {seen.cases:,} cases"
            )

    with_product(work)


def promote(name: Name) -> None:
    """Make the challenger champion, if it is better on the frozen parcels beyond noise."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import promoting, training

        async with product.database.session() as session:
            table = await training.read_frame(session)
            found = await promoting.judge(session, product.blobs, name, table)
        async with product.database.session() as session:
            one = await promoting.promote(session, product.registry, name, found)
        typer.echo(f"{name} version {one.version} is champion: {found.difference:+.5f} a case.")

    with_product(work)


def rollback(name: Name) -> None:
    """Give the office back to the champion before this one."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import promoting, training

        training.known_name(name)
        async with product.database.session() as session:
            one = await promoting.rollback(session, product.registry, name)
        typer.echo(f"{name} version {one.version} is champion again.")

    with_product(work)


def remember(name: Annotated[str, typer.Argument(help="price or risk.")]) -> None:
    """Tell a champion of sales imported since it was taught. Its trees stay; nothing is judged anew."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import remembering, training

        remembering.check_name(name)
        typer.echo(f"{await _refilled(product):,} liens read from the catalogue.", err=True)
        async with product.database.session() as session:
            table = await training.read_frame(session)
            one = await remembering.remember(
                session, product.blobs, product.registry, name, table, objects=product.objects
            )
        typer.echo(f"{name} version {one.version} is champion ({one.reason}).")

    with_product(work)


def models() -> None:
    """List which versions are champion and challenger."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import serving

        async with product.database.session() as session:
            found = await serving.models(session)
        for one in found:
            typer.echo(
                f"{one.name:12} {one.alias:11} version {one.version:<4} {one.artifact[:12]}"
                f"  {one.at:%Y-%m-%d %H:%M} {one.reason}{' (synthetic)' if one.synthetic else ''}"
            )
        if not found:
            typer.echo("No model has been trained: `taxlien ml train redemption`.", err=True)

    with_product(work)


def predict(name: Name, input_file: Cases, output_file: Results) -> None:
    """Answer a file of cases, in order, each with its id. What is no case is answered with an error.

    Ends with 1 when a line was no case; the others are answered all the same.
    """

    async def work(product: MlProduct) -> int:
        import asyncio

        from taxlien.services.ml.service import answering, serving

        async with product.database.session() as session:
            found = await serving.loaded_of(session, product.blobs, name)
            held = [one for one in await serving.models(session) if one.name == name]
        told = await asyncio.to_thread(answering.answer_file, input_file, output_file, found.model)
        answered = told.lines - told.refused
        typer.echo(f"{answered:,} cases answered by {name} version {found.version}.", err=True)
        for one in held:
            if one.alias == "challenger":
                typer.echo(
                    f"Version {one.version} waits: `taxlien ml promote {name}` puts it in office if"
                    " it is better.",
                    err=True,
                )
        if told.refused:
            typer.echo(f"{told.refused:,} lines are no cases; their answers say why.", err=True)
        return told.refused

    try:
        refused = with_product(work)
    except OSError as error:
        if error.filename is None:
            raise
        typer.echo(f"taxlien ml: {error.filename}: {error.strerror}", err=True)
        raise typer.Exit(1) from None
    if refused:
        raise typer.Exit(1)


def forecast(
    county_fips: Annotated[str, typer.Argument(help="Five digits.")],
    year: Annotated[
        int | None, typer.Option(help="Year of the sale; without it, the one after the last known.")
    ] = None,
) -> None:
    """Say what is expected of a county's coming sale: liens, face, rate, premium, bids."""

    async def work(product: MlProduct) -> None:
        import asyncio

        from taxlien.services.ml.logic.auction.listed import BY_LIST
        from taxlien.services.ml.service import forecasting, training

        async with product.database.session() as session:
            table = await training.read_frame(session)
        for one in await asyncio.to_thread(forecasting.forecast, table, county_fips, year):
            by = one.way if one.way == BY_LIST else f"five ways, most by {one.way}"
            typer.echo(
                f"{one.year} {one.measure:8} {one.value:>16,.2f}  four of five {one.low:,.2f} to"
                f" {one.high:,.2f}, by {by}, over {one.years_known} years,"
                f" which missed {one.error_pct:.1f} % in the median"
            )

    with_product(work)


def refill() -> None:
    """Read all liens from the catalogue, as training does: those from before a model was in office too."""

    async def work(product: MlProduct) -> None:
        typer.echo(f"{await _refilled(product):,} liens read.")

    with_product(work)


async def _refilled(product: MlProduct) -> int:
    from taxlien.kit.database import Database

    catalogue = Database(product.catalogue_url, service="liens", pool_size=1)
    try:
        return await copy_catalogue(catalogue, product.database)
    finally:
        await catalogue.close()


async def copy_catalogue(catalogue: Database, ml: Database) -> int:
    """Keep the facts of every lien of the catalogue, each page in a transaction. Returns how many."""
    from uuid import UUID

    from taxlien.services.liens import service as liens
    from taxlien.services.ml import service

    after, count = UUID(int=0), 0
    while True:
        async with catalogue.session() as session:
            page = await liens.export(session, after, _PAGE)
        if not page:
            return count
        async with ml.session() as session:
            await service.keep_facts(session, page)
        after, count = page[-1].lien_id, count + len(page)


def _show(title: str, metrics: Mapping[str, float]) -> None:
    typer.echo(f"{title}:")
    for name, value in sorted(metrics.items()):
        typer.echo(f"  {name:36} {value:.5g}")
