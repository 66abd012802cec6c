"""Settings of notifications: the mail server, who writes, and where the links in mails lead."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from taxlien.kit.settings import HttpUrl, KitSettings, SettingsError, read_settings

MailProvider = Literal["smtp", "sendgrid"]


def _mailbox(value: str) -> str:
    name, address = parseaddr(value)
    if "@" not in address or not value.isprintable():
        raise ValueError("must look like Name <name@example.com>")
    Address(display_name=name, addr_spec=address)
    return value


def _names(value: object) -> object:
    return (
        tuple(filter(None, value.replace(" ", "").split(","))) if isinstance(value, str) else value
    )


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
    mail_providers: Annotated[tuple[MailProvider, ...], NoDecode, BeforeValidator(_names)] = Field(
        default=(),
        description="who sends mail, in the order they are asked, such as sendgrid,smtp;"
        " unset, whoever is set up, smtp first",
    )
    sendgrid_api_key: SecretStr | None = Field(default=None, description="key of SendGrid's API")
    sendgrid_url: HttpUrl = Field(
        default="https://api.sendgrid.com", description="SendGrid's interface, or its one in the EU"
    )
    sendgrid_events_key: SecretStr | None = Field(
        default=None,
        description="public key of SendGrid's signed event webhook, as its pages show it;"
        " unset, its reports are refused",
    )
    twilio_account_sid: str | None = Field(default=None, description="AC..., for text messages")
    twilio_auth_token: SecretStr | None = Field(
        default=None, description="signs us in at Twilio, and Twilio's reports at us"
    )
    twilio_sender: str | None = Field(
        default=None, description="number as +15005550006, or messaging service as MG..."
    )
    twilio_url: HttpUrl = Field(default="https://api.twilio.com", description="Twilio's interface")
    fcm_credentials: SecretStr | None = Field(
        default=None, description="JSON of the service account that sends push messages"
    )
    fcm_url: HttpUrl = Field(
        default="https://fcm.googleapis.com", description="interface of Firebase Cloud Messaging"
    )
    webhooks_loopback: bool = Field(
        default=False,
        description="whether users' webhooks may be on this machine and without TLS; for development",
    )
    webhook_timeout: float = Field(
        default=10.0, gt=0, description="seconds that a user's webhook has to answer"
    )
    most_devices: int = Field(default=20, ge=1, description="installations of the app for a user")
    most_webhooks: int = Field(default=5, ge=1, description="webhooks for a user")
    email_per_day: int = Field(
        default=50, ge=1, description="optional mails to a user in 24 hours; more wait"
    )
    push_per_day: int = Field(default=50, ge=1, description="the same of push messages")
    sms_per_day: int = Field(default=10, ge=1, description="the same of text messages")
    per_second: float = Field(
        default=50.0, gt=0, description="messages a second to one provider from one process"
    )
    provider_rest: float = Field(
        default=10.0, gt=0, description="seconds of rest for a provider that failed five times"
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
    dead_days: int = Field(
        default=14, ge=1, description="days in which what was given up can be sent again by hand"
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
