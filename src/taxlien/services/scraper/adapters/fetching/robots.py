"""robots.txt (RFC 9309): asked for once per host and day, kept for all workers, and obeyed."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from protego import Protego

from taxlien.kit.cache import Cache
from taxlien.services.scraper.logic.sites import Politeness, Site

from .fetcher import RobotsFacts
from .outcomes import Stopped

MAX_BYTES = 512 * 1024  # RFC 9309 asks for at least 500 KiB to be read
_SHORT = timedelta(minutes=10)

AskRobots = Callable[[Site], Awaitable["RobotsRecord"]]


class RobotsRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A robots.txt as it came. ``text`` is empty where the host has none, which allows everything."""

    facts: RobotsFacts
    text: str


class RobotsStore(Protocol):
    """Where other workers find what one of them asked for."""

    async def get(self, host: str) -> RobotsRecord | None: ...

    async def set(self, host: str, record: RobotsRecord, seconds: float) -> None: ...


class CachedRobots:
    """The same, in Valkey. One that is away only means asking the host again."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def get(self, host: str) -> RobotsRecord | None:
        """Return what was kept, or None."""
        found: RobotsRecord | None = await self._cache.get(f"robots:{host}", kind=RobotsRecord)
        return found

    async def set(self, host: str, record: RobotsRecord, seconds: float) -> None:
        """Keep ``record`` for ``seconds``."""
        await self._cache.set(f"robots:{host}", record, ttl=seconds)


class Robots:
    """The rules of every host we ask, for one agent."""

    def __init__(
        self, ask: AskRobots, store: RobotsStore | None, *, agent: str, hours: float
    ) -> None:
        self._ask = ask
        self._store = store
        self._agent = agent
        self._age = timedelta(hours=hours)
        self._known: dict[str, tuple[RobotsRecord, Protego, datetime]] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def facts(self, site: Site) -> RobotsFacts:
        """Return what the host says to us, asked for now where it is not known. Raises as fetching."""
        record, rules = await self._rules(site)
        return msgspec.structs.replace(record.facts, crawl_delay=_delay(rules, self._agent))

    async def permit(self, site: Site, url: str) -> Politeness:
        """Return how gently ``url`` may be asked for. Raises ``Stopped`` where it may not be at all."""
        record, rules = await self._rules(site)
        if not rules.can_fetch(_played(site, url), self._agent):
            path = urlsplit(_played(site, url)).path
            raise Stopped("robots", f"{record.facts.url} disallows {path}")
        delay = _delay(rules, self._agent)
        if not delay or 1 / delay >= site.politeness.requests_per_second:
            return site.politeness
        return msgspec.structs.replace(
            site.politeness, requests_per_second=1 / delay, burst=1, concurrency=1
        )

    async def _rules(self, site: Site) -> tuple[RobotsRecord, Protego]:
        known = self._known.get(site.host)
        if known and known[2] > datetime.now(UTC):
            return known[0], known[1]
        async with self._asking.setdefault(site.host, asyncio.Lock()):
            known = self._known.get(site.host)
            now = datetime.now(UTC)
            if known and known[2] > now:
                return known[0], known[1]
            record = await self._record(site)
            rules = Protego.parse(record.text)
            until = record.facts.fetched_at + self._lasts(record)
            self._known[site.host] = (record, rules, max(until, now + timedelta(seconds=1)))
            return record, rules

    async def _record(self, site: Site) -> RobotsRecord:
        """Return what another worker asked for, or ask. A simulator's rules are its own process's."""
        shared = self._store if not site.synthetic else None
        record = await shared.get(site.host) if shared else None
        if record is None:
            record = await self._ask(site)
            if shared:
                await shared.set(site.host, record, self._lasts(record).total_seconds())
        return record

    def _lasts(self, record: RobotsRecord) -> timedelta:
        return self._age if record.facts.status == 200 else min(_SHORT, self._age)


def robots_address(site: Site) -> str:
    """Return where the host keeps its rules: at its root, or at the played host's."""
    parts = urlsplit(site.base_url)
    prefix = parts.path.rstrip("/") if site.synthetic else ""
    return f"{parts.scheme}://{parts.netloc}{prefix}/robots.txt"


def record_of(site: Site, status: int, content: bytes) -> RobotsRecord:
    """Return what the host's answer means: a 4xx is that there are no rules."""
    text = content.decode("utf-8", errors="replace") if status == 200 else ""
    return RobotsRecord(
        facts=RobotsFacts(
            url=robots_address(site),
            status=status,
            fetched_at=datetime.now(UTC),
            sha256=hashlib.sha256(content).hexdigest(),
        ),
        text=text.removeprefix("\ufeff"),
    )


def _delay(rules: Protego, agent: str) -> float | None:
    """Return the longest pause that the rules ask for, in seconds."""
    rate = rules.request_rate(agent)
    pauses = [rules.crawl_delay(agent), rate.seconds / rate.requests if rate else None]
    return max((float(pause) for pause in pauses if pause), default=None)


def _played(site: Site, url: str) -> str:
    """Return ``url`` as the played host knows it: without the path the simulator plays it under."""
    parts = urlsplit(url)
    prefix = urlsplit(site.base_url).path.rstrip("/") if site.synthetic else ""
    return parts._replace(path=parts.path.removeprefix(prefix) or "/").geturl()
