"""The layers around every app, as plain ASGI: a request id, an access log, a body limit, last resorts."""

from __future__ import annotations

import hmac
import re
import time

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taxlien.kit.database import is_connection_lost
from taxlien.kit.errors import DomainError
from taxlien.kit.http.errors import Problem, problem_of, problem_response
from taxlien.kit.ids import new_id
from taxlien.kit.telemetry.context import RequestContext, serving
from taxlien.kit.telemetry.metrics import REQUEST_SECONDS

access_log = structlog.get_logger("taxlien.access")
log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}")
_QUIET_PATHS = frozenset({"/health", "/ready", "/metrics"})

# Raw, as ASGI carries them: these run around every request.
SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_IDENTITY = frozenset(
    {
        b"x-request-id",
        b"x-user-id",
        b"x-tier",
        b"x-roles",
        b"x-session-id",
        b"x-gateway-secret",
    }
)


class RequestIdentity:
    """Give each request an id (the gateway's, or a new one) and say it back; add security headers.

    Who the user is, is believed only from a request that carries ``gateway_secret``: any other caller
    that reaches this port, a process on the same host included, is nobody.
    """

    def __init__(self, app: ASGIApp, gateway_secret: str | None = None) -> None:
        self.app = app
        self._secret = gateway_secret or ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        context = context_of(scope, self._secret)
        request_id = (b"x-request-id", context.request_id.encode())

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                said = {name for name, _ in own}
                message["headers"] = [
                    *own,
                    request_id,
                    *(header for header in SECURITY_HEADERS if header[0] not in said),
                ]
            await send(message)

        with serving(context):
            await self.app(scope, receive, send_with_headers)


def context_of(scope: Scope, secret: str) -> RequestContext:
    """Return who asks, under which id; who the user is, only with the gateway's ``secret``."""
    found = {name: value.decode("latin-1") for name, value in scope["headers"] if name in _IDENTITY}
    given = found.get(b"x-request-id", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else str(new_id())
    said = found.get(b"x-gateway-secret", "")
    if not secret or not hmac.compare_digest(said.encode(), secret.encode()):
        return RequestContext(request_id=request_id)
    roles = found.get(b"x-roles", "")
    return RequestContext(
        request_id=request_id,
        user_id=found.get(b"x-user-id", ""),
        tier=found.get(b"x-tier", ""),
        roles=tuple(role.strip() for role in roles.split(",") if role.strip()),
        session_id=found.get(b"x-session-id", ""),
        gateway_secret=secret,
    )


class AccessLog:
    """Write one line and one measurement per request. Never the query: it may hold personal data."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0
        sent = 0

        async def count(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, count)
        finally:
            seconds = time.perf_counter() - started
            route = route_of(scope)
            REQUEST_SECONDS.labels(scope["method"], route, str(status)).observe(seconds)
            if scope["path"] not in _QUIET_PATHS or status >= 400:
                access_log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    route=route,
                    status=status,
                    ms=round(seconds * 1000, 1),
                    bytes=sent,
                )


def route_of(scope: Scope) -> str:
    """Return the route's template, such as ``/v1/liens/{lien_id}``: few values, no personal data."""
    route = scope.get("route")
    return str(getattr(route, "path", "") or "unmatched")


class BodyLimit:
    """Refuse a body over ``max_bytes``: by its declared length at once, otherwise while it arrives."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self.max_bytes:
            too_large = Problem(413, "body_too_large", self._said())
            await problem_response(too_large, instance=scope["path"])(scope, receive, send)
            return
        arrived = 0

        async def count() -> Message:
            nonlocal arrived
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self.max_bytes:
                # FastAPI lets this class through while it reads a body; any other becomes a 400.
                raise HTTPException(413, self._said())
            return message

        await self.app(scope, count, send)

    def _said(self) -> str:
        return f"The body may be at most {self.max_bytes} bytes."


class ProblemErrors:
    """Turn what nobody caught into a problem: log it whole under the request id, say nothing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def note_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, note_start)
        except Exception as error:
            problem = self._problem_for(error)
            if problem.status >= 500 or started:
                log.exception("request_failed", method=scope["method"], path=scope["path"])
            if started:
                # The status is gone to the client; only a broken stream can still tell of the failure.
                raise
            await problem_response(problem, instance=scope["path"])(scope, receive, send)

    @staticmethod
    def _problem_for(error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if isinstance(error, DomainError):
            return problem_of(error)
        if isinstance(error, HTTPException) and error.status_code == 413:
            return Problem(413, "body_too_large", error.detail)
        if is_connection_lost(error):
            said = "A server behind this address does not answer. Try again shortly."
            return Problem(503, "unavailable", said, headers={"retry-after": "1"})
        return Problem(500, "internal_error")
