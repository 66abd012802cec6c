"""A finding about a run, in words a person can read."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["fails", "warns", "notes"]
Check = Literal[
    "pages",
    "errors",
    "promised",
    "count",
    "change",
    "vanished",
    "not_found",
    "season",
    "required",
    "impossible",
    "duplicates",
    "presence",
    "shape",
    "same",
    "distribution",
]


class Finding(msgspec.Struct, frozen=True):
    """What is remarkable, of which field (``lien.face_amount``) where it is about one."""

    severity: Severity
    check: Check
    field: str | None
    text: str


def thousands(number: int) -> str:
    """Write a count as people read it: 12,345."""
    return f"{number:,}"
