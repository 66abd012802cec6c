"""Parts of the Envoy configuration that do not depend on the routes: filters, and what Envoy itself says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]

TYPES = "type.googleapis.com/envoy.extensions"

_COMPRESSED_TYPES = (
    "application/json",
    "application/problem+json",
    "application/x-ndjson",
    "application/javascript",
    "text/css",
    "text/html",
    "text/javascript",
)

# What Envoy answers by itself, by status: code, title, detail.
_REPLIES: dict[int, tuple[str, str, str]] = {
    400: ("bad_request", "Bad Request", "This is not a request the gateway understands."),
    401: ("invalid_token", "Unauthorized", "The access token is not valid, or not any more."),
    404: ("not_found", "Not Found", "There is nothing at this address."),
    405: ("method_not_allowed", "Method Not Allowed", "This address does not answer this method."),
    408: ("request_timeout", "Request Timeout", "The request took too long to arrive."),
    413: ("body_too_large", "Content Too Large", "The body is larger than this address accepts."),
    426: ("upgrade_required", "Upgrade Required", "Use HTTP/1.1 or HTTP/2."),
    429: ("too_many_requests", "Too Many Requests", "Too many requests; try again shortly."),
    431: ("headers_too_large", "Request Header Fields Too Large", "The headers are too large."),
    500: ("internal_error", "Internal Server Error", "Something went wrong at the gateway."),
    502: ("bad_gateway", "Bad Gateway", "The service behind this address broke off."),
    503: ("unavailable", "Service Unavailable", "The service behind this address does not answer."),
    504: ("timeout", "Gateway Timeout", "The service behind this address took too long."),
}

_WORTH_ANOTHER_TRY = (429, 503)


def http_filters(checks: Sequence[Json]) -> list[Json]:
    """Return the filters in the order a request passes them: CORS first, so that a browser may read why
    it was refused.

    The body is bounded before ``checks``: a check that waits for an answer makes Envoy hold what arrives
    meanwhile, and a bound behind it lets that much through, or waits for ever for room for the rest.
    """
    return [
        _filter("cors", "cors.v3.Cors"),
        # A limit that no route raises unless it says so.
        _filter("buffer", "buffer.v3.Buffer", {"max_request_bytes": 65_536}),
        *checks,
        _compressor("brotli", "brotli.compressor.v3.Brotli", {"quality": 4}, choose_first=True),
        _compressor(
            "gzip", "gzip.compressor.v3.Gzip", {"compression_level": "COMPRESSION_LEVEL_5"}
        ),
        _filter("router", "router.v3.Router", {"suppress_envoy_headers": True}),
    ]


def local_replies() -> Json:
    """Return how Envoy's own error answers become problem details (RFC 9457)."""
    return {
        "mappers": [
            _keys_missing(),
            # The one 403 of Envoy's own: a token for somebody else.
            {**_reply(401), "filter": _status_is(403), "status_code": 401},
            *(_reply(status) for status in _REPLIES),
        ]
    }


def connection_limit() -> Json:
    """Return the bound on open client connections, above which new ones are refused."""
    kind = "resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    return {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {"@type": f"{TYPES}.{kind}", "max_active_downstream_connections": 10_000},
    }


def access_log() -> Json:
    """Return the log of requests: the path without its query, which may hold a name or an address."""
    return {
        "name": "envoy.access_loggers.stdout",
        "typed_config": {
            "@type": f"{TYPES}.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {
                "json_format": {
                    "timestamp": "%START_TIME(%Y-%m-%dT%H:%M:%E6SZ)%",
                    "level": "info",
                    "service": "envoy",
                    "event": "request",
                    "method": "%REQ(:METHOD)%",
                    "path": "%PATH(NQ)%",
                    "route": "%ROUTE_NAME%",
                    "status": "%RESPONSE_CODE%",
                    "details": "%RESPONSE_CODE_DETAILS%",
                    "ms": "%DURATION%",
                    "bytes": "%BYTES_SENT%",
                    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
                    "request_id": "%REQ(X-REQUEST-ID)%",
                    "trace_id": "%RESP(X-TRACE-ID)%",
                    "protocol": "%PROTOCOL%",
                }
            },
        },
    }


def _keys_missing() -> Json:
    """Say 503 while no keys were fetched yet: a 401 would make clients throw good tokens away."""
    expression = "response.code_details.contains('Jwks_remote_fetch')"
    kind = "access_loggers.filters.cel.v3.ExpressionFilter"
    found = {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": {"@type": f"{TYPES}.{kind}", "expression": expression},
        }
    }
    return {**_reply(503), "filter": found, "status_code": 503}


def _reply(status: int) -> Json:
    code, title, detail = _REPLIES[status]
    headers = [header("cache-control", "no-store")]
    if status == 401:
        challenge = 'Bearer realm="taxlien", error="invalid_token"'
        headers.append(header("www-authenticate", challenge))
    if status in _WORTH_ANOTHER_TRY:
        headers.append(header("retry-after", "1", replace=False))
    return {
        "filter": _status_is(status),
        "headers_to_add": headers,
        "body_format_override": {
            "content_type": "application/problem+json",
            "json_format": {
                "type": f"urn:taxlien:problem:{code}",
                "title": title,
                "status": status,
                "detail": detail,
                "instance": "%PATH(NQ)%",
                "code": code,
                "errors": [],
                "request_id": "%REQ(X-REQUEST-ID)%",
            },
        },
    }


def _status_is(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"taxlien.reply.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _filter(name: str, kind: str, options: Json | None = None) -> Json:
    return {
        "name": f"envoy.filters.http.{name}",
        "typed_config": {"@type": f"{TYPES}.filters.http.{kind}", **(options or {})},
    }


def _compressor(name: str, kind: str, options: Json, *, choose_first: bool = False) -> Json:
    return {
        "name": f"envoy.filters.http.compressor.{name}",
        "typed_config": {
            "@type": f"{TYPES}.filters.http.compressor.v3.Compressor",
            "choose_first": choose_first,
            "response_direction_config": {
                "common_config": {
                    "min_content_length": 512,
                    "content_type_matcher": [{"prefix": kind} for kind in _COMPRESSED_TYPES],
                }
            },
            "compressor_library": {
                "name": name,
                "typed_config": {"@type": f"{TYPES}.compression.{kind}", **options},
            },
        },
    }


def header(name: str, value: str, *, replace: bool = True) -> Json:
    """Return an entry that sets a header, or only adds it where it is absent."""
    action = "OVERWRITE_IF_EXISTS_OR_ADD" if replace else "ADD_IF_ABSENT"
    return {"header": {"key": name, "value": value}, "append_action": action}
