"""Which listeners of a process go first: those that can wait begin when the others have had a rest."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf

REST_SECONDS = 0.3
LONGEST_SECONDS = 5.0
_LOOK_SECONDS = 0.1


class Turns:
    """Shared by the consumers of a process.

    A burst of events is then in the index before anything is made of it that nobody looks for within
    seconds: all listeners of a process share one core.
    """

    def __init__(self, *, rest: float = REST_SECONDS, longest: float = LONGEST_SECONDS) -> None:
        """``rest``: seconds without work of the others; ``longest``: after so many, it begins anyhow."""
        self._rest = rest
        self._longest = longest
        self._busy = 0
        self._ended = -inf

    @contextmanager
    def first(self) -> Iterator[None]:
        """Work that those who can wait give way to."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._ended = asyncio.get_running_loop().time()

    async def wait(self, stop: asyncio.Event) -> None:
        """Return when the others have had a rest, after the longest wait, or when ``stop`` is set."""
        clock = asyncio.get_running_loop().time
        begin = clock()
        while self._busy or clock() - self._ended < self._rest:
            if clock() - begin >= self._longest:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(min(_LOOK_SECONDS, self._rest)):
                    await stop.wait()
                    return
