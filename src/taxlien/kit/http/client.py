"""Calls from one service to another: bounded in time, retried where that is safe, spared when hopeless.

The same client runs over the network and, in the all-in-one shape, over ASGI in one process.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import httpx2
import msgspec
import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from starlette.types import ASGIApp

from taxlien.kit.http.breaker import Breaker
from taxlien.kit.http.errors import CallFailed, ServiceUnavailable
from taxlien.kit.telemetry.context import current_request
from taxlien.kit.telemetry.metrics import CALL_SECONDS
from taxlien.kit.telemetry.traces import traceparent

log = structlog.get_logger(__name__)
_tracer = trace.get_tracer("taxlien")

IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_RETRIED_STATUSES = frozenset({429, 502, 503, 504})
_LINE_LIMIT = 16 * 1024 * 1024


class ServiceClient:
    """Calls one service. Open one per target and keep it: it holds the connections and the breaker."""

    def __init__(
        self,
        target: str,
        base_url: str,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        timeout: float = 5.0,
        attempts: int = 3,
        first_pause: float = 0.1,
        longest_pause: float = 1.0,
        breaker: Breaker | None = None,
    ) -> None:
        """``timeout`` is seconds for the whole call with its attempts and pauses; pauses are seconds."""
        self.target = target
        self.breaker = breaker or Breaker(target)
        self._timeout = timeout
        self._attempts = attempts
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._http = httpx2.AsyncClient(
            base_url=base_url,
            transport=transport,
            timeout=httpx2.Timeout(timeout, connect=min(1.0, timeout)),
            trust_env=False,
        )

    @classmethod
    def for_app(cls, app: ASGIApp, *, target: str = "app", **options: Any) -> Self:
        """Return a client of an app in this process. Answers arrive whole, streams included."""
        return cls(target, "http://in-process", transport=_InProcess(app), **options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get_json(
        self, path: str, params: Mapping[str, Any] | None = None, *, kind: Any = Any
    ) -> Any:
        """GET ``path`` and decode the answer as ``kind`` (any type msgspec reads).

        Raises ``CallFailed`` for an answer of 400 and up or one that does not fit ``kind``, and its
        subclass ``ServiceUnavailable`` when no answer came within the time.
        """
        return self._decode(await self.request("GET", path, params=params), kind)

    async def post_json(
        self, path: str, body: object, *, idempotency_key: str | None = None, kind: Any = Any
    ) -> Any:
        """POST ``body`` as JSON. Tried again only with an ``idempotency_key``. Raises as ``get_json``."""
        response = await self.request("POST", path, body=body, idempotency_key=idempotency_key)
        return self._decode(response, kind)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> httpx2.Response:
        """Send a request and return the last answer, of any status. Raises ``ServiceUnavailable``."""
        sent_headers = {**(headers or {}), **current_request().headers()}
        content = None
        if body is not None:
            content = msgspec.json.encode(body)
            sent_headers["content-type"] = "application/json"
        if idempotency_key:
            sent_headers["idempotency-key"] = idempotency_key
        attempts = self._attempts if method in IDEMPOTENT_METHODS or idempotency_key else 1
        with _tracer.start_as_current_span(f"{method} {self.target}", kind=SpanKind.CLIENT):
            if parent := traceparent():
                sent_headers["traceparent"] = parent
            request = self._http.build_request(
                method, path, params=params, content=content, headers=sent_headers
            )
            try:
                async with asyncio.timeout(self._timeout) as deadline:
                    return await self._attempt_all(request, attempts, deadline)
            except TimeoutError:
                said = f"{self.target} did not answer within {self._timeout:g} s"
                raise ServiceUnavailable(self.target, said) from None

    async def _attempt_all(
        self, request: httpx2.Request, attempts: int, deadline: asyncio.Timeout
    ) -> httpx2.Response:
        for attempt in range(1, attempts + 1):
            response: httpx2.Response | None = None
            failure: httpx2.TransportError | None = None
            try:
                response = await self._attempt(request)
            except httpx2.TransportError as error:
                failure = error
            if response is not None and response.status_code not in _RETRIED_STATUSES:
                return response
            pause = self._pause(attempt, response)
            left = (deadline.when() or 0.0) - asyncio.get_running_loop().time()
            if attempt == attempts or pause >= left:
                if response is not None:
                    return response
                reason = type(failure).__name__
                said = f"{self.target} could not be reached ({reason}, {attempt} attempts)"
                raise ServiceUnavailable(self.target, said) from failure
            await asyncio.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _attempt(self, request: httpx2.Request) -> httpx2.Response:
        if not self.breaker.allow():
            said = f"{self.target} failed repeatedly and is given a rest"
            raise ServiceUnavailable(self.target, said)
        started = time.perf_counter()
        outcome = "abandoned"
        deadline_passed = False
        try:
            response = await self._http.send(request)
            outcome = str(response.status_code)
        except httpx2.TransportError as error:
            outcome = type(error).__name__
            log.warning("call_failed", target=self.target, method=request.method, error=outcome)
            raise
        except asyncio.CancelledError:
            # Our own deadline counts against the target; a caller who went away does not.
            deadline_passed = time.perf_counter() - started >= self._timeout * 0.9
            raise
        finally:
            if outcome.isdecimal() and int(outcome) < 500:
                self.breaker.succeeded()
            elif outcome == "abandoned" and not deadline_passed:
                self.breaker.abandoned()
            else:
                self.breaker.failed()
            seconds = time.perf_counter() - started
            CALL_SECONDS.labels(self.target, request.method, outcome).observe(seconds)
        return response

    def _pause(self, attempt: int, response: httpx2.Response | None) -> float:
        """Return seconds to wait: full jitter under a doubling ceiling, at least ``Retry-After``."""
        ceiling = min(self._longest_pause, self._first_pause * 2.0 ** (attempt - 1))
        jittered = random.uniform(0.0, ceiling)  # noqa: S311
        asked = _retry_after(response.headers.get("retry-after")) if response is not None else 0.0
        return max(jittered, asked)

    def _decode(self, response: httpx2.Response, kind: Any) -> Any:
        if response.status_code >= 400:
            raise self._failure(response.status_code, response.content)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.MsgspecError as error:
            said = f"{self.target} answered something unexpected: {error}"
            raise CallFailed(self.target, said, upstream_status=response.status_code) from error

    def _failure(self, status: int, content: bytes) -> CallFailed:
        if status == 503:
            return ServiceUnavailable(self.target, f"{self.target} is not ready")
        try:
            upstream = msgspec.json.decode(content)
        except msgspec.DecodeError:
            upstream = None
        said = f"{self.target} answered {status}"
        return CallFailed(self.target, said, upstream_status=status, upstream=upstream)

    @asynccontextmanager
    async def stream_ndjson(
        self, path: str, params: Mapping[str, Any] | None = None, *, kind: Any = Any
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """GET newline-delimited JSON: yield an iterator of its lines, each decoded as ``kind``.

        One attempt: only the reader knows where to go on. The time-out holds for each read. Raises as
        ``get_json``; a stream that breaks raises ``ServiceUnavailable`` inside the iteration.
        """
        if not self.breaker.allow():
            said = f"{self.target} failed repeatedly and is given a rest"
            raise ServiceUnavailable(self.target, said)
        headers = {"accept": "application/x-ndjson", **current_request().headers()}
        if parent := traceparent():
            headers["traceparent"] = parent
        settled = False
        try:
            async with self._http.stream("GET", path, params=params, headers=headers) as response:
                settled = True
                if response.status_code >= 500:
                    self.breaker.failed()
                else:
                    self.breaker.succeeded()
                if response.status_code >= 400:
                    raise self._failure(response.status_code, await response.aread())
                yield self._lines(response, kind)
        except httpx2.TransportError as error:
            if not settled:
                settled = True
                self.breaker.failed()
            said = f"{self.target} broke off ({type(error).__name__})"
            raise ServiceUnavailable(self.target, said) from error
        finally:
            if not settled:
                self.breaker.abandoned()

    async def _lines(self, response: httpx2.Response, kind: Any) -> AsyncIterator[Any]:
        decoder = msgspec.json.Decoder(kind)
        rest = b""
        try:
            async for chunk in response.aiter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LINE_LIMIT:
                    said = f"{self.target} sent a line over {_LINE_LIMIT} bytes"
                    raise CallFailed(self.target, said, upstream_status=response.status_code)
                for line in lines:
                    if line.strip():
                        yield decoder.decode(line)
            if rest.strip():
                yield decoder.decode(rest)
        except msgspec.MsgspecError as error:
            said = f"{self.target} sent a line that does not fit: {error}"
            raise CallFailed(self.target, said, upstream_status=response.status_code) from error


def _retry_after(value: str | None) -> float:
    """Return the seconds that ``Retry-After`` asks for (a number or an HTTP date), or 0."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


class _InProcess(httpx2.ASGITransport):
    """ASGI in this process, failing like a network peer: an app that breaks off is a lost answer."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await super().handle_async_request(request)
        except Exception as error:
            raise httpx2.ReadError(f"the app broke off: {type(error).__name__}") from error
