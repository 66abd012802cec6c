"""Settings of users: how long things last, how large they may be, how near a name is a match."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class UsersSettings(BaseSettings):
    """Read with ``read_settings(UsersSettings)`` from ``TAXLIEN_USERS_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_USERS_", env_ignore_empty=True, extra="ignore"
    )

    trial_days: int = Field(default=14, ge=1, le=365, description="length of the premium trial")
    objects_public_endpoint: str | None = Field(
        default=None,
        description="address of the S3 server for browsers, where it differs from the services' own",
    )
    upload_seconds: int = Field(
        default=600, ge=1, le=3600, description="how long an upload address may be used"
    )
    view_seconds: int = Field(
        default=300, ge=1, le=3600, description="how long the address of a picture may be used"
    )
    avatar_max_bytes: int = Field(default=5 * 1024 * 1024, ge=1024)
    avatar_max_pixels: int = Field(default=24_000_000, ge=10_000)
    document_max_bytes: int = Field(default=10 * 1024 * 1024, ge=1024)
    document_max_pixels: int = Field(default=60_000_000, ge=10_000)
    kyc_valid_days: int = Field(
        default=365, ge=1, description="days after which a checked identity is checked again"
    )
    screening_threshold: float = Field(
        default=88.0,
        ge=50.0,
        le=100.0,
        description="likeness of names, in percent, that is a match",
    )
    terms_version: str = Field(
        default="2026-11-01", max_length=40, description="version of the terms of use in force"
    )
    privacy_version: str = Field(
        default="2026-11-01", max_length=40, description="version of the privacy notice in force"
    )
    consents_kept_years: int = Field(
        default=6, ge=1, description="years after which a consent that was replaced is forgotten"
    )
    export_deadline_seconds: int = Field(
        default=3600, ge=1, description="how long an export waits for the parts of all services"
    )
    export_kept_days: int = Field(
        default=7, ge=1, le=30, description="how long an export is given out"
    )
    export_pause_hours: int = Field(
        default=24, ge=0, description="time between two whole exports of one person"
    )
    export_max_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)
    deletion_grace_days: int = Field(
        default=30, ge=0, le=365, description="time in which a person may still want to stay"
    )
    erasure_reminder_hours: int = Field(
        default=24, ge=1, description="time after which a service that did not erase is asked again"
    )
    decisions_kept_years: int = Field(
        default=5, ge=0, description="years for which decisions on identity outlive their person"
    )
    anchor_seconds: int = Field(
        default=3600, ge=1, description="time between two anchors of the audit log"
    )
