"""The OpenAPI description of an app, with errors as they really are: problem details."""

from __future__ import annotations

from typing import Any

_METHODS = frozenset({"get", "put", "post", "delete", "patch", "options", "head", "trace"})

_LONGEST_SUMMARY = 100

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457). `code` is stable; `errors` names each wrong field.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "instance", "code", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:taxlien:problem:invalid_input"]},
        "title": {"type": "string", "examples": ["Unprocessable Content"]},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "what went wrong, for people"},
        "instance": {"type": "string", "description": "the path that was asked for"},
        "code": {"type": "string", "examples": ["invalid_input"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string", "examples": ["liens.0.face_amount"]},
                    "message": {"type": "string"},
                },
            },
        },
        "request_id": {
            "type": ["string", "null"],
            "description": "null when the gateway refused the request before it had an id",
        },
    },
}

_PROBLEM_RESPONSE: dict[str, Any] = {
    "description": "A problem: what was wrong, in words and per field",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe_problems(document: dict[str, Any]) -> dict[str, Any]:
    """Give every operation of ``document`` problem answers in place of FastAPI's own 422 (in place).

    Summaries become sentences.
    """
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    components.setdefault("responses", {})["Problem"] = _PROBLEM_RESPONSE
    reference = {"$ref": "#/components/responses/Problem"}
    for item in document.get("paths", {}).values():
        for method, operation in item.items():
            if method in _METHODS:
                responses = operation["responses"]
                responses.pop("422", None)
                responses["4XX"] = reference
                responses["5XX"] = reference
                _say_summary(operation)
    return document


def _say_summary(operation: dict[str, Any]) -> None:
    """Take the first sentence of the docstring as summary, where it is one, instead of a name in capitals."""
    first = operation.get("description", "").partition("\n")[0].strip()
    if first and len(first) <= _LONGEST_SUMMARY:
        operation["summary"] = first.rstrip(".")
