"""Errors over HTTP: RFC 9457 problem details, in words, naming the field, never showing our insides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from taxlien.kit.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    TooManyAttempts,
    Unauthenticated,
)
from taxlien.kit.telemetry.context import current_request

MEDIA_TYPE = "application/problem+json"


class FieldError(NamedTuple):
    """One wrong field, in dotted form: ``liens.0.face_amount``."""

    field: str
    message: str


class Problem(Exception):
    """An answer that is an error. ``code`` is stable and for machines; ``detail`` is for people."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str | None = None,
        *,
        title: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class CallFailed(Problem):
    """Another service refused or broke. To our own caller that is 502: it asked nothing wrong of us.

    ``upstream_status`` is what it answered; ``upstream`` is its problem, when it sent one.
    """

    def __init__(
        self, target: str, detail: str, *, upstream_status: int | None, upstream: Any = None
    ) -> None:
        super().__init__(502, "service_failed", detail)
        self.target = target
        self.upstream_status = upstream_status
        self.upstream = upstream


class ServiceUnavailable(CallFailed):
    """Another service did not answer: unreachable, too slow, or given a rest by the breaker."""

    def __init__(self, target: str, detail: str) -> None:
        super().__init__(target, detail, upstream_status=None)
        self.status = 503
        self.code = "service_unavailable"
        self.title = HTTPStatus(503).phrase
        self.headers = {"retry-after": "1"}


_CODES = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "body_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    502: "bad_gateway",
    503: "unavailable",
    504: "timeout",
}

_DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not answer this method.",
    500: "Something went wrong here. The request id lets us find it.",
}


def problem_body(problem: Problem, *, instance: str) -> bytes:
    """Return the JSON of a problem. ``instance`` is the path asked for, without its query."""
    body: dict[str, Any] = {
        "type": f"urn:taxlien:problem:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail or _DETAILS.get(problem.status, problem.title),
        "instance": instance,
        "code": problem.code,
        "errors": [error._asdict() for error in problem.errors],
        "request_id": current_request().request_id,
    }
    return msgspec.json.encode(body)


def problem_response(problem: Problem, *, instance: str) -> Response:
    """Return ``problem`` as a response of type ``application/problem+json``."""
    return Response(
        problem_body(problem, instance=instance),
        status_code=problem.status,
        headers={"cache-control": "no-store", **problem.headers},
        media_type=MEDIA_TYPE,
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` a problem. Unknown exceptions are met by ``ProblemErrors``."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(DomainError, _on_domain_error)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return problem_response(error, instance=request.url.path)


async def _on_domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    return problem_response(problem_of(error), instance=request.url.path)


def problem_of(error: DomainError) -> Problem:
    """Return the problem that says a domain exception (``kit.errors``) over HTTP."""
    if isinstance(error, InvalidInput):
        field = FieldError(error.field, error.message)
        return Problem(422, "invalid_input", str(error), errors=[field])
    if isinstance(error, NotFound):
        return Problem(404, "not_found", error.message)
    if isinstance(error, Conflict):
        return Problem(409, "conflict", error.message)
    if isinstance(error, Unauthenticated):
        challenge = {"www-authenticate": 'Bearer realm="taxlien"'}
        return Problem(401, "unauthenticated", error.message, headers=challenge)
    if isinstance(error, Forbidden):
        return Problem(403, "forbidden", error.message)
    if isinstance(error, TooManyAttempts):
        wait = {"retry-after": str(error.retry_after)}
        return Problem(429, "too_many_attempts", error.message, headers=wait)
    return Problem(422, "refused", error.message)


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    said = error.detail if error.detail != HTTPStatus(status).phrase else None
    problem = Problem(status, _CODES.get(status, f"http_{status}"), said, headers=error.headers)
    return problem_response(problem, instance=request.url.path)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        problem = Problem(400, "malformed_json", "The body is not valid JSON.")
        return problem_response(problem, instance=request.url.path)
    fields = [FieldError(_dotted(item["loc"]), str(item["msg"])) for item in found]
    names = ", ".join(dict.fromkeys(field.field for field in fields))
    problem = Problem(422, "invalid_input", f"Not accepted: {names}.", errors=fields)
    return problem_response(problem, instance=request.url.path)


def _dotted(location: Sequence[int | str]) -> str:
    """Return ``("body", "liens", 0, "rate")`` as ``liens.0.rate``; the body itself is ``body``."""
    inner = [str(part) for part in location[1:]]
    return ".".join(inner) if inner else str(location[0])
