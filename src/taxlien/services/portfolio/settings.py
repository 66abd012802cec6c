"""Settings of the portfolio: where the catalogue is asked for what somebody wants to watch."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class PortfolioSettings(BaseSettings):
    """Read with ``read_settings(PortfolioSettings)`` from ``TAXLIEN_PORTFOLIO_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_PORTFOLIO_", env_ignore_empty=True, extra="ignore"
    )

    liens_url: str | None = Field(
        default=None,
        description="address of the liens service, asked when somebody begins to watch a lien or parcel",
    )
