"""``taxlien ml card``: what a reader has to know of the models in office, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from taxlien.run.commands.ml_product import MlProduct, with_product


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("card")(card)


def card(
    name: Annotated[
        str | None, typer.Argument(help="redemption, price, risk ...; without it, all in office.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(help="Folder for NAME.md and its pictures; without it, on screen."),
    ] = None,
) -> None:
    """Write the card of a champion: what taught it, how it did beside simpler ways, where it is weak."""

    async def work(product: MlProduct) -> None:
        from taxlien.services.ml.service import cards, serving

        async with product.database.session() as session:
            held = [one.name for one in await serving.models(session) if one.alias == "champion"]
            for wanted in [name] if name else held:
                found = await cards.card(session, product.blobs, wanted)
                if to is None:
                    typer.echo(found.text)
                    continue
                to.mkdir(parents=True, exist_ok=True)
                (to / f"{found.name}.md").write_text(found.text)
                for file, content in found.pictures.items():
                    (to / file).write_bytes(content)
                typer.echo(f"{to / found.name}.md with {len(found.pictures)} pictures")
            if not (name or held):
                typer.echo("No model is in office: `taxlien ml train redemption`.", err=True)

    with_product(work)
