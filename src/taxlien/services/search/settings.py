"""Settings of search: where the index lies, and how much memory its writer may hold."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import KitSettings, read_settings


def _cache_url() -> str | None:
    return read_settings(KitSettings).cache_url


class SearchSettings(BaseSettings):
    """Read with ``read_settings(SearchSettings)`` from ``TAXLIEN_SEARCH_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_SEARCH_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
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
    answer_seconds: float = Field(
        default=60.0,
        ge=0,
        description="how long an answer is kept while the index stays; 0 keeps none",
    )
    answer_bytes: int = Field(
        default=64_000_000, ge=0, description="memory of each API process for answers it gave"
    )
    cache_url: str | None = Field(
        default_factory=_cache_url,
        repr=False,
        description="where processes share answers; unset, each has its own",
    )
    cache_namespace: str = Field(default="search", description="prefix of keys in the cache")
    id_keys: SecretStr | None = Field(
        default=None,
        description="keys that sign the names of answers, newest first, as name:base64,name:base64 of"
        " 16 to 64 bytes each; unset, answers have no search_id and clicks are not counted",
    )
    liens_url: str | None = Field(
        default=None, description="address of the liens service, asked only to rebuild the index"
    )
