"""The SMTP side: takes everything from this machine, delivers nothing anywhere."""

from __future__ import annotations

import asyncio
import logging

from aiosmtpd.smtp import SMTP, Envelope, Session

from taxlien.run.mailbox.store import MailStore

LARGEST = 10 * 1024 * 1024  # bytes of one mail
MOST_RECIPIENTS = 100

_log = logging.getLogger("taxlien.mailbox")


class Taking:
    """What the SMTP server asks about each mail."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take any address, up to a number of them."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail before saying yes."""
        content = envelope.content
        assert isinstance(content, bytes)
        try:
            kept = self._store.save(content, envelope.mail_from or "", envelope.rcpt_tos)
        except OSError as error:
            _log.warning("a mail could not be kept: %s", error.strerror)
            return "452 4.3.1 cannot keep it now"
        return f"250 2.0.0 kept as {kept}"


async def take_mail(store: MailStore, host: str, port: int) -> asyncio.Server:
    """Listen for SMTP. Raises ``OSError`` where the port is taken."""
    handler = Taking(store)

    def talk() -> SMTP:
        return SMTP(
            handler,
            hostname="mailbox.localhost",
            ident="TAXLIEN.online mailbox",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST,
            timeout=60,
        )

    return await asyncio.get_running_loop().create_server(talk, host, port)
