"""Settings of the deployment: where the servers are, and the secrets that open them.

This module and each service's ``settings.py`` are the only places that read the environment. A service
keeps its own knobs in ``class SearchSettings(BaseSettings)`` with ``env_prefix="TAXLIEN_SEARCH_"`` and
reads them with ``read_settings(SearchSettings)``, which says in words what is missing or malformed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar, cast
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)

PREFIX = "TAXLIEN_"


class SettingsError(Exception):
    """The environment does not say what the process needs; the message names the variable in words."""


def _url_with(*schemes: str) -> AfterValidator:
    def check(value: str) -> str:
        scheme, separator, rest = value.partition("://")
        if not separator or scheme not in schemes or not rest:
            expected = " or ".join(f"{known}://..." for known in schemes)
            raise ValueError(f"must look like {expected}")
        return value

    return AfterValidator(check)


DatabaseUrl = Annotated[str, _url_with("postgresql", "postgresql+psycopg")]
CacheUrl = Annotated[str, _url_with("redis", "rediss", "valkey", "valkeys", "unix")]
BusUrl = Annotated[str, _url_with("nats", "tls", "kafka")]
ObjectsUrl = Annotated[str, _url_with("s3")]
HttpUrl = Annotated[str, _url_with("http", "https")]


class KitSettings(BaseSettings):
    """What every process may need. URLs may hold passwords, so they stay out of ``repr``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    database_url: DatabaseUrl | None = Field(
        default=None,
        repr=False,
        description="where PostgreSQL is, as postgresql://owner:password@host:5432/taxlien",
    )
    cache_url: CacheUrl | None = Field(
        default=None, repr=False, description="where Valkey or Redis is, as redis://host:6379/0"
    )
    bus_url: BusUrl | None = Field(
        default=None,
        repr=False,
        description="where events travel, as nats://host:4222 or kafka://host:9092",
    )
    objects_url: ObjectsUrl | None = Field(
        default=None, description="bucket and prefix of stored objects, as s3://bucket/prefix"
    )
    objects_endpoint: HttpUrl | None = Field(
        default=None, description="address of an S3 server that is not Amazon's"
    )
    objects_region: str = "us-east-1"
    objects_access_key: SecretStr | None = Field(
        default=None, description="access key of the S3 server"
    )
    objects_secret_key: SecretStr | None = Field(
        default=None, description="secret key of the S3 server"
    )
    gateway_url: HttpUrl | None = Field(
        default=None, description="address under which people reach the gateway"
    )
    home: Path = Field(default=Path(".taxlien"), description="folder of local data")
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    otlp_endpoint: HttpUrl | None = Field(
        default=None, description="OpenTelemetry collector (OTLP over HTTP); unset sends no traces"
    )
    service_secret: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="secret of at least 16 characters, from which each service's database password comes",
    )

    sealing_keys: SecretStr | None = Field(
        default=None,
        description="keys that seal personal data and secrets at rest, newest first,"
        " as name:base64,name:base64 of 32 bytes each",
    )
    gateway_secret: SecretStr | None = Field(
        default=None,
        min_length=32,
        description="secret of at least 32 characters by which services know the gateway",
    )

    def require(self, name: str) -> str:
        """Return a value as text. Raises ``SettingsError`` naming the variable when it is not set."""
        value = getattr(self, name)
        if value is None:
            what = type(self).model_fields[name].description or "it has no default"
            raise SettingsError(f"{PREFIX}{name.upper()} is not set: {what}")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

    def database_password_for(self, service: str) -> str:
        """Return the password of role ``taxlien_<service>``: 32 hex digits, the same in every process."""
        secret = self.require("service_secret").encode()
        return hmac.new(secret, service.encode(), hashlib.sha256).hexdigest()[:32]

    def database_url_for(self, service: str) -> str:
        """Return the URL a service connects with, as its own role.

        ``TAXLIEN_<SERVICE>_DATABASE_URL`` wins (a service with a cluster of its own); otherwise host and
        database come from ``database_url``, role and password from the service's name.
        """
        own = os.environ.get(f"{PREFIX}{service.upper()}_DATABASE_URL")
        if own:
            return own
        parts = urlsplit(self.require("database_url"))
        address = parts.netloc.rpartition("@")[2]
        user = quote(f"taxlien_{service}", safe="")
        netloc = f"{user}:{self.database_password_for(service)}@{address}"
        return urlunsplit(parts._replace(netloc=netloc))


class JobsSettings(BaseSettings):
    """How jobs wait and are done; read from ``TAXLIEN_JOBS_*``."""

    model_config = SettingsConfigDict(
        env_prefix=f"{PREFIX}JOBS_", env_ignore_empty=True, extra="ignore"
    )

    at_once: int = Field(default=4, ge=1, description="jobs under way in one process")
    processes: int = Field(
        default=0, ge=0, description="processes that share the work; 0 works in the process itself"
    )
    visibility_timeout: int = Field(
        default=120,
        ge=5,
        description="seconds after which a job that was not acknowledged is given to another",
    )
    namespace: str = Field(default="jobs", min_length=1, description="prefix of keys at the broker")


def read_settings(kind: type[S]) -> S:
    """Read ``kind`` from the environment. Raises ``SettingsError`` with one sentence per bad variable.

    What was read is kept while the environment stays the same, and shared: change a copy. Services ask at
    every request, and to go through all fields again takes a millisecond of it.
    """
    return cast(S, _read(kind, tuple(os.environ.items())))


@lru_cache(maxsize=64)
def _read(kind: type[BaseSettings], environment: tuple[tuple[str, str], ...]) -> BaseSettings:
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError(_in_words(kind, error)) from None


def _in_words(kind: type[BaseSettings], error: ValidationError) -> str:
    prefix = kind.model_config.get("env_prefix") or ""
    sentences = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        field = kind.model_fields.get(name)
        what = f" ({field.description})" if field and field.description else ""
        variable = f"{prefix}{name}".upper()
        if problem["type"] == "missing":
            sentences.append(f"{variable} is not set{what}")
        else:
            reason = problem["msg"].removeprefix("Value error, ")
            sentences.append(f"{variable} is malformed: {reason}{what}")
    return "; ".join(sentences)
