"""Several providers of one channel: the first that takes a message has it; one that fails gets a rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Generic, TypeVar

import structlog
from prometheus_client import Counter

from taxlien.kit.http.breaker import Breaker

from .provider import Deferred, Misconfigured, Provider, Receipt, Refused

M = TypeVar("M")
_log = structlog.get_logger("taxlien.notifications")

_asked = Counter("taxlien_providers_asked", "Messages handed to providers", ["provider", "outcome"])


class Pace:
    """At most ``per_second`` messages a second to one provider from this process."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1.0 / per_second
        self._free_at = 0.0

    async def turn(self) -> None:
        """Wait for a turn."""
        now = time.monotonic()
        at = max(now, self._free_at)
        self._free_at = at + self._gap
        if at > now:
            await asyncio.sleep(at - now)


class InTurn(Generic[M]):
    """Providers in the order of preference, as one. Closed in by a breaker and a pace each.

    The next is asked only where the one before certainly has not taken the message: after an answer that
    never came the same provider is asked again later, lest two of them send it.
    """

    def __init__(
        self, providers: Sequence[Provider[M]], *, per_second: float, rest_seconds: float
    ) -> None:
        self.name = "+".join(provider.name for provider in providers)
        self._providers = [
            (
                provider,
                Breaker(f"provider:{provider.name}", rest_seconds=rest_seconds),
                Pace(per_second),
            )
            for provider in providers
        ]

    async def send(self, message: M) -> Receipt:
        """Return who took it. Raises ``Refused`` of the first that judged it, or the last ``Deferred``."""
        failure = Deferred("every provider is given a rest")
        for provider, breaker, pace in self._providers:
            if not breaker.allow():
                continue
            try:
                await pace.turn()
                receipt = await provider.send(message)
            except Deferred as error:
                _told(provider.name, error)
                if error.of_message:
                    breaker.succeeded()
                    raise
                breaker.failed()
                if not error.certain:
                    raise
                failure = error
            except Refused:
                breaker.succeeded()
                _asked.labels(provider.name, "refused").inc()
                raise
            except BaseException:
                breaker.abandoned()
                raise
            else:
                breaker.succeeded()
                _asked.labels(provider.name, "taken").inc()
                return receipt
        raise failure


def _told(provider: str, error: Deferred) -> None:
    if isinstance(error, Misconfigured):
        _asked.labels(provider, "misconfigured").inc()
        _log.error("provider_refuses_us", provider=provider, error=str(error))
    else:
        _asked.labels(provider, "deferred").inc()
