"""What asking for a page gives: the page as fetched, or one of three ways in which it did not come."""

from __future__ import annotations

from datetime import datetime

import msgspec

from taxlien.interfaces.scraper import StopKind


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, whatever its status. ``url`` is where it came from in the end.

    ``headers`` have lower-case names and no cookies. ``content`` is decoded from its transfer and
    content encodings; it is empty where ``not_modified``. ``bytes_read`` counts what went over the wire.
    """

    url: str
    status: int
    headers: dict[str, str]
    content: bytes
    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False
    from_browser: bool = False
    bytes_read: int = 0


class Stopped(Exception):
    """The source must be left alone until a person looks. ``reason`` is in words.

    ``page`` is the host's answer, where it was an answer that said so.
    """

    def __init__(self, kind: StopKind, reason: str, page: Fetched | None = None) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason
        self.page = page


class Refused(Exception):
    """This page is never to be had this way, and trying again would not change it. ``reason`` is in words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Exception):
    """The host did not give the page now. ``retry`` says whether later it may."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry
