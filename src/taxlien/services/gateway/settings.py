"""Settings of the gateway service."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import HttpUrl

WrittenLimit = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}/[1-9][0-9]{0,4}$")]


class GatewaySettings(BaseSettings):
    """Environment ``TAXLIEN_GATEWAY_*``, and the two words that auth writes into tokens."""

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
        description='web pages that may call the API from a browser, as ["https://example.com"];'
        " only named ones may send cookies",
    )
    limits: dict[str, WrittenLimit] = Field(
        default_factory=dict,
        description='quotas that differ from the table, as {"free": "600/60"}: requests/seconds',
    )
    trusted_hops: int = Field(
        default=0,
        ge=0,
        le=10,
        description="proxies of ours in front of the gateway that append to x-forwarded-for",
    )
    issuer: str = Field(
        default="taxlien",
        validation_alias=AliasChoices("TAXLIEN_AUTH_ISSUER", "issuer"),
        description="`iss` of access tokens: what auth is told as TAXLIEN_AUTH_ISSUER",
    )
    audience: str = Field(
        default="taxlien",
        validation_alias=AliasChoices("TAXLIEN_AUTH_AUDIENCE", "audience"),
        description="`aud` of access tokens: what auth is told as TAXLIEN_AUTH_AUDIENCE",
    )
