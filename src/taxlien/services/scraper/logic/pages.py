"""A page to fetch, a page fetched, and what reading it gives. The same for every platform."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from taxlien.interfaces.scraper import LienObserved, ParcelObserved, SaleDayObserved

from .lists import ListPart

Verdict = Literal[
    "ok",
    "empty",  # the site itself says there is nothing here: an honest zero
    "not_found",  # the record is gone, or never was
    "no_session",  # a 200 that means: begin the session again
    "unavailable",  # a 200 that means: later
    "challenge",  # a page that wants to know whether we are human: stop
    "truncated",  # cut off: to be fetched again
    "unrecognised",  # not a page this parser knows: the layout changed
]


READABLE: frozenset[Verdict] = frozenset({"ok", "empty", "not_found"})
"""Verdicts on pages that are what was asked for, and say something."""


class FormStep(msgspec.Struct, frozen=True, kw_only=True):
    """Send a form of the page just fetched: its hidden fields, and ``fields`` on top."""

    selector: str
    fields: dict[str, str] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be asked before a page is given: a cookie, a date bound to the session, a disclaimer.

    ``path`` is under the site's base URL. ``form`` is sent after it, where the page there has one.
    """

    path: str
    form: FormStep | None = None


class PageRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A page to fetch. ``key`` names it within its source for ever; ``path`` is under the base URL.

    ``kind`` is the platform's word for what the page is (report, calendar, items). ``session`` names
    the cookies to come with; ``steps`` open that session where it is not open yet. ``context`` is
    carried to the parser: what the page itself does not say (the day it was asked for).
    """

    key: str
    kind: str
    path: str
    method: Literal["GET", "POST"] = "GET"
    form: dict[str, str] | None = None
    json: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    session: str | None = None
    steps: tuple[Step, ...] = ()
    context: dict[str, str] = {}


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it came, decoded to ``text``. ``url`` is where it really came from."""

    request: PageRequest
    url: str
    text: str
    fetched_at: datetime | None = None


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says, and what to fetch next. ``reason`` is in words where ``verdict`` is not ok.

    ``promised`` counts the records that the page itself announces (27 of 27, Showing N results): fewer
    read than promised fails the page. ``notes`` are remarks for whoever maintains the parser. ``lists``
    says which whole file the page is a piece of, where it is one (see ``logic.lists``). ``address`` is the
    path under the base URL at which anybody sees the same, where a form led to the page.
    """

    verdict: Verdict = "ok"
    reason: str | None = None
    parcels: tuple[ParcelObserved, ...] = ()
    liens: tuple[LienObserved, ...] = ()
    sales: tuple[SaleDayObserved, ...] = ()
    follow: tuple[PageRequest, ...] = ()
    promised: int | None = None
    notes: tuple[str, ...] = ()
    lists: tuple[ListPart, ...] = ()
    address: str | None = None


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What a run shall cover. ``today`` is the county's own day; ``limit`` the most pages wanted.

    ``parcels`` are ids to look up, for platforms that give no list of them.
    """

    today: date
    limit: int | None = None
    parcels: tuple[str, ...] = ()
