"""Mail by SMTP: three ways of TLS, and refusals told apart by whether another attempt can help."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, Message
from email.policy import SMTP, SMTPUTF8, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from taxlien.kit.settings import SettingsError

from .messages import Mail
from .provider import Deferred, Misconfigured, Receipt, Refused

_Policy: TypeAlias = "EmailPolicy[EmailMessage[Any, Any]]"


class _OneLine(UnstructuredHeader, BaseHeader):
    """A header that is never folded: an address cut in two, or encoded, is none to a mail program."""

    def fold(self, *, policy: Policy[Message[str, str]]) -> str:
        """Return the header as a line, which may have 998 characters (RFC 5322, 2.1.1)."""
        return f"{self.name}: {self}{policy.linesep}"


def _with_whole_addresses(policy: _Policy) -> _Policy:
    headers = HeaderRegistry()
    headers.map_to_type("list-unsubscribe", _OneLine)
    return policy.clone(header_factory=headers)


SMTP_POLICY, UTF8_POLICY = _with_whole_addresses(SMTP), _with_whole_addresses(SMTPUTF8)

Tls = Literal["none", "starttls", "implicit"]

_SCHEMES: dict[str, tuple[Tls, int]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("implicit", 465),
}
# One bare address: no quoting, no comment, no list, nothing that ends a line or a command.
_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f\"(),:;<>@\[\\\]]{1,64}")
_DOMAIN = re.compile(r"[^\W_](?:[\w.-]{0,250}[^\W_])?")
_LEAVE_SECONDS = 2.0
_BEFORE = (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPConnectTimeoutError, ConnectionRefusedError)
"""Failures before a mail was handed in: nobody has it."""
_VARIABLE = "TAXLIEN_NOTIFICATIONS_SMTP_URL"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed in. ``ca_file`` names the authority of a server with a private one."""

    host: str
    port: int
    tls: Tls
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    @classmethod
    def parse(cls, url: str) -> SmtpServer:
        """Read ``smtps://user:password@host:465?ca=FILE``. Raises ``SettingsError``, never shows it.

        A password travels only over TLS or within this machine.
        """
        try:
            parts = urlsplit(url)
            tls, usual_port = _SCHEMES[parts.scheme]
            host, port = parts.hostname, parts.port or usual_port
        except (KeyError, ValueError):
            raise SettingsError(
                f"{_VARIABLE} is malformed: it must begin with smtps://, smtp+starttls:// or smtp://"
            ) from None
        if not host:
            raise SettingsError(f"{_VARIABLE} is malformed: it names no host")
        if parts.username and tls == "none" and not _is_local(host):
            raise SettingsError(
                f"{_VARIABLE} would send a password in the clear: use smtps:// or smtp+starttls://"
            )
        return cls(
            host,
            port,
            tls,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            next(iter(parse_qs(parts.query).get("ca", ())), None),
        )


class SmtpMailer:
    """A ``Provider[Mail]`` that hands every mail in over a connection of its own."""

    name = "smtp"

    def __init__(self, server: SmtpServer, sender: str, *, timeout: float = 45.0) -> None:
        """``sender`` is ``Name <address>``; ``timeout`` is seconds for the whole of one mail."""
        name, address = parseaddr(sender)
        self._server = server
        self._sender = Address(display_name=name, addr_spec=address)
        self._timeout = timeout
        self._context = _tls_context(server)

    async def send(self, message: Mail) -> Receipt:
        """Hand the mail in. Raises as ``Provider``; a timeout may hide a success."""
        recipient = _deliverable(message.to)
        written = self._written(message, recipient)
        try:
            async with asyncio.timeout(self._timeout):
                await self._hand_in(written, recipient)
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0]
            raise _judged(first.code, f"recipient: {first.code}") from None
        except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            raise _judged(error.code, f"{_words(error)}: {error.code}") from None
        except aiosmtplib.SMTPNotSupported:
            raise Refused("the server does not take such an address") from None
        except aiosmtplib.SMTPResponseException as error:
            # Greeting, sign-in, sender: what is wrong is ours or the server's, not this mail's.
            failure = Misconfigured if 500 <= error.code < 600 else Deferred
            raise failure(f"{_words(error)}: {error.code}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise Deferred(type(error).__name__, certain=isinstance(error, _BEFORE)) from None
        return Receipt(self.name)

    async def _hand_in(self, message: EmailMessage, recipient: Address) -> None:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._context,
            local_hostname=self._sender.domain,
            timeout=self._timeout,
        )
        try:
            await client.connect()
            await client.send_message(
                message, sender=self._sender.addr_spec, recipients=[recipient.addr_spec]
            )
        except BaseException:
            client.close()
            raise
        await _take_leave(client)

    def _written(self, mail: Mail, recipient: Address) -> EmailMessage:
        ascii_only = recipient.username.isascii()
        message = EmailMessage(policy=SMTP_POLICY if ascii_only else UTF8_POLICY)
        try:
            message["From"] = self._sender
            message["To"] = recipient
            message["Subject"] = mail.subject
        except (ValueError, MessageError):
            raise Refused("an address or subject that no mail can have") from None
        message["Date"] = format_datetime(mail.written_at)
        message["Message-ID"] = f"<{mail.message_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        if mail.unsubscribe_url is not None:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        message["Content-Language"] = mail.language
        return message


async def _take_leave(client: aiosmtplib.SMTP) -> None:
    """Say QUIT. The mail is taken by now: whatever goes wrong here must not send it again."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(_LEAVE_SECONDS):
            await client.quit()
    client.close()


def _deliverable(address: str) -> Address:
    """Return the address in the form the wire wants. Raises ``Refused``."""
    local, _, domain = address.rpartition("@")
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise Refused("not an e-mail address")
    try:
        return Address(username=local, domain=domain.encode("idna").decode())
    except (ValueError, MessageError):
        raise Refused("not an e-mail address") from None


def _judged(code: int, words: str) -> Deferred | Refused:
    return Refused(words) if 500 <= code < 600 else Deferred(words, of_message=True)


def _words(error: Exception) -> str:
    """Name what was refused, without the server's own words: they may repeat the address."""
    return type(error).__name__.removeprefix("SMTP")


def _tls_context(server: SmtpServer) -> ssl.SSLContext | None:
    if server.tls == "none":
        return None
    try:
        context = ssl.create_default_context(cafile=server.ca_file)
    except OSError as error:
        raise SettingsError(
            f"{_VARIABLE} names a ca that cannot be read: {error.strerror}"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
