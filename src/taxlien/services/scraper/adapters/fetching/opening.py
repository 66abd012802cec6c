"""The fetcher of a process, put together from settings and the sites that may be asked."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx2

from taxlien.kit.cache import Cache
from taxlien.kit.settings import SettingsError, read_settings
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.settings import FetchingSettings, ProxySettings

from .exchange import Limits
from .hosts import Hosts
from .http_fetcher import HttpFetcher
from .network import Resolve, resolve
from .politeness import ValkeyTurns
from .proxies.bright_data import BrightData
from .proxies.health import ProxyHealth
from .proxies.own_list import OwnList
from .proxies.proxy import ProxyProvider
from .proxies.routes import Canary, Routes
from .proxies.scraping_bee import ScrapingBee
from .robots import CachedRobots
from .scripted import ScriptedPages


@asynccontextmanager
async def fetcher_for(
    settings: FetchingSettings,
    sites: Iterable[Site],
    *,
    proxies: ProxySettings | None = None,
    tls: ssl.SSLContext | None = None,
    look_up: Resolve = resolve,
) -> AsyncIterator[HttpFetcher]:
    """Yield what fetches pages of ``sites``, and of nothing else. Raises ``SettingsError``.

    ``proxies`` are read from the environment where they are not given. ``tls`` is whom to trust,
    ``look_up`` how names become addresses.
    """
    url = settings.cache_url
    if url is None:
        raise SettingsError(
            "TAXLIEN_CACHE_URL is not set: workers share their politeness in Valkey"
        )
    trusted = tls or httpx2.create_ssl_context(trust_env=False)
    async with AsyncExitStack() as closing:
        turns = ValkeyTurns(url, settings.cache_namespace, patience=settings.valkey_patience)
        closing.push_async_callback(turns.close)
        cache = Cache(url, settings.cache_namespace)
        closing.push_async_callback(cache.close)
        fetcher = HttpFetcher(
            settings,
            Hosts(sites),
            turns,
            CachedRobots(cache),
            routes=routes_of(proxies or read_settings(ProxySettings), settings, trusted),
            open_browser=lambda limits, agent: _chromium(settings, limits, agent),
            tls=trusted,
            look_up=look_up,
        )
        yield await closing.enter_async_context(fetcher)


def routes_of(
    proxies: ProxySettings, settings: FetchingSettings, tls: ssl.SSLContext
) -> Routes | None:
    """Return the ways out by proxies, or None where there are none. Raises ``SettingsError``."""
    if proxies.provider == "off":
        return None
    if settings.cache_url is None:
        raise SettingsError("TAXLIEN_CACHE_URL is not set: the health of proxies is kept in Valkey")
    health = ProxyHealth(
        settings.cache_url,
        settings.cache_namespace,
        evict_after=proxies.evict_after,
        cool_seconds=proxies.cool_seconds,
    )
    canary = None
    if proxies.canary_url and proxies.canary_sha256:
        canary = Canary(
            url=proxies.canary_url,
            sha256=proxies.canary_sha256,
            seconds=proxies.canary_minutes * 60,
        )
    return Routes(_provider(proxies, tls), health, canary)


def _chromium(settings: FetchingSettings, limits: Limits, user_agent: str) -> ScriptedPages:
    # Its driver is an extra, and no site of most deployments needs it.
    from .browser import ChromiumPages  # noqa: PLC0415

    return ChromiumPages(
        settings.browser_path,
        pages=settings.browser_pages,
        idle_seconds=settings.browser_idle_seconds,
        user_agent=user_agent,
        limits=limits,
    )


def _provider(proxies: ProxySettings, tls: ssl.SSLContext) -> ProxyProvider:
    if proxies.ca_file is not None:
        tls = ssl.create_default_context(cafile=str(proxies.ca_file))
    if proxies.provider == "bright_data":
        if proxies.bright_data_url is None:
            raise SettingsError("TAXLIEN_SCRAPER_PROXY_BRIGHT_DATA_URL is not set")
        url = proxies.bright_data_url.get_secret_value()
        return BrightData(url, tls, size=proxies.size)
    if proxies.provider == "scraping_bee":
        if proxies.scraping_bee_key is None:
            raise SettingsError("TAXLIEN_SCRAPER_PROXY_SCRAPING_BEE_KEY is not set")
        key = proxies.scraping_bee_key.get_secret_value()
        return ScrapingBee(proxies.scraping_bee_url, key, tls, size=proxies.size)
    if not proxies.own_list:
        raise SettingsError("TAXLIEN_SCRAPER_PROXY_OWN_LIST names no proxy")
    return OwnList([url.get_secret_value() for url in proxies.own_list], tls)
