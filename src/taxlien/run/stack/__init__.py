"""The embedded stack: real servers from wheels, supervised, with their data in one folder."""

from taxlien.run.stack.control import stop_running
from taxlien.run.stack.display import Display
from taxlien.run.stack.errors import (
    AlreadyRunning,
    MissingProgram,
    PartFailed,
    StackError,
)
from taxlien.run.stack.home import StackHome
from taxlien.run.stack.parts.envoy import Envoy
from taxlien.run.stack.parts.part import Part, Site, State
from taxlien.run.stack.parts.program import Program
from taxlien.run.stack.stack import EMBEDDED, Progress, Stack
from taxlien.run.stack.supervised import Status

__all__ = [
    "EMBEDDED",
    "AlreadyRunning",
    "Display",
    "Envoy",
    "MissingProgram",
    "Part",
    "PartFailed",
    "Program",
    "Progress",
    "Site",
    "Stack",
    "StackError",
    "StackHome",
    "State",
    "Status",
    "stop_running",
]
