"""Settings of ml: where runs are written down, and how serving follows who is in office."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class MlSettings(BaseSettings):
    """Read with ``read_settings(MlSettings)`` from ``TAXLIEN_ML_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_ML_", env_ignore_empty=True, extra="ignore"
    )

    mlflow_url: str | None = Field(
        default=None,
        description="address of an MLflow server; unset keeps its tables in the product's PostgreSQL",
    )
    refresh_seconds: float = Field(
        default=5.0,
        gt=0,
        description="seconds after which serving looks again for who is in office",
    )
    program_seconds: float = Field(
        default=20.0,
        gt=0,
        description="seconds after which a portfolio is chosen without the mixed-integer program",
    )
