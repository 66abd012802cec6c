"""Settings of the portfolio: where the catalogue is asked, and how long what was told is kept."""

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
    keep_days: int = Field(
        default=365,
        ge=30,
        description="days after which what happened to a watched thing is forgotten",
    )
    keep_sales_days: int = Field(
        default=90,
        ge=7,
        description="days after a sale's day at which it, and who was told of it, is forgotten",
    )
