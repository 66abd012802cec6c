"""What sends mail, as the rest of notifications sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


class MailDeferred(Exception):
    """The mail did not go out now, and may later: a busy or absent server, greylisting."""


class MailRefused(Exception):
    """The mail will never go out: no such address, content refused for good."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. ``message_id`` is the same whenever the same mail is sent again.

    ``unsubscribe_url`` takes a POST that stops mails of its kind (RFC 8058); None where nobody can.
    """

    message_id: str
    to: str
    subject: str
    text: str
    html: str
    language: str
    written_at: datetime
    unsubscribe_url: str | None = None


class Mailer(Protocol):
    """Hands mails to a server that delivers them."""

    async def send(self, mail: Mail) -> None:
        """Return once the server has taken the mail. Raises ``MailDeferred``, ``MailRefused``."""
        ...
