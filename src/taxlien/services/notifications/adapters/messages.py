"""Messages as providers take them: a mail, a text message, a push message, a call of a webhook.

``message_id`` is the same whenever the same message is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. ``bypass`` also sends to an address that a provider does not like.

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
    bypass: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """One text message to one number as in E.164. ``report_url`` is told what became of it."""

    message_id: str
    to: str
    body: str
    report_url: str | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """One push message to one installation of the app; ``seconds`` is how long it is of use."""

    message_id: str
    token: str = field(repr=False)
    title: str = field()
    body: str = field()
    kind: str = field()
    link: str = field()
    seconds: int = field()


@dataclass(frozen=True, slots=True)
class Call:
    """One POST of ``body`` (JSON) to an address of a user's own, signed with its ``secret``."""

    message_id: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    body: bytes = field(repr=False)
