"""A command of ``taxlien`` in the test's own process: its words, its streams and how it ended.

What starts in a process of its own spends most of a second on imports; one test a command does so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from typer.testing import CliRunner

from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.run.cli import app


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


async def run_command(*words: str, environment: Mapping[str, str]) -> Ended:
    """Run ``taxlien`` with these words, and these variables beside the process's. Raises what it raises."""
    try:
        # In a thread, as a command starts an event loop of its own.
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words), env=environment)
    finally:
        configure_logs(KitSettings(log_level="warning"), process="tests")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)
