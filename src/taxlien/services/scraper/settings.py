"""Settings of collecting: who we say we are, how much we take, where proxies and raw pages are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import HttpUrl, KitSettings, read_settings


def _cache_url() -> str | None:
    return read_settings(KitSettings).cache_url


class FetchingSettings(BaseSettings):
    """How pages are fetched, read with ``read_settings(FetchingSettings)`` from ``TAXLIEN_SCRAPER_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SCRAPER_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    cache_url: str | None = Field(
        default_factory=_cache_url,
        repr=False,
        description="Valkey that keeps the politeness of all workers; TAXLIEN_CACHE_URL by default",
    )
    cache_namespace: str = Field(default="scraper", description="prefix of keys in Valkey")
    agent: str = Field(
        default="TaxlienBot",
        description="name that robots.txt may speak to",
        pattern=r"^[A-Za-z-]+$",
    )
    contact_url: HttpUrl = Field(
        default="https://taxlien.online/bot",
        description="page that tells a site's operator who we are and how to stop us",
    )
    max_page_bytes: int = Field(
        default=30_000_000, ge=1, description="largest page taken, before and after unpacking"
    )
    max_redirects: int = Field(default=5, ge=0, description="redirects followed for one page")
    connect_seconds: float = Field(default=10.0, gt=0, description="time to connect")
    read_seconds: float = Field(default=20.0, gt=0, description="time between two pieces of a page")
    page_seconds: float = Field(default=90.0, gt=0, description="time for a whole page")
    attempts: int = Field(default=4, ge=1, description="attempts on transport errors and 5xx")
    first_pause: float = Field(
        default=1.0, gt=0, description="seconds before the second attempt; doubles, with jitter"
    )
    longest_pause: float = Field(
        default=60.0, gt=0, description="seconds between attempts, at most; more is left to the run"
    )
    valkey_patience: float = Field(
        default=30.0, ge=0, description="seconds a page waits for a Valkey that is away"
    )
    robots_hours: float = Field(default=24.0, gt=0, description="how long a robots.txt is believed")
    sessions: int = Field(default=2000, ge=1, description="cookie jars kept in a process")
    browser_path: Path = Field(
        default=Path("/usr/bin/chromium"), description="Chromium for sites that need scripts"
    )
    browser_pages: int = Field(default=2, ge=1, description="browser contexts open at once")
    browser_idle_seconds: float = Field(
        default=60.0, gt=0, description="seconds after which an unused browser is closed"
    )


class ProxySettings(BaseSettings):
    """Proxies, from ``TAXLIEN_SCRAPER_PROXY_*``. Without a provider there are none.

    They serve only sites whose file says so and whose publisher allows collecting.
    """

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SCRAPER_PROXY_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    provider: Literal["off", "own_list", "bright_data", "scraping_bee"] = "off"
    own_list: list[SecretStr] = Field(
        default_factory=list, description='as ["http://user:password@proxy.example:8080"]'
    )
    bright_data_url: SecretStr | None = Field(
        default=None,
        description="as http://brd-customer-ID-zone-ZONE:password@brd.superproxy.io:33335",
    )
    scraping_bee_url: HttpUrl = "https://app.scrapingbee.com/api/v1/"
    scraping_bee_key: SecretStr | None = Field(default=None, description="API key of ScrapingBee")
    size: int = Field(default=5, ge=1, description="exits a vendor's pool is used with at once")
    ca_file: Path | None = Field(
        default=None, description="certificate authority of a vendor that opens TLS (Bright Data)"
    )
    canary_url: HttpUrl | None = Field(
        default=None,
        description="page of ours that every proxy must give unchanged before it serves",
    )
    canary_sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="SHA-256 of that page's bytes"
    )
    canary_minutes: float = Field(
        default=30.0, gt=0, description="how long a proved proxy is trusted"
    )
    cool_seconds: float = Field(
        default=60.0,
        gt=0,
        description="rest of a proxy after a failure; doubles with each in a row",
    )
    evict_after: int = Field(
        default=6, ge=1, description="failures in a row after which a proxy is used no more"
    )


class RawStoreSettings(BaseSettings):
    """Where raw pages are kept, from ``TAXLIEN_SCRAPER_RAW_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SCRAPER_RAW_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    store: Literal["postgres", "mongodb"] = "postgres"
    mongodb_url: SecretStr | None = Field(
        default=None, description="as mongodb://user:password@host/database"
    )
    level: int = Field(default=3, ge=1, le=19, description="how hard Zstandard tries")


class CollectingSettings(BaseSettings):
    """How runs are driven, read with ``read_settings(CollectingSettings)`` from ``TAXLIEN_SCRAPER_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SCRAPER_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    simulator_url: HttpUrl | None = Field(
        default=None, description="address of a simulator of county sites on this machine"
    )
    collect_live: bool = Field(
        default=False,
        description="whether the schedule asks hosts on the internet; without it only what is played"
        " or dropped here is collected by itself",
    )
    runs_at_once: int = Field(default=8, ge=1, description="sources collected at the same time")
    batch_pages: int = Field(
        default=48, ge=1, description="pages fetched between two writes to the database"
    )
    batch_seconds: float = Field(
        default=15.0, gt=0, description="seconds of asking a slow host between two writes"
    )
    slice_seconds: float = Field(
        default=20.0, gt=0, description="seconds a job works on a run before others get their turn"
    )
    lease_seconds: float = Field(
        default=60.0, gt=0, description="seconds after which work of a dead worker is another's"
    )
    page_attempts: int = Field(default=4, ge=1, description="times a page is tried in a run")
    retry_seconds: float = Field(
        default=5.0, ge=0, description="seconds before a page is tried again; doubles"
    )
    publish_pages: int = Field(default=50, ge=1, description="pages published in one transaction")
    keep_run_days: int = Field(default=60, ge=1, description="days after which a run is forgotten")


class DropSettings(BaseSettings):
    """Where people put lists they were given, from ``TAXLIEN_SCRAPER_DROPS_*``. Unset: nowhere."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SCRAPER_DROPS_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    url: str | None = Field(
        default=None,
        description="folder with a folder for each site, as file:///srv/drops or s3://bucket/drops",
        pattern=r"^(file:///|s3://[^/]).*",
    )
    max_bytes: int = Field(default=200_000_000, ge=1, description="largest file taken")
