"""The routes of Envoy, made from the route table: what leads where, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taxlien.services.gateway.logic.envoy_filters import TYPES, header
from taxlien.services.gateway.logic.envoy_quotas import unasked
from taxlien.services.gateway.logic.routes import (
    CACHE_CONTROL,
    HEALTH_PATH,
    IDEMPOTENT,
    Method,
    Route,
)

Json = dict[str, Any]

_ALLOWED_HEADERS = (
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "traceparent",
    "x-request-id",
    "x-requested-with",
)
_EXPOSED_HEADERS = (
    "etag",
    "idempotency-replayed",
    "location",
    "ratelimit",
    "ratelimit-limit",
    "ratelimit-policy",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "www-authenticate",
    "x-request-id",
    "x-trace-id",
)


def route_entries(routes: Sequence[Route], cors_origins: Sequence[str]) -> list[Json]:
    """Return the entries in the order Envoy tries them: it takes the first match, the table the longest."""
    entries: list[Json] = [
        {
            "name": "healthz",
            "match": {"path": HEALTH_PATH},
            "response_headers_to_add": [header("content-type", "application/json")],
            "direct_response": {"status": 200, "body": {"inline_string": '{"status":"alive"}'}},
            "typed_per_filter_config": unasked(),
        }
    ]
    for route in sorted(routes, key=lambda route: len(route.path), reverse=True):
        match = _match(route)
        if route.audience == "internal":
            entries.append({"name": f"hidden {route.path}", "match": match, **_refusal(404)})
            continue
        idempotent = tuple(method for method in route.methods if method in IDEMPOTENT)
        others = tuple(method for method in route.methods if method not in IDEMPOTENT)
        for methods in filter(None, (idempotent, others)):
            entries += _forward(route, methods, cors_origins)
        if route.cross_origin:
            entries.append(_preflight(route, cors_origins))
        entries.append(_wrong_method(route))
    entries.append({"name": "unknown", "match": {"prefix": "/"}, **_refusal(404)})
    return entries


def _match(route: Route) -> Json:
    if route.match == "exact":
        return {"path": route.path}
    return {"path_separated_prefix": route.path}


def _forward(route: Route, methods: tuple[Method, ...], cors_origins: Sequence[str]) -> list[Json]:
    """Return the entry for ``methods``; two where answers to strangers may be kept and others not."""
    action: Json = {"cluster": route.service, "timeout": f"{route.timeout:g}s"}
    if route.attempts > 1 and all(method in IDEMPOTENT for method in methods):
        action["retry_policy"] = {
            "retry_on": "5xx,reset,connect-failure,refused-stream",
            "num_retries": route.attempts - 1,
            "per_try_timeout": f"{route.timeout / 2:g}s",
            "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
            # Only matters with several hosts: do not ask the one that just failed.
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": {
                        "@type": f"{TYPES}.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                    },
                }
            ],
            "host_selection_retry_max_attempts": "3",
        }
    entry: Json = {
        "name": f"{','.join(methods)} {route.path}",
        "match": {**_match(route), "headers": [_method_is(methods)]},
        "route": action,
        "typed_per_filter_config": {
            **_cors(route, cors_origins),
            "envoy.filters.http.buffer": {
                "@type": f"{TYPES}.filters.http.buffer.v3.BufferPerRoute",
                "buffer": {"max_request_bytes": route.max_body},
            },
        },
    }
    if not route.keeps_token:
        entry["request_headers_to_remove"] = ["authorization"]
    entry["response_headers_to_add"] = [
        header("cache-control", CACHE_CONTROL[route.cache], replace=False)
    ]
    if not CACHE_CONTROL[route.cache].startswith("public"):
        return [entry]
    personal: Json = {
        **entry,
        "name": f"{entry['name']} signed in",
        "match": {
            **entry["match"],
            "headers": [
                *entry["match"]["headers"],
                {"name": "authorization", "present_match": True},
            ],
        },
        "response_headers_to_add": [header("cache-control", "private, no-store")],
    }
    return [personal, entry]


def _preflight(route: Route, cors_origins: Sequence[str]) -> Json:
    """Let the CORS filter answer a browser's question; it looks only at routes that forward."""
    asks = [
        _method_is(("OPTIONS",)),
        {"name": "origin", "present_match": True},
        {"name": "access-control-request-method", "present_match": True},
    ]
    return {
        "name": f"preflight {route.path}",
        "match": {**_match(route), "headers": asks},
        "route": {"cluster": route.service, "timeout": f"{route.timeout:g}s"},
        "typed_per_filter_config": {**_cors(route, cors_origins), **unasked()},
    }


def _wrong_method(route: Route) -> Json:
    return {
        "name": f"other {route.path}",
        "match": _match(route),
        "response_headers_to_add": [header("allow", ", ".join(route.methods))],
        **_refusal(405),
    }


def _method_is(methods: Sequence[str]) -> Json:
    return {
        "name": ":method",
        "string_match": {"safe_regex": {"regex": "|".join(methods)}},
    }


def _cors(route: Route, cors_origins: Sequence[str]) -> Json:
    if not route.cross_origin:
        return {}
    origins = [
        {"safe_regex": {"regex": ".*"}} if origin == "*" else {"exact": origin}
        for origin in cors_origins
    ]
    return {
        "envoy.filters.http.cors": {
            "@type": f"{TYPES}.filters.http.cors.v3.CorsPolicy",
            "allow_origin_string_match": origins,
            "allow_methods": ", ".join(route.methods),
            "allow_headers": ", ".join(_ALLOWED_HEADERS),
            "expose_headers": ", ".join(_EXPOSED_HEADERS),
            "max_age": "600",
            # Only auth reads a cookie; no page that was not named may have it sent along.
            "allow_credentials": "*" not in cors_origins,
        }
    }


def _refusal(status: int) -> Json:
    return {"direct_response": {"status": status}, "typed_per_filter_config": unasked()}
