"""Which proxy a request leaves by, and what is learned from how it went.

A proxy can lie: give another page, hide a status, cut a page off. What TLS does not rule out is tried
with a canary: a page of ours that a proxy must give unchanged before it serves, and again every while.
"""

from __future__ import annotations

import hashlib
import random
import time

import httpx2
import msgspec

from taxlien.interfaces.scraper import LegalStatus
from taxlien.services.scraper.adapters.fetching.challenges import challenger
from taxlien.services.scraper.adapters.fetching.decoding import ACCEPTED
from taxlien.services.scraper.adapters.fetching.exchange import Answer, Limits, exchange
from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Unreachable

from .health import ProxyHealth
from .proxy import Proxy, ProxyFault, ProxyProvider

PROXIED: frozenset[LegalStatus] = frozenset({"open_data", "county_download", "permitted"})
"""Only publishers who allow collecting are asked through proxies: nothing hides behind one."""

_TRIES = 3


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """A page whose bytes are known. ``seconds`` is how long a proxy that gave it is trusted."""

    url: str
    sha256: str
    seconds: float


class Routes:
    """The ways out of one provider."""

    def __init__(
        self, provider: ProxyProvider, health: ProxyHealth, canary: Canary | None = None
    ) -> None:
        self._provider = provider
        self._health = health
        self._canary = canary
        self._proved: dict[str, float] = {}

    async def close(self) -> None:
        """Close every connection."""
        await self._provider.close()
        await self._health.close()

    async def send(
        self,
        host: str,
        request: httpx2.Request,
        limits: Limits,
        jar: httpx2.Cookies,
        sticky: str | None,
    ) -> Answer:
        """Return the host's answer by a proxy that works, trying others where one does not.

        Pages of one ``sticky`` session leave by one proxy while it is well. Raises as ``exchange``.
        """
        failure = Unreachable("no proxy is fit to serve")
        tried: set[str] = set()
        for _ in range(_TRIES):
            proxy = await self._chosen(f"{host} {sticky}" if sticky else None, tried)
            if proxy is None:
                break
            tried.add(proxy.name)
            if not await self._is_proved(proxy, limits):
                continue
            started = time.monotonic()
            try:
                answer = await exchange(proxy.transport, request, limits, jar)
            except (ProxyFault, Unreachable) as error:
                await self._failed(proxy, time.monotonic() - started)
                failure = Unreachable(f"by a proxy: {error.reason}")
                continue
            banned = answer.status in {403, 429} or bool(
                challenger(answer.status, answer.headers, answer.content)
            )
            seconds = time.monotonic() - started
            await self._health.record(proxy.name, worked=not banned, seconds=seconds, banned=banned)
            return answer
        raise failure

    async def _chosen(self, sticky: str | None, tried: set[str]) -> Proxy | None:
        """Return a proxy, the better the likelier; the same for the same session."""
        exits = [proxy for proxy in self._provider.exits() if proxy.name not in tried]
        scores = [(await self._health.standing(proxy.name)).score for proxy in exits]
        fit = [(proxy, score) for proxy, score in zip(exits, scores, strict=True) if score > 0]
        if not fit:
            return None
        proxies = [proxy for proxy, _ in fit]
        if sticky is None:
            return random.choices(proxies, [score for _, score in fit])[0]  # noqa: S311

        def rank(proxy: Proxy) -> bytes:
            return hashlib.sha256(f"{sticky} {proxy.name}".encode()).digest()

        # The highest hash keeps sessions where they are when another proxy comes or goes.
        return max(proxies, key=rank)

    async def _is_proved(self, proxy: Proxy, limits: Limits) -> bool:
        """Say whether the proxy gives the canary as it is, asking where that was not seen lately."""
        if self._canary is None or self._proved.get(proxy.name, 0.0) > time.monotonic():
            return True
        request = httpx2.Request("GET", self._canary.url, headers={"accept-encoding": ACCEPTED})
        started = time.monotonic()
        try:
            answer = await exchange(proxy.transport, request, limits)
        except (ProxyFault, Unreachable, Refused):
            await self._failed(proxy, time.monotonic() - started)
            return False
        seconds = time.monotonic() - started
        if (
            answer.status != 200
            or hashlib.sha256(answer.content).hexdigest() != self._canary.sha256
        ):
            await self._health.record(proxy.name, worked=False, seconds=seconds, fatal=True)
            await self._provider.replace(proxy.name)
            return False
        self._proved[proxy.name] = time.monotonic() + self._canary.seconds
        return True

    async def _failed(self, proxy: Proxy, seconds: float) -> None:
        self._proved.pop(proxy.name, None)
        if await self._health.record(proxy.name, worked=False, seconds=seconds):
            await self._provider.replace(proxy.name)
