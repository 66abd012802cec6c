"""Where it is time to look into the database one request goes; what comes meanwhile is answered with what is
known. Else all that come in that moment would go, and each would be slow."""

from __future__ import annotations

import time

PATIENCE = 1.0
"""Seconds after which somebody else is sent: the first may have failed on the way."""


class Errands:
    """Who is on the way, by what for."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def send(self, name: str) -> bool:
        """Tell whether the one who asks has to go; False while another is on the way."""
        now = time.monotonic()
        if now < self._until.get(name, 0.0):
            return False
        self._until[name] = now + PATIENCE
        return True

    def back(self, name: str) -> None:
        """Note that it was done: when it is time again, the next one goes."""
        self._until.pop(name, None)
