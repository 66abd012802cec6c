"""``taxlien ml train-demo``: models for a first look, taught by made-up liens."""

from __future__ import annotations

import typer

from taxlien.run.commands.ml_product import MlProduct, with_product


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("train-demo")(train_demo)


def train_demo() -> None:
    """Teach what has no model yet from synthetic liens; `taxlien up` does so once. Real ones replace them."""
    from taxlien.run import environment
    from taxlien.run.demo import models, scores

    models.stand_back()

    async def work(product: MlProduct) -> None:
        taught = await models.teach(product, models.past_years())
        if taught:
            from taxlien.kit.database import Database
            from taxlien.services.ml.service import scoring

            catalogue = Database(product.catalogue_url, service="liens", pool_size=1)
            try:
                await scores.score(catalogue, product.database, scoring.open_champions())
            finally:
                await catalogue.close()
        typer.echo(f"taught by synthetic liens: {', '.join(taught) or 'nothing was missing'}")

    with_product(work)
    mark = models.taught_mark(environment.home())
    if mark.parent.exists():
        mark.touch()
