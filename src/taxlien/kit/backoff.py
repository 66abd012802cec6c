"""Growing pauses between attempts, with jitter so that many who failed together do not return so."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Pauses in seconds: ``first``, doubling up to ``longest``, each shortened by up to a half."""

    first: float = 0.1
    longest: float = 10.0
    _attempts: int = field(default=0, init=False)

    def next(self) -> float:
        """Return the next pause in seconds."""
        pause = min(self.longest, self.first * 2.0 ** min(self._attempts, 32))
        self._attempts += 1
        return pause * random.uniform(0.5, 1.0)  # noqa: S311

    def reset(self) -> None:
        """Start again from ``first``, after a success."""
        self._attempts = 0
