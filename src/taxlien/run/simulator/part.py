"""The simulator as a part of the stack, replaced by one that the settings name."""

from __future__ import annotations

import sys
from pathlib import Path

from taxlien.run.stack.parts.program import Program

SIMULATOR = "simulator"
SETTING = "TAXLIEN_SCRAPER_SIMULATOR_URL"
DROPS_SETTING = "TAXLIEN_SCRAPER_DROPS_URL"


def simulator_program(drops: Path) -> Program:
    """Return the program: port 8400 where that is free. ``drops`` is the folder it puts lists into."""
    command = [sys.executable, "-m", "taxlien.run", "simulate", "--port", "{port}"]
    return Program(
        SIMULATOR,
        [*command, "--drops", str(drops)],
        title="county simulator",
        usual_port=8400,
        ready_path="/simulator/status",
        offers={SETTING: "http://127.0.0.1:{port}", DROPS_SETTING: f"file://{drops}"},
        replaced_by=SETTING,
    )
