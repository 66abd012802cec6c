"""``taxlien simulate``: many counties' sites on one local port, generated from a seed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.")] = 8400,
    seed: Annotated[int, typer.Option(help="The same seed gives the same counties.")] = 1,
    counties: Annotated[int, typer.Option(help="How many counties are played.")] = 12,
    parcels: Annotated[
        int,
        typer.Option(
            envvar="TAXLIEN_SIMULATE_PARCELS", help="How many parcels they have together."
        ),
    ] = 6_000,
    faults: Annotated[
        str, typer.Option(help="What goes wrong: none, rough, hostile, redesign.")
    ] = "none",
    drops: Annotated[
        Path | None, typer.Option(help="A folder to put a county's lists into, as files.")
    ] = None,
    day: Annotated[
        str, typer.Option(help="The day it is there (YYYY-MM-DD); today if left out.")
    ] = "",
) -> None:
    """Play county sites of every platform: synthetic parcels, taxes, certificates and sales."""
    from taxlien.run.simulator.casting import cast
    from taxlien.run.simulator.serving.faults import PROFILES
    from taxlien.run.simulator.serving.program import run
    from taxlien.run.simulator.serving.simulator import Simulator
    from taxlien.run.simulator.world.world import World

    if faults not in PROFILES:
        raise typer.BadParameter(f"one of {', '.join(PROFILES)}", param_hint="--faults")
    try:
        today = date.fromisoformat(day) if day else datetime.now(UTC).date()
        world = World.made(seed, counties, parcels, today)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    plays = cast(world, drops=drops is not None)
    simulator = Simulator(world, plays, PROFILES[faults], drops=drops)

    def announce(bound: int) -> None:
        """Say where it is, in a line that a program can read too."""
        typer.echo(f"simulating {len(simulator.plays)} sites at http://127.0.0.1:{bound}")

    try:
        run(simulator, port, announce)
    except OSError as error:
        typer.echo(f"taxlien simulate: {error.strerror or error}", err=True)
        raise typer.Exit(1) from None
