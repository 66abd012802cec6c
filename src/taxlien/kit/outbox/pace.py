"""Back pressure: one who emits by the ten thousand goes no faster than one who listens."""

from __future__ import annotations

import asyncio
from math import inf

import structlog

from taxlien.kit.bus.protocol import Bus, BusError
from taxlien.kit.database import Database, describe
from taxlien.kit.outbox.relay import Relay
from taxlien.kit.outbox.tables import LANES

AHEAD = 10_000
"""How many events may wait for the listener: about what an index takes in a second."""

_EVENTS_A_MESSAGE = 256  # at most; a bus counts in messages (``Bus.lag``)
_LEAST_ROOM = 2 * _EVENTS_A_MESSAGE  # others emit too: it may never have nothing to do
_LOOK_SECONDS = 0.05

_log = structlog.get_logger("taxlien.kit.outbox")


class Pace:
    """Calls around every large commit: ``wait`` before it; behind it ``send``, and ``wait`` for nothing more.

    Both only ever help. Without a listener that goes on, without a bus and without a relay, what is
    committed is committed, and leaves when they come.
    """

    def __init__(
        self,
        database: Database,
        bus: Bus,
        listener: str,
        *,
        ahead: int = AHEAD,
        patience: float = 5.0,
    ) -> None:
        """``listener`` is a group on the bus; ``patience`` in seconds, without any progress."""
        self._relay = Relay(database, bus, lanes=LANES // 2)  # the others are left to other relays
        self._bus = bus
        self._listener = listener
        self._ahead = ahead
        self._patience = patience
        self._stuck = inf

    async def wait(self, coming: int) -> None:
        """Return when ``coming`` more events would make at most ``ahead``, or nearly none are left.

        A listener that makes no progress for ``patience`` seconds is waited for no more until it does.
        """
        room = max(_LEAST_ROOM, self._ahead - coming)
        clock = asyncio.get_running_loop().time
        least, since = inf, clock()
        while (behind := await self._behind()) > room and behind < self._stuck:
            if behind < least:
                least, since = behind, clock()
            elif clock() - since > self._patience:
                self._stuck = behind
                _log.warning("pace_given_up", listener=self._listener, behind=behind)
                return
            await asyncio.sleep(_LOOK_SECONDS)
        if behind <= room:
            self._stuck = inf

    async def send(self) -> None:
        """Publish what is committed, beside the relays: here nothing else is done meanwhile."""
        try:
            async with asyncio.timeout(self._patience):
                await self._relay.drain()
        except Exception as error:  # a relay sends it
            _log.warning("pace_not_sent", error=describe(error))

    async def _behind(self) -> float:
        """Return how many events the listener has before it, at most; 0 where nobody can tell."""
        try:
            async with asyncio.timeout(self._patience):
                return _EVENTS_A_MESSAGE * (await self._bus.lag(self._listener) or 0)
        except (BusError, TimeoutError):
            return 0
