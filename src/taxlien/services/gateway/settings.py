"""Settings of the gateway service."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import HttpUrl


class GatewaySettings(BaseSettings):
    """Environment ``TAXLIEN_GATEWAY_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_GATEWAY_", env_ignore_empty=True, extra="ignore"
    )

    service_urls: dict[str, HttpUrl] = Field(
        default_factory=dict,
        description='address of each service, as {"liens": "http://liens:8000"};'
        " unset when all of them are in this process",
    )
    cors_origins: list[str] = Field(
        default_factory=lambda: ["*"],
        description='web pages that may call the API from a browser, as ["https://example.com"]',
    )
