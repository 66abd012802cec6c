"""Settings of notifications: the mail server, who writes, and where the links in mails lead."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import HttpUrl, KitSettings, SettingsError, read_settings


def _mailbox(value: str) -> str:
    name, address = parseaddr(value)
    if "@" not in address or not value.isprintable():
        raise ValueError("must look like Name <name@example.com>")
    Address(display_name=name, addr_spec=address)
    return value


class NotificationsSettings(BaseSettings):
    """Read with ``read_settings(NotificationsSettings)`` from ``TAXLIEN_NOTIFICATIONS_*``."""

    model_config = SettingsConfigDict(
        env_prefix="TAXLIEN_NOTIFICATIONS_",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    smtp_url: SecretStr | None = Field(
        default=None,
        description="mail server, as smtps://user:password@host (TLS from the start),"
        " smtp+starttls://user:password@host:587, or smtp://127.0.0.1:1025 (no TLS)",
    )
    from_address: Annotated[str, AfterValidator(_mailbox)] = Field(
        default="TAXLIEN.online <no-reply@taxlien.online>", description="who the mails are from"
    )
    web_url: HttpUrl | None = Field(
        default=None,
        description="address of the pages that links in mails lead to; unset, the gateway's",
    )
    api_url: HttpUrl | None = Field(
        default=None,
        description="address under which the world reaches the API, for stopping mails with one click;"
        " unset, where links lead",
    )
    previews: bool = Field(
        default=False,
        description="whether /dev/notifications shows every message with made-up values; for development",
    )
    gather_seconds: float = Field(
        default=60.0, gt=0, description="seconds that something instant waits for more of its kind"
    )
    morning_hour: int = Field(
        default=8, ge=0, le=23, description="hour of the user's clock at which digests come"
    )
    first_pause: float = Field(
        default=5.0, gt=0, description="seconds before a mail that failed is tried again; doubles"
    )
    longest_pause: float = Field(default=900.0, gt=0, description="seconds, at most")
    max_attempts: int = Field(
        default=200, ge=1, description="attempts until a mail is given up; 200 take two days"
    )
    lease_seconds: float = Field(
        default=90.0, gt=0, description="seconds after which a mail of a dead worker is another's"
    )
    send_timeout: float = Field(
        default=45.0, gt=0, description="seconds that sending one mail may take"
    )
    keep_days: int = Field(
        default=90, ge=1, description="days after which it is forgotten that a mail was sent"
    )

    def pages_url(self) -> str:
        """Return where links lead, without a slash at the end. Raises ``SettingsError``."""
        found = self.web_url or read_settings(KitSettings).gateway_url
        if found is None:
            raise SettingsError(
                "TAXLIEN_NOTIFICATIONS_WEB_URL is not set, and neither is TAXLIEN_GATEWAY_URL:"
                " mails need an address for their links"
            )
        return found.rstrip("/")

    def doors_url(self) -> str:
        """Return where the API is reached from outside, without a slash. Raises ``SettingsError``."""
        return (self.api_url or self.pages_url()).rstrip("/")
