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
    header,
    http_filters,
    local_replies,
)
from taxlien.services.gateway.logic.envoy_identity import (
    SECRET_HEADER,
    Tokens,
    forget_what_clients_claim,
    say_the_address,
    token_check,
)
from taxlien.services.gateway.logic.envoy_quotas import (
    COUNTER,
    Quotas,
    ask_for_room,
    hold_the_floor,
)
from taxlien.services.gateway.logic.envoy_routes import route_entries
from taxlien.services.gateway.logic.routes import ROUTES, Route, services_of

Json = dict[str, Any]

# Requests beyond these wait in Envoy. All services in one process take 512 connections together.
_CONNECTIONS = 48
_COUNTING = 32


@dataclass(frozen=True)
class Upstream:
    """Where a service listens; ``http2`` says that it speaks HTTP/2 without TLS."""

    host: str
    port: int
    http2: bool = False


@dataclass(frozen=True, kw_only=True)
class Doors:
    """How the gateway treats who comes in.

    ``gateway_secret`` is what services know it by; without ``tokens`` nobody is signed in, without
    ``quotas`` nobody is counted. ``trusted_hops`` are our own proxies in front of it.
    """

    gateway_secret: str = ""
    tokens: Tokens | None = None
    quotas: Quotas | None = None
    trusted_hops: int = 0
    cors_origins: Sequence[str] = ("*",)


def envoy_config(
    *,
    port: int,
    upstreams: Mapping[str, Upstream],
    host: str = "127.0.0.1",
    admin_port: int | None = None,
    routes: Sequence[Route] = ROUTES,
    doors: Doors = Doors(),
) -> str:
    """Return Envoy's bootstrap configuration as JSON, which Envoy reads as a file.

    It listens on ``host`` and ``port``, and for administration on the loopback's ``admin_port``.
    ``upstreams`` maps each service to its address; in one process all of them are the same. Raises
    ``KeyError`` naming a service of the table that has none. The text holds the gateway's secret.
    """
    table = tuple(routes)
    keys = {doors.tokens.service} if doors.tokens else set()
    names = sorted({*services_of(table), *keys})
    counters = (
        [_cluster(COUNTER, upstreams[doors.quotas.service], connections=_COUNTING)]
        if doors.quotas
        else []
    )
    config: Json = {
        "node": {"id": "taxlien-gateway", "cluster": "taxlien"},
        "static_resources": {
            "listeners": [_listener(_socket(host, port), table, doors)],
            "clusters": [*(_cluster(name, upstreams[name]) for name in names), *counters],
        },
        "overload_manager": {"resource_monitors": [connection_limit()]},
    }
    if admin_port is not None:
        config["admin"] = {
            "address": _socket("127.0.0.1", admin_port),
            # Not /config_dump, which would show the gateway's secret to everybody on this machine.
            "allow_paths": [
                {"exact": "/ready"},
                {"exact": "/server_info"},
                {"prefix": "/stats"},
            ],
        }
    return json.dumps(config, indent=1)


def _socket(host: str, port: int) -> Json:
    return {"socket_address": {"address": host, "port_value": port}}


def _listener(address: Json, routes: tuple[Route, ...], doors: Doors) -> Json:
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
                        "typed_config": _connection_manager(routes, doors),
                    }
                ]
            }
        ],
    }


def _connection_manager(routes: tuple[Route, ...], doors: Doors) -> Json:
    return {
        "@type": f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "public",
        "codec_type": "AUTO",
        "server_name": "taxlien",
        "use_remote_address": True,
        "xff_num_trusted_hops": doors.trusted_hops,
        # Nobody is one of us because of a private address: x-envoy-* of all clients are ignored.
        # (An empty list would mean all private networks.)
        "internal_address_config": {
            "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}]
        },
        "early_header_mutation_extensions": forget_what_clients_claim(
            trusted_hops=doors.trusted_hops
        ),
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
        "http_filters": http_filters(_checks(doors)),
        "route_config": {
            "name": "table",
            "request_headers_to_add": _proof(doors.gateway_secret),
            "response_headers_to_add": _security_headers(),
            "response_headers_to_remove": ["x-powered-by"],
            "virtual_hosts": [
                {
                    "name": "public",
                    "domains": ["*"],
                    "routes": route_entries(routes, doors.cors_origins),
                }
            ],
        },
    }


def _checks(doors: Doors) -> list[Json]:
    """Return the filters that look at who asks, and how often."""
    checks = [say_the_address()]
    if doors.tokens is not None:
        checks.append(token_check(doors.tokens))
    if doors.quotas is not None:
        checks.append(ask_for_room(doors.quotas, doors.gateway_secret))
        checks.append(hold_the_floor(doors.quotas))
    return checks


def _proof(gateway_secret: str) -> list[Json]:
    """Return the header by which services know that a request came through the gateway."""
    if not gateway_secret:
        return []
    return [header(SECRET_HEADER, gateway_secret.replace("%", "%%"))]


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
    return [header(name, value, replace=False) for name, value in pairs.items()]


def _cluster(name: str, upstream: Upstream, *, connections: int = _CONNECTIONS) -> Json:
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
                    "max_connections": connections,
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
