"""Shows a stack coming up: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from taxlien.run.stack.parts.part import State
from taxlien.run.stack.supervised import Status

STYLES = {
    State.READY: ("green", "✔"),
    State.EXTERNAL: ("cyan", "→"),
    State.FAILED: ("red", "✘"),
    State.RESTARTING: ("yellow", "↻"),
    State.STOPPED: ("dim", "■"),
}
BUSY = (State.STARTING, State.STOPPING, State.RESTARTING)


class Display:
    """A progress callback to be used as a context manager: ``with Display() as show: ...``.

    On a terminal one table is kept up to date; elsewhere each change of state is a line. Steps
    that are no part of the stack (migrations, demo data) are shown by ``step``.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._rows: dict[str, Status] = {}
        self._live: Live | None = None
        if self.console.is_terminal:
            self._live = Live(
                console=self.console, get_renderable=self._table, refresh_per_second=12
            )

    def __enter__(self) -> Display:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, status: Status) -> None:
        """Take note of a change of state."""
        self._rows[status.name] = status
        if self._live is None:
            self.console.print(_line(status), highlight=False, markup=False, soft_wrap=True)
        else:
            self._live.refresh()

    def say(self, words: str) -> None:
        """Print a notice above the table."""
        self.console.print(words, highlight=False, markup=False, soft_wrap=True)

    def step(self, title: str) -> Step:
        """Return a context manager that shows work which is no part: ``with show.step("...")``."""
        return Step(self, title)

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        for status in self._rows.values():
            style, sign = STYLES.get(status.state, ("", "·"))
            mark = (
                Spinner("dots", style="yellow") if status.state in BUSY else Text(sign, style=style)
            )
            table.add_row(
                mark,
                Text(status.title, style="bold"),
                Text(status.version, style="dim"),
                Text(f":{status.port}" if status.port else "", style="cyan"),
                Text(_words(status), style=style),
            )
        return table


class Step:
    """One piece of work shown as a row; its time is taken."""

    def __init__(self, display: Display, title: str) -> None:
        self._display = display
        self._title = title
        self._began = 0.0

    def __enter__(self) -> Step:
        self._began = time.monotonic()
        self._show(State.STARTING)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._show(State.READY if error is None else State.FAILED, str(error or ""))

    def note(self, words: str) -> None:
        """Say how far the work is."""
        self._show(State.STARTING, words)

    def _show(self, state: State, detail: str = "") -> None:
        seconds = time.monotonic() - self._began
        self._display(Status(self._title, self._title, state, detail, "", None, None, seconds, 0))


def _words(status: Status) -> str:
    words = f"{status.state} in {status.seconds:.2f} s" if status.state is State.READY else ""
    return ": ".join(filter(None, (words or str(status.state), status.detail)))


def _line(status: Status) -> str:
    port = f"port {status.port}" if status.port else ""
    return "  ".join(filter(None, (status.title, status.version, port, _words(status))))
