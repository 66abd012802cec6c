"""The HTTP side: ``/dev/mail`` for people, ``/dev/mail/api`` for tests. Plain ASGI, on loopback only."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from taxlien.run.mailbox.store import MailStore, Opened

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PAGES = Path(__file__).with_name("pages")
SHOWN = 200
MOST = 1000

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self';"
    " img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# What a mail may do in its frame: look as it looks, and open its links in a new tab. Nothing else.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self';"
    " sandbox allow-popups allow-popups-to-escape-sandbox"
)
# Another name for this address would let a page elsewhere read mails by DNS rebinding.
_HOST = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?")
_FILES = {
    "/dev/mail/page.css": "text/css; charset=utf-8",
    "/dev/mail/page.js": "text/javascript; charset=utf-8",
}
_MAIL_PATH = re.compile(r"/dev/mail/([0-9a-f]{32})(/html|/source)?")
_API_PATH = re.compile(r"/dev/mail/api/messages/([0-9a-f]{32})")


class Answer(NamedTuple):
    """What goes back to the browser."""

    status: int
    media_type: str
    body: bytes
    policy: str = _POLICY


class MailPages:
    """The ASGI app over one store."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._templates = Environment(
            loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters["clock"] = _clock
        self._templates.filters["day"] = _day

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        answer = self._answer(scope)
        headers = {
            "content-type": answer.media_type,
            "content-length": str(len(answer.body)),
            "content-security-policy": answer.policy,
            "cache-control": "no-store",
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-resource-policy": "same-origin",
        }
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Scope) -> Answer:
        given = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        if not _HOST.fullmatch(given):
            return _words(421, "The mailbox answers to 127.0.0.1 and localhost only.")
        if scope["method"] == "DELETE" and scope["path"] == "/dev/mail/api/messages":
            return _json({"deleted": self._store.clear()})
        if scope["method"] not in ("GET", "HEAD"):
            return _words(405, "Mails can be read here, and all of them deleted.")
        path, query = scope["path"], parse_qs(scope["query_string"].decode("latin-1"))
        to = query.get("to", [""])[0].strip() or None
        if path == "/ready":
            return _words(200, "ready")
        if path in ("/", "/dev/mail", "/dev/mail/"):
            return self._list(to)
        if path in _FILES:
            return Answer(200, _FILES[path], (PAGES / Path(path).name).read_bytes())
        if path == "/dev/mail/api/messages":
            return self._messages(to, query.get("limit", ["50"])[0])
        if found := _API_PATH.fullmatch(path):
            mail = self._store.open(found[1])
            return _json(_told(mail) | {"html": mail.html}) if mail else self._missing()
        if found := _MAIL_PATH.fullmatch(path):
            return self._mail(found[1], found[2])
        return self._missing()

    def _list(self, to: str | None) -> Answer:
        mails = list(self._store.newest(SHOWN, to))
        return self._page("list.html", mails=mails, to=to or "", total=len(self._store))

    def _mail(self, mail_id: str, part: str | None) -> Answer:
        mail = self._store.open(mail_id)
        if mail is None:
            return self._missing()
        if part == "/html":
            return Answer(200, "text/html; charset=utf-8", (mail.html or "").encode(), _MAIL_POLICY)
        if part == "/source":
            return _words(200, mail.source)
        return self._page("mail.html", mail=mail, entry=mail.entry)

    def _messages(self, to: str | None, limit: str) -> Answer:
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
            return _json({"error": f"limit is a number from 1 to {MOST}"}, 422)
        opened = (self._store.open(entry.mail_id) for entry in self._store.newest(int(limit), to))
        return _json({"messages": [_told(mail) for mail in opened if mail]})

    def _missing(self) -> Answer:
        return self._page("missing.html", status=404)

    def _page(self, name: str, *, status: int = 200, **values: object) -> Answer:
        html = self._templates.get_template(name).render(values)
        return Answer(status, "text/html; charset=utf-8", html.encode())


def _told(mail: Opened) -> dict[str, object]:
    entry = asdict(mail.entry)
    entry["id"] = entry.pop("mail_id")
    return {**entry, "text": mail.text, "links": mail.links}


def _json(content: object, status: int = 200) -> Answer:
    return Answer(status, "application/json", json.dumps(content, ensure_ascii=False).encode())


def _words(status: int, text: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", text.encode())


def _clock(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S") if at else ""


def _day(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d") if at else ""
