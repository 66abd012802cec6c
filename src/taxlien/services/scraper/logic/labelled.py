"""The fields of one item as labelled values: each with the label it stood behind, or why it is null.

A value is taken once. Where a page says a field twice and differently, neither is believed. What stood in a
cell that cannot be read is never repeated in the reason: after a shift of columns it could be a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from .reading_cells import squeeze

_DIGIT = re.compile(r"[0-9]")
_SAYS_NOTHING = frozenset({"", "-", "--", "n/a", "na", "none", "null", "hidden", "not available"})
LONGEST_IDENTIFIER = 60

Parse = Callable[[str], Any]


class Labelled:
    """Collects ``values`` with their ``origins`` and ``missing`` reasons, and rows kept as they are."""

    __slots__ = ("_said", "attributes", "missing", "origins", "other_ids", "values")

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.missing: dict[str, str] = {}
        self.attributes: dict[str, str] = {}
        self.other_ids: dict[str, str] = {}
        self._said: dict[str, str] = {}

    def take(self, field: str, text: str | None, origin: str, parse: Parse = squeeze) -> None:
        """Read ``text``, which stood behind ``origin``, into ``field``; a null gets its reason."""
        plain = squeeze(text)
        earlier = self._said.get(field)
        if earlier is not None:
            if earlier != plain:
                self.refuse(field, "the page says it twice, and differently")
            return
        self._said[field] = plain
        value = parse(plain)
        if value is not None and value != "" and plain.lower() not in _SAYS_NOTHING:
            self.values[field] = value
            self.origins[field] = origin
            self.missing.pop(field, None)
        elif plain.lower() in _SAYS_NOTHING:
            self.missing[field] = f"{origin!r} says {plain!r}" if plain else f"{origin!r} is empty"
        else:
            self.missing[field] = f"{origin!r} does not hold what it should"

    def refuse(self, field: str, reason: str) -> None:
        """Leave ``field`` null, whatever was or will be read into it."""
        self.values.pop(field, None)
        self.origins.pop(field, None)
        self.missing[field] = reason
        self._said[field] = "\0"

    def miss(self, field: str, reason: str) -> None:
        """Say why ``field`` is null, unless it is not. The first reason stays."""
        if field not in self.values:
            self.missing.setdefault(field, reason)

    def require(self, fields: Iterable[str], reason: str = "no such row on the page") -> None:
        """Give every field that was neither found nor missed yet its reason."""
        for field in fields:
            if field not in self.values and field not in self.missing:
                self.missing[field] = reason

    def record(self) -> dict[str, Any]:
        """Return what an observation is built of, beside what only its platform knows."""
        return {
            **self.values,
            "origins": self.origins,
            "missing": self.missing,
            "attributes": self.attributes,
            "other_ids": self.other_ids,
        }


def identifier(text: str) -> str | None:
    """Return a number of something as published; None for text without a digit, too long, or of money."""
    plain = squeeze(text)
    if _DIGIT.search(plain) and "$" not in plain and len(plain) <= LONGEST_IDENTIFIER:
        return plain
    return None
