"""What this process works with, opened at first use: keys, providers, settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeVar

from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, SettingsError, read_settings
from taxlien.services.notifications.settings import MailProvider, NotificationsSettings

from .fcm import FcmPusher, ServiceAccount
from .in_turn import InTurn
from .messages import Call, Mail, Push, Text
from .provider import Provider
from .sendgrid import SendGridMailer
from .smtp import SmtpMailer, SmtpServer
from .twilio import TwilioTexter
from .webhooks import WebhookCaller

M = TypeVar("M")


@cache
def settings() -> NotificationsSettings:
    """Return the settings of notifications. Raises ``SettingsError``."""
    return read_settings(NotificationsSettings)


@cache
def keyring() -> Keyring:
    """Return the keys that seal what mails say. Raises ``SettingsError``."""
    return Keyring.from_settings(read_settings(KitSettings))


@cache
def mailer() -> Provider[Mail]:
    """Return what sends mail: every provider of the settings, in turn. Raises ``SettingsError``."""
    found = settings()
    makers: dict[MailProvider, Callable[[], Provider[Mail]]] = {
        "smtp": _smtp,
        "sendgrid": _sendgrid,
    }
    names = found.mail_providers or tuple(name for name in makers if _is_set(name))
    if not names:
        what = NotificationsSettings.model_fields["smtp_url"].description
        raise SettingsError(f"TAXLIEN_NOTIFICATIONS_SMTP_URL is not set: {what}")
    return _in_turn([makers[name]() for name in names])


@cache
def texter() -> Provider[Text] | None:
    """Return what sends text messages; None where the settings name nothing. Raises ``SettingsError``."""
    found = settings()
    if found.twilio_account_sid is None or found.twilio_auth_token is None:
        return None
    if found.twilio_sender is None:
        raise SettingsError("TAXLIEN_NOTIFICATIONS_TWILIO_SENDER is not set: who texts are from")
    twilio = TwilioTexter(
        found.twilio_account_sid,
        found.twilio_auth_token,
        found.twilio_sender,
        url=found.twilio_url,
        timeout=found.send_timeout,
    )
    return _in_turn([twilio])


@cache
def pusher() -> Provider[Push] | None:
    """Return what sends push messages; None where the settings name nothing. Raises ``SettingsError``."""
    found = settings()
    if found.fcm_credentials is None:
        return None
    account = ServiceAccount.parse(found.fcm_credentials)
    return _in_turn([FcmPusher(account, url=found.fcm_url, timeout=found.send_timeout)])


@cache
def caller() -> Provider[Call]:
    """Return what calls users' webhooks. Each is another server: none has a breaker for all."""
    found = settings()
    return WebhookCaller(loopback=found.webhooks_loopback, timeout=found.webhook_timeout)


def _smtp() -> Provider[Mail]:
    found = settings()
    if found.smtp_url is None:
        raise SettingsError("TAXLIEN_NOTIFICATIONS_MAIL_PROVIDERS names smtp without an smtp_url")
    server = SmtpServer.parse(found.smtp_url.get_secret_value())
    return SmtpMailer(server, found.from_address, timeout=found.send_timeout)


def _sendgrid() -> Provider[Mail]:
    found = settings()
    if found.sendgrid_api_key is None:
        raise SettingsError("TAXLIEN_NOTIFICATIONS_MAIL_PROVIDERS names sendgrid without its key")
    return SendGridMailer(
        found.sendgrid_api_key,
        found.from_address,
        url=found.sendgrid_url,
        timeout=found.send_timeout,
    )


def _is_set(name: MailProvider) -> bool:
    found = settings()
    return (found.smtp_url if name == "smtp" else found.sendgrid_api_key) is not None


def _in_turn(providers: Sequence[Provider[M]]) -> Provider[M]:
    found = settings()
    return InTurn(providers, per_second=found.per_second, rest_seconds=found.provider_rest)


def forget() -> None:
    """Read the settings anew at the next use."""
    for opened in (settings, keyring, mailer, texter, pusher, caller):
        opened.cache_clear()
