"""What this process works with: settings, and what is opened once per event loop and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from weakref import WeakKeyDictionary

import msgspec

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.settings import (
    CollectingSettings,
    DropSettings,
    FetchingSettings,
    RawStoreSettings,
)

from .fetching.dropped_files import PLATFORM as DROPS
from .fetching.dropped_files import Drops, WithDroppedFiles
from .fetching.fetcher import Fetcher
from .fetching.opening import fetcher_for
from .raw_store.opening import raw_store_for
from .raw_store.raw_store import RawStore


@cache
def settings() -> CollectingSettings:
    """Return how runs are driven. Raises ``SettingsError``."""
    return read_settings(CollectingSettings)


@cache
def blobs() -> Blobs:
    """Return the store of whole lists. Raises ``SettingsError``."""
    return Blobs.from_settings(read_settings(KitSettings))


def _drops() -> Drops | None:
    """Return the folder of files that people were given. Raises ``SettingsError``."""
    given = read_settings(DropSettings)
    if given.url is None:
        return None
    return Drops.at(given.url, read_settings(KitSettings), max_bytes=given.max_bytes)


def comes_by_itself(site: Site) -> bool:
    """Tell whether the schedule collects a site: whoever sets this up decides about the internet.

    A person who names the source collects it all the same.
    """
    if site.synthetic:
        return settings().simulator_url is not None
    if settings().collect_live:
        return True
    return site.platform == DROPS and read_settings(DropSettings).url is not None


class _Fetchers:
    """The fetcher of an event loop. It keeps sessions and connections until the sites change."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._sites: bytes | None = None
        self._open: tuple[Fetcher, AsyncExitStack, list[int]] | None = None

    @asynccontextmanager
    async def use(self, sites: Sequence[Site]) -> AsyncIterator[Fetcher]:
        async with self._lock:
            wanted = msgspec.json.encode(sites)
            if self._open is None or wanted != self._sites:
                await self._retire()
                closing = AsyncExitStack()
                opened = fetcher_for(read_settings(FetchingSettings), sites)
                fetcher: Fetcher = WithDroppedFiles(
                    await closing.enter_async_context(opened), _drops()
                )
                self._open, self._sites = (fetcher, closing, [0]), wanted
            current = self._open
            current[2][0] += 1
        try:
            yield current[0]
        finally:
            current[2][0] -= 1
            if current[2][0] == 0 and current is not self._open:
                await current[1].aclose()

    async def _retire(self) -> None:
        """Let go of the present fetcher; who still uses it closes it."""
        before, self._open = self._open, None
        if before is not None and before[2][0] == 0:
            await before[1].aclose()

    async def close(self) -> None:
        async with self._lock:
            await self._retire()


_fetchers: WeakKeyDictionary[asyncio.AbstractEventLoop, _Fetchers] = WeakKeyDictionary()
_stores: WeakKeyDictionary[Database, RawStore] = WeakKeyDictionary()


@asynccontextmanager
async def fetcher(sites: Sequence[Site]) -> AsyncIterator[Fetcher]:
    """Yield what fetches pages of ``sites``, the same as last time while they are the same."""
    known = _fetchers.setdefault(asyncio.get_running_loop(), _Fetchers())
    async with known.use(sites) as found:
        yield found


async def raw_store(database: Database) -> RawStore:
    """Return the store of raw pages, opened at first use. Raises ``SettingsError``."""
    found = _stores.get(database)
    if found is None:
        found = await raw_store_for(
            read_settings(RawStoreSettings), read_settings(KitSettings), database
        )
        _stores[database] = found
    return found


async def close() -> None:
    """Close this event loop's fetcher."""
    known = _fetchers.pop(asyncio.get_running_loop(), None)
    if known is not None:
        await known.close()
