"""Answers whose bytes are known: sent past the layers, with every header that the layers would give them.

For what is asked so often that layers would cost more than the answer. Such requests are counted and
traced like any other; a line is logged only for those that had to be computed.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import structlog
from starlette.types import Scope, Send

from taxlien.kit.http.freshness import PERSONAL, is_among, tag_of
from taxlien.kit.http.middleware import SECURITY_HEADERS, context_of
from taxlien.kit.telemetry.context import RequestContext
from taxlien.kit.telemetry.metrics import REQUEST_SECONDS
from taxlien.kit.telemetry.traces import note_answered

access_log = structlog.get_logger("taxlien.access")

RawHeaders = tuple[tuple[bytes, bytes], ...]


class ReadyAnswer(NamedTuple):
    """A 200 of JSON: its bytes, its tag, and the headers for anybody, for a signed-in user, for a 304."""

    body: bytes
    tag: str
    headers: RawHeaders
    personal: RawHeaders
    unchanged: RawHeaders


def ready(body: bytes) -> ReadyAnswer:
    """Return ``body``, which is JSON, as an answer."""
    tag = tag_of(body)
    what = (
        (b"content-length", str(len(body)).encode()),
        (b"content-type", b"application/json"),
    )
    fresh = ((b"vary", b"Authorization"), (b"etag", tag.encode()))
    personal = (*what, (b"cache-control", PERSONAL.encode()), *SECURITY_HEADERS)
    return ReadyAnswer(
        body, tag, (*what, *fresh, *SECURITY_HEADERS), personal, (*fresh, *SECURITY_HEADERS)
    )


class Asked(NamedTuple):
    """A request that came by a shortcut: since when, by whom, and what it says of its trace and copy."""

    started: float
    started_ns: int
    context: RequestContext
    traceparent: str
    has: str


def asked(scope: Scope) -> Asked:
    """Read what the layers would have read."""
    traceparent = has = b""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            traceparent = value
        elif name == b"if-none-match":
            has = value
    return Asked(
        time.perf_counter(),
        time.time_ns(),
        context_of(scope, scope["app"].state.gateway_secret),
        traceparent.decode("latin-1"),
        has.decode("latin-1"),
    )


class ReadyRoute:
    """Sends answers of one route, such as ``/v1/search``."""

    def __init__(self, route: str, method: str = "GET") -> None:
        self._route, self._method = route, method
        self._seconds = {
            status: REQUEST_SECONDS.labels(method, route, str(status)) for status in (200, 304)
        }

    async def send(self, question: Asked, answer: ReadyAnswer, send: Send, *, log: bool) -> None:
        """Answer ``question``; ``log`` writes the line that the access log would have."""
        status, body, headers = 200, answer.body, answer.headers
        if question.context.user_id:
            headers = answer.personal
        elif question.has and is_among(answer.tag, question.has):
            status, body, headers = 304, b"", answer.unchanged
        trace_id = note_answered(
            self._method, self._route, self._route, status,
            parent=question.traceparent, started_ns=question.started_ns,
        )  # fmt: skip
        request_id = question.context.request_id
        identity = ((b"x-request-id", request_id.encode()), (b"x-trace-id", trace_id.encode()))
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*headers, *(identity if trace_id else identity[:1])],
            }
        )
        await send({"type": "http.response.body", "body": body})
        seconds = time.perf_counter() - question.started
        self._seconds[status].observe(seconds)
        if log:
            access_log.info(
                "request", method=self._method, path=self._route, route=self._route, status=status,
                ms=round(seconds * 1000, 1), bytes=len(body), request_id=request_id,
                **({"trace_id": trace_id} if trace_id else {}),
            )  # fmt: skip
