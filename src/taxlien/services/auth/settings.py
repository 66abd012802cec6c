"""Settings of auth: how long things live, what a password costs, how often one may try."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import HttpUrl, KitSettings, read_settings


def _gateway() -> str | None:
    return read_settings(KitSettings).gateway_url


def _gateway_origin() -> list[str]:
    parts = urlsplit(_gateway() or "")
    return [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []


class AuthSettings(BaseSettings):
    """Read with ``read_settings(AuthSettings)`` from ``TAXLIEN_AUTH_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_AUTH_", env_ignore_empty=True, extra="ignore"
    )

    issuer: str = Field(
        default="taxlien", description="`iss` of access tokens, as the gateway expects it"
    )
    audience: str = Field(default="taxlien", description="`aud` of access tokens")
    access_seconds: int = Field(default=900, ge=30, description="life of an access token")
    refresh_days: float = Field(default=30, gt=0, description="life of an unused refresh token")
    session_days: float = Field(
        default=180, gt=0, description="after these days even a busy sign-in ends"
    )
    refresh_grace_seconds: float = Field(
        default=0,
        ge=0,
        description="a used refresh token that returns this soon is refused without ending its"
        " sign-in (two tabs, an answer that was lost); 0 takes every return for a theft",
    )
    reset_minutes: float = Field(default=60, gt=0, description="life of a password-reset token")
    verify_hours: float = Field(default=48, gt=0, description="life of a verification token")
    challenge_seconds: int = Field(
        default=300, ge=10, description="time between the first and the second factor"
    )
    challenge_attempts: int = Field(
        default=5, ge=1, description="second factors tried per challenge"
    )
    key_days: float = Field(default=30, gt=0, description="days a signing key signs")
    key_ahead_hours: float = Field(
        default=24, gt=0, description="hours a key is published before it signs"
    )
    # OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 passes, 1 lane.
    argon2_memory_kib: int = Field(default=19_456, ge=8, description="memory of one hash, in KiB")
    argon2_passes: int = Field(default=2, ge=1, description="passes over the memory")
    argon2_lanes: int = Field(default=1, ge=1, description="lanes of one hash")
    argon2_at_once: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1),
        ge=1,
        description="hashes at once in a process: bounds memory and processors",
    )
    argon2_waiting: int = Field(
        default=64, ge=1, description="hashes that may wait in a process; more are answered 429"
    )
    breached_passwords: Path | None = Field(
        default=None,
        description="file of breached passwords: lines of SHA-1 in hex, sorted, as Have I Been Pwned"
        " publishes them (`:count` after the hash is allowed)",
    )
    throttle_minutes: float = Field(default=15, gt=0, description="window of failed attempts")
    second_factor_hours: float = Field(
        default=24,
        gt=0,
        le=24,
        description="window of failed second factors per account; a right one ends it",
    )
    throttle_per_account: int = Field(default=10, ge=1, description="failures per account")
    throttle_per_address: int = Field(default=100, ge=1, description="failures per IP address")
    mails_per_hour: int = Field(default=5, ge=1, description="mails asked for per account and hour")
    mails_per_hour_and_address: int = Field(
        default=50, ge=1, description="mails asked for per IP address and hour"
    )
    even_answer_ms: int = Field(
        default=120,
        ge=0,
        description="least time of the part of an answer that would tell whether an account exists",
    )
    session_cache_seconds: int = Field(
        default=30, ge=1, description="how long Valkey may vouch for a sign-in"
    )
    cache_namespace: str = Field(default="auth", description="prefix of keys in Valkey")
    allowed_origins: list[str] = Field(
        default_factory=_gateway_origin,
        description='web pages that may use the refresh cookie, as ["https://example.com"]',
    )
    trusted_hops: int = Field(
        default=1, ge=1, description="proxies of ours that append to x-forwarded-for"
    )


class FactorSettings(BaseSettings):
    """Second factors and passkeys, read with ``read_settings(FactorSettings)`` from ``TAXLIEN_AUTH_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_AUTH_", env_ignore_empty=True, extra="ignore"
    )

    totp_issuer: str = Field(
        default="TAXLIEN.online", description="how authenticator apps name the product"
    )
    totp_pending_minutes: float = Field(
        default=10, gt=0, description="time to confirm a new authenticator app"
    )
    passkey_rp_id: str = Field(
        default_factory=lambda: urlsplit(_gateway() or "").hostname or "localhost",
        description="host that passkeys belong to; changing it makes all passkeys useless",
    )
    passkey_rp_name: str = Field(
        default="TAXLIEN.online", description="how browsers name the product"
    )
    passkey_origins: list[str] = Field(
        default_factory=_gateway_origin,
        description='pages that may ask for passkeys, as ["https://example.com"]',
    )
    passkeys_per_account: int = Field(default=20, ge=1, description="passkeys an account may have")
    proof_minutes: float = Field(
        default=10,
        gt=0,
        description="how new a sign-in must be to prove who asks, for accounts that have nothing else",
    )


class ProviderSettings(BaseSettings):
    """Other providers people can sign in at, from ``TAXLIEN_AUTH_*``. One without credentials is off."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_AUTH_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    public_url: HttpUrl | None = Field(
        default_factory=_gateway,
        description="address under which providers send browsers back; the gateway's, by default",
    )
    return_paths: list[str] = Field(
        default=["/", "/auth/return"],
        description="where a browser may go after signing in elsewhere: paths, or pages as"
        ' ["https://example.com/auth"]; nothing else is taken',
    )
    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_issuer: HttpUrl = "https://accounts.google.com"
    apple_client_id: str | None = Field(default=None, description="the Services ID")
    apple_team_id: str | None = None
    apple_key_id: str | None = None
    apple_private_key: SecretStr | None = Field(
        default=None, description="PEM text of the .p8 file that Apple gave out"
    )
    apple_issuer: HttpUrl = "https://appleid.apple.com"
    facebook_client_id: str | None = None
    facebook_client_secret: SecretStr | None = None
    facebook_dialog_url: HttpUrl = "https://www.facebook.com/v25.0/dialog/oauth"
    facebook_graph_url: HttpUrl = "https://graph.facebook.com/v25.0"
    facebook_email_verified: bool = Field(
        default=False,
        description="believe that Facebook confirmed the addresses it gives; it does not say so",
    )
