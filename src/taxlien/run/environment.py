"""Where a command finds the product: the environment first, then the stack running in ``.taxlien``.

Only ``run`` knows of the embedded stack. Everything else reads ``TAXLIEN_*`` settings and cannot tell
an embedded server from a managed one.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class StackFile(msgspec.Struct):
    """What this module needs of ``stack.json``, which the supervisor writes while it runs."""

    supervisor_pid: int
    environment: dict[str, str]


def home() -> Path:
    """Return the folder that holds the product's data: ``TAXLIEN_HOME``, or ``.taxlien`` here."""
    return Path(os.environ.get("TAXLIEN_HOME", ".taxlien")).absolute()


def running_stack() -> StackFile | None:
    """Return what the supervisor of this home wrote, or None where none is alive."""
    try:
        found = msgspec.json.decode((home() / "stack.json").read_bytes(), type=StackFile)
        os.kill(found.supervisor_pid, 0)
    except (FileNotFoundError, ProcessLookupError, msgspec.MsgspecError):
        return None
    except PermissionError:
        pass  # alive, and another user's
    return found


def load() -> bool:
    """Fill unset ``TAXLIEN_*`` variables from the running stack. Return whether one was found."""
    found = running_stack()
    if found is None:
        return False
    for name, value in found.environment.items():
        os.environ.setdefault(name, value)
    return True
