"""Sessions: a cookie jar by name, and the forms that open one. Nothing here ever logs in."""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.services.scraper.logic.pages import FormStep, PageRequest
from taxlien.services.scraper.logic.sites import Site

from .hosts import followed
from .outcomes import Refused, Stopped
from .scripted import Wanted

_URLENCODED = re.compile(r"(?:application/x-www-form-urlencoded)?", re.IGNORECASE)


class Session:
    """One visitor as the site sees it. ``opened`` once its steps were taken."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.jar = httpx2.Cookies()
        self.opened = False
        self.opening = asyncio.Lock()


_last: ContextVar[Session | None] = ContextVar("session of the page fetched last", default=None)


class Sessions:
    """The jars of this process by site and name; the one unused longest goes first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[tuple[str, str], Session] = OrderedDict()

    def of(self, site: Site, name: str | None) -> Session:
        """Return the session of that name, or one for a single page where there is no name."""
        if name is None:
            return Session()
        session = self._kept.setdefault((site.source, name), Session(name))
        _last.set(session)
        self._kept.move_to_end((site.source, name))
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        return session

    def forget(self, site: Site, name: str) -> None:
        """Begin the session anew at its next page, unless another task did so already.

        Pages that are fetched side by side lose a session together: the first to notice renews it for all.
        """
        last = _last.get()
        known = self._kept.get((site.source, name))
        if last is not None and last.name == name and last is not known:
            return
        self._kept.pop((site.source, name), None)


def form_request(site: Site, url: str, html: str, step: FormStep) -> PageRequest | None:
    """Return the request that sends the form of the page at ``url``; None where it has no such form.

    ``path`` of the request is a whole address. Raises ``Stopped`` where sending a form would accept
    terms that nobody allowed us to accept, ``Refused`` where it is a login.
    """
    form = LexborHTMLParser(html).css_first(step.selector)
    if form is None:
        return None
    if form.css_first("input[type=password]") is not None:
        raise Refused("the form asks for a password")
    if not (site.terms.accept or site.synthetic):
        raise Stopped(
            "terms", "the site asks to accept its terms, and its file does not allow that"
        )
    if not _URLENCODED.fullmatch(form.attributes.get("enctype") or ""):
        raise Refused("the form is sent in a way that is not supported")
    fields = {**_hidden(form), **step.fields}
    action = followed(site, url, form.attributes.get("action") or url)
    post = (form.attributes.get("method") or "get").lower() == "post"
    if not post:
        action = str(httpx2.URL(action).copy_with(params=fields))
    return PageRequest(
        key="",
        kind="form",
        path=action,
        method="POST" if post else "GET",
        form=fields if post else None,
        headers={"referer": url},
    )


def wanted_request(wanted: Wanted) -> PageRequest:
    """Return the request for what a page in the browser wants. Raises ``Refused`` for other bodies."""
    kind = wanted.headers.get("content-type", "").partition(";")[0].strip().lower()
    form: dict[str, str] | None = None
    json: dict[str, Any] | None = None
    if wanted.method not in {"GET", "POST"}:
        raise Refused(f"a page asks by {wanted.method}")
    if wanted.method == "POST" and kind == "application/json":
        try:
            json = msgspec.json.decode(wanted.body, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise Refused("a page sends JSON that is no object") from None
    elif wanted.method == "POST" and kind in {"application/x-www-form-urlencoded", ""}:
        form = dict(parse_qsl(wanted.body.decode("utf-8", "replace"), keep_blank_values=True))
    elif wanted.method == "POST":
        raise Refused(f"a page sends {kind}")
    return PageRequest(
        key="",
        kind="part",
        path=wanted.url,
        method="POST" if wanted.method == "POST" else "GET",
        form=form,
        json=json,
        headers={n: v for n, v in wanted.headers.items() if n != "content-type"},
    )


def _hidden(form: LexborNode) -> dict[str, str]:
    return {
        str(field.attributes["name"]): field.attributes.get("value") or ""
        for field in form.css("input[type=hidden]")
        if field.attributes.get("name")
    }
