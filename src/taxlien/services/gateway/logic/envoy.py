"""The configuration of Envoy, made from the route table: a listener, its routes, a cluster per service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from taxlien.services.gateway.logic.envoy_filters import (
    TYPES,
    access_log,
    connection_limit,
    http_filters,
    local_replies,
)
from taxlien.services.gateway.logic.routes import (
    CACHE_SECONDS,
    HEALTH_PATH,
    IDEMPOTENT,
    ROUTES,
    USER_HEADERS,
    Method,
    Route,
    services_of,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class Upstream:
    """Where a service listens; ``http2`` says that it speaks HTTP/2 without TLS."""

    host: str
    port: int
    http2: bool = False


def envoy_config(
    *,
    port: int,
    upstreams: Mapping[str, Upstream],
    host: str = "127.0.0.1",
    admin_port: int | None = None,
    routes: Sequence[Route] = ROUTES,
    cors_origins: Sequence[str] = ("*",),
) -> str:
    """Return Envoy's bootstrap configuration as JSON, which Envoy reads as a file.

    It listens on ``host`` and ``port``, and for administration on the loopback's ``admin_port``.
    ``upstreams`` maps each service to its address; in one process all of them are the same. Raises
    ``KeyError`` naming a service of the table that has none.
    """
    table = tuple(routes)
    clusters = [_cluster(name, upstreams[name]) for name in services_of(table)]
    config: Json = {
        "node": {"id": "taxlien-gateway", "cluster": "taxlien"},
        "static_resources": {
            "listeners": [_listener(_socket(host, port), table, cors_origins)],
            "clusters": clusters,
        },
        "overload_manager": {"resource_monitors": [connection_limit()]},
    }
    if admin_port is not None:
        config["admin"] = {"address": _socket("127.0.0.1", admin_port)}
    return json.dumps(config, indent=1)


def _socket(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _listener(address: Json, routes: tuple[Route, ...], cors_origins: Sequence[str]) -> Json:
    return {
        "name": "public",
        "address": address,
        # Two gateways that race for one port must not share it: one of them has to fail.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": 1_048_576,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(routes, cors_origins),
                    }
                ]
            }
        ],
    }


def _connection_manager(routes: tuple[Route, ...], cors_origins: Sequence[str]) -> Json:
    return {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "codec_type": "AUTO",
        "server_name": "taxlien",
        "use_remote_address": True,
        # One spelling of a path, so that no other spelling of an internal one slips through.
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "generate_request_id": True,
        "preserve_external_request_id": True,
        "always_set_request_id_in_response": True,
        "request_headers_timeout": "10s",
        "request_timeout": "60s",
        "stream_idle_timeout": "60s",
        "common_http_protocol_options": {
            "idle_timeout": "60s",
            "max_headers_count": 100,
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http_protocol_options": {"accept_http_10": False},
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": 1_048_576,
        },
        "access_log": [access_log()],
        "local_reply_config": local_replies(),
        "http_filters": http_filters(),
        "route_config": {
            "name": "table",
            "request_headers_to_remove": list(USER_HEADERS),
            "response_headers_to_add": _security_headers(),
            "response_headers_to_remove": ["x-powered-by"],
            "virtual_hosts": [
                {
                    "name": "public",
                    "domains": ["*"],
                    "routes": _route_entries(routes, cors_origins),
                }
            ],
        },
    }


def _route_entries(routes: tuple[Route, ...], cors_origins: Sequence[str]) -> list[Json]:
    entries: list[Json] = [
        {
            "name": "healthz",
            "match": {"path": HEALTH_PATH},
            "response_headers_to_add": [_header("content-type", "application/json")],
            "direct_response": {"status": 200, "body": {"inline_string": '{"status":"alive"}'}},
        }
    ]
    # Envoy takes the first match, the table the longest path.
    for route in sorted(routes, key=lambda route: len(route.path), reverse=True):
        match = _match(route)
        if route.audience == "internal":
            entries.append({"name": f"hidden {route.path}", "match": match, **_refusal(404)})
            continue
        idempotent = tuple(method for method in route.methods if method in IDEMPOTENT)
        others = tuple(method for method in route.methods if method not in IDEMPOTENT)
        for methods in filter(None, (idempotent, others)):
            entries.append(_forward(route, methods, cors_origins))
        if route.cross_origin:
            entries.append(_preflight(route, cors_origins))
        entries.append(_wrong_method(route))
    entries.append({"name": "unknown", "match": {"prefix": "/"}, **_refusal(404)})
    return entries


def _match(route: Route) -> Json:
    if route.match == "exact":
        return {"path": route.path}
    return {"path_separated_prefix": route.path}


def _forward(route: Route, methods: tuple[Method, ...], cors_origins: Sequence[str]) -> Json:
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
    if seconds := CACHE_SECONDS[route.cache]:
        entry["response_headers_to_add"] = [
            _header("cache-control", f"public, max-age={seconds}", replace=False)
        ]
    return entry


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
        "typed_per_filter_config": _cors(route, cors_origins),
    }


def _wrong_method(route: Route) -> Json:
    return {
        "name": f"other {route.path}",
        "match": _match(route),
        "response_headers_to_add": [_header("allow", ", ".join(route.methods))],
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
            "allow_headers": "authorization, content-type, idempotency-key, x-request-id, traceparent",
            "expose_headers": "x-request-id, x-trace-id, retry-after, idempotency-replayed, location",
            "max_age": "600",
            # Tokens travel in a header, never in a cookie: no page can act for its visitor unasked.
            "allow_credentials": False,
        }
    }


def _refusal(status: int) -> Json:
    return {"direct_response": {"status": status}}


def _security_headers() -> list[Json]:
    pairs = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cross-origin-opener-policy": "same-origin",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
    }
    return [_header(name, value, replace=False) for name, value in pairs.items()]


def _header(name: str, value: str, *, replace: bool = True) -> Json:
    action = "OVERWRITE_IF_EXISTS_OR_ADD" if replace else "ADD_IF_ABSENT"
    return {"header": {"key": name, "value": value}, "append_action": action}


def _cluster(name: str, upstream: Upstream) -> Json:
    """Return a service's cluster: bounded connections, and retries that cannot multiply an outage."""
    keep = {"common_http_protocol_options": {"idle_timeout": "15s"}}
    endpoint = {"address": _socket(upstream.host, upstream.port)}
    options: Json = (
        {"http2_protocol_options": {}} if upstream.http2 else {"http_protocol_options": {}}
    )
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": f"{TYPES}.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": options,
                **keep,
            }
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": 512,
                    "max_pending_requests": 1024,
                    "max_requests": 2048,
                    "retry_budget": {
                        "budget_percent": {"value": 20.0},
                        "min_retry_concurrency": 5,
                    },
                }
            ]
        },
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 60}},
    }
