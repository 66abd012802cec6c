"""What this process works with, opened at first use: keys, objects, the mailer, settings."""

from __future__ import annotations

from functools import cache

from taxlien.kit.blobs import Blobs
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, SettingsError, read_settings
from taxlien.services.notifications.settings import NotificationsSettings

from .mailer import Mailer
from .smtp import SmtpMailer, SmtpServer


@cache
def settings() -> NotificationsSettings:
    """Return the settings of notifications. Raises ``SettingsError``."""
    return read_settings(NotificationsSettings)


@cache
def keyring() -> Keyring:
    """Return the keys that seal what mails say. Raises ``SettingsError``."""
    return Keyring.from_settings(read_settings(KitSettings))


@cache
def blobs() -> Blobs:
    """Return the store of export parts. Raises ``SettingsError``."""
    return Blobs.from_settings(read_settings(KitSettings))


@cache
def mailer() -> Mailer:
    """Return what sends mail. Raises ``SettingsError``."""
    found = settings()
    if found.smtp_url is None:
        what = NotificationsSettings.model_fields["smtp_url"].description
        raise SettingsError(f"TAXLIEN_NOTIFICATIONS_SMTP_URL is not set: {what}")
    server = SmtpServer.parse(found.smtp_url.get_secret_value())
    return SmtpMailer(server, found.from_address, timeout=found.send_timeout)


def forget() -> None:
    """Read the settings anew at the next use."""
    for opened in (settings, keyring, blobs, mailer):
        opened.cache_clear()
