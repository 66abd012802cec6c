"""How a start is shown: a table on a terminal, lines in a log."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from taxlien.run.stack import Display, State, Status


def status(state: State, detail: str = "") -> Status:
    return Status("postgres", "PostgreSQL", state, detail, "18.6", 5433, 1, 0.5, 0)


def show(terminal: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    with Display(console) as display:
        display(status(State.STARTING))
        display(status(State.READY))
        display.say("port 5433 is used by postgres (pid 7): PostgreSQL takes 20001")
        with display.step("migrations") as step:
            step.note("liens")
    return out.getvalue()


def test_log_gets_one_plain_line_per_change() -> None:
    lines = show(terminal=False).splitlines()
    assert lines[:3] == [
        "PostgreSQL  18.6  port 5433  starting",
        "PostgreSQL  18.6  port 5433  ready in 0.50 s",
        "port 5433 is used by postgres (pid 7): PostgreSQL takes 20001",
    ]
    assert lines[-1].startswith("migrations  ready in")


def test_terminal_shows_every_part_and_step() -> None:
    shown = show(terminal=True)
    assert "✔" in shown
    assert "PostgreSQL" in shown
    assert "migrations" in shown


def test_failed_step_is_shown_with_its_reason() -> None:
    out = io.StringIO()
    display = Display(Console(file=out, force_terminal=False, width=100))
    with pytest.raises(ValueError, match="no such table"), display.step("migrations"):
        raise ValueError("no such table")
    assert "migrations  failed: no such table" in out.getvalue()
