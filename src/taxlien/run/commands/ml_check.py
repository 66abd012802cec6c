"""``taxlien ml check``: whether the models in office still fit what comes in, and what comes true."""

from __future__ import annotations

import typer

from taxlien.run.commands.ml_product import MlProduct, with_product


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("check")(check)


def check() -> None:
    """Check every champion now, as is done once a day: drift of what it is told, and of what comes true."""

    async def work(product: MlProduct) -> None:
        from datetime import timedelta

        from taxlien.services.ml.service import checking

        async with product.database.session() as session:
            asked = await checking.due(session, every=timedelta(0))
        for one in asked:
            for found in await checking.check(product.database, product.blobs, one):
                typer.echo(
                    f"{one.champion.name:12} {found.kind:9} {found.state:8}"
                    f" {found.rows:>7,} liens  {found.detail}"
                )
        if not asked:
            typer.echo("No model is in office: `taxlien ml train redemption`.", err=True)

    with_product(work)
