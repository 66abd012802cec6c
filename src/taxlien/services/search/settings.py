"""Settings of search: where the index lies, and how much memory its writer may hold."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import KitSettings, read_settings


class SearchSettings(BaseSettings):
    """Read with ``read_settings(SearchSettings)`` from ``TAXLIEN_SEARCH_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SEARCH_", env_ignore_empty=True, extra="ignore"
    )

    index_path: Path = Field(
        default_factory=lambda: read_settings(KitSettings).home / "search",
        description="folder of the index, on a disk the worker and the API processes share",
    )
    writer_heap_bytes: int = Field(
        default=64_000_000,
        ge=15_000_000,
        le=1_000_000_000,
        description="memory the writer fills before it starts a new segment; twice while rebuilding",
    )
    liens_url: str | None = Field(
        default=None, description="address of the liens service, asked only to rebuild the index"
    )
