"""A request as it came, and what is answered: bytes, or faults in how they are sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import msgspec

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=utf-8"


@dataclass(slots=True)
class Request:
    """A request, its header names in lower case. ``path`` begins with ``/`` and has no query."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""
    _parameters: dict[str, str] | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; names in lower case, since these sites do not care."""
        if self._parameters is None:
            pairs = parse_qsl(self.query, keep_blank_values=True)
            self._parameters = {name.lower(): value for name, value in pairs}
        return self._parameters

    @property
    def form(self) -> dict[str, str]:
        """The fields of the form that was sent."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def json(self) -> dict[str, object]:
        """The JSON object that was sent; an empty one where it is none."""
        try:
            document = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return document if isinstance(document, dict) else {}

    def cookie(self, name: str) -> str | None:
        """The value of a cookie, whatever the case of its name."""
        for part in self.headers.get("cookie", "").split(";"):
            found, _, value = part.strip().partition("=")
            if found.lower() == name.lower():
                return unquote(value)
        return None

    def under(self, first: str) -> Request:
        """The same request as the played host sees it: without the first part of the path."""
        rest = self.path[len(first) + 1 :] or "/"
        return Request(self.method, rest, self.query, self.headers, self.body)


@dataclass(slots=True)
class Answer:
    """What is answered. Faults of sending are here too, and are off by default.

    ``wait`` seconds pass before the first byte; ``announced`` is a false Content-Length; after
    ``reset_after`` bytes the connection is reset; ``stream`` comes after ``body`` and is never held whole.
    """

    body: bytes = b""
    status: int = 200
    kind: str = HTML
    headers: list[tuple[str, str]] = field(default_factory=list)
    wait: float = 0.0
    announced: int | None = None
    reset_after: int | None = None
    stream: Iterable[bytes] | None = None

    def head(self, *, close: bool) -> bytes:
        """The status line and headers."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        if self.status != HTTPStatus.NOT_MODIFIED:
            length = len(self.body) if self.announced is None else self.announced
            lines += [f"Content-Type: {self.kind}", f"Content-Length: {length}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if close:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def page(text: str, **options: object) -> Answer:
    """An HTML page."""
    return Answer(text.encode(), **options)  # type: ignore[arg-type]


def json_answer(document: object, *, status: int = 200, kind: str = JSON) -> Answer:
    """A JSON document."""
    return Answer(msgspec.json.encode(document), status=status, kind=kind)


def redirect(location: str, status: int = 302) -> Answer:
    """Send elsewhere; ``location`` has the played host in front, as a browser needs it."""
    return Answer(b"", status=status, headers=[("Location", location)])


def not_found(text: str = "Not found") -> Answer:
    """404 with a short page."""
    return page(f"<!DOCTYPE html><title>404</title><h1>{text}</h1>", status=404)
