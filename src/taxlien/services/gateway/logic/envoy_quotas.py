"""How Envoy holds quotas: it asks the gateway service, and counts by itself while that does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taxlien.services.gateway.logic.envoy_identity import SECRET_HEADER, USER_HEADERS
from taxlien.services.gateway.logic.limits import LIMITS, Limit

Json = dict[str, Any]

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
ASKS = "envoy.filters.http.ext_authz"
LIMIT_PATH = "/internal/gateway/limit"
"""Where the gateway service is asked, followed by the path of the request."""

COUNTER = "counter"
"""The cluster that counts: connections of its own, so that slow requests never keep a count waiting."""

_UNCOUNTED = "x-envoy-auth-failure-mode-allowed"
_MOST_ADDRESSES = 10_000


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """Who counts: ``service``, within ``seconds``; ``floor`` holds by address while it does not answer."""

    service: str = "gateway"
    seconds: float = 1.0
    floor: Limit = LIMITS["floor"]


def ask_for_room(quotas: Quotas, gateway_secret: str) -> Json:
    """Return the filter that asks whether a request still fits its quota.

    A failure lets the request pass: most of what is served is public, and a dead counter must not close it.
    """
    told = [*(name for name in USER_HEADERS if name != SECRET_HEADER), "x-forwarded-for"]
    return {
        "name": ASKS,
        "typed_config": {
            "@type": f"{_FILTERS}.ext_authz.v3.ExtAuthz",
            "stat_prefix": "quota",
            "failure_mode_allow": True,
            "failure_mode_allow_header_add": True,
            "allowed_headers": {"patterns": [{"exact": name} for name in told]},
            "disallowed_headers": {"patterns": [{"exact": "authorization"}, {"exact": "cookie"}]},
            "http_service": {
                "server_uri": {
                    "uri": f"http://{quotas.service}",
                    "cluster": COUNTER,
                    "timeout": f"{quotas.seconds:g}s",
                },
                "path_prefix": LIMIT_PATH,
                "authorization_request": {
                    "headers_to_add": [{"key": SECRET_HEADER, "value": gateway_secret}]
                },
                "authorization_response": {
                    "allowed_client_headers": _fields("ratelimit", "retry-after"),
                    "allowed_client_headers_on_success": _fields("ratelimit"),
                },
            },
        },
    }


def _fields(*prefixes: str) -> Json:
    return {"patterns": [{"prefix": prefix} for prefix in prefixes]}


def unasked() -> Json:
    """Return a route's exemption from quotas: what the gateway answers itself costs nobody anything."""
    return {ASKS: {"@type": f"{_FILTERS}.ext_authz.v3.ExtAuthzPerRoute", "disabled": True}}


def hold_the_floor(quotas: Quotas) -> Json:
    """Return the filter that bounds each address by itself, for requests that nobody could count."""
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    uncounted = {"name": _UNCOUNTED, "present_match": True}
    actions = [
        {"header_value_match": {"descriptor_value": "uncounted", "headers": [uncounted]}},
        {
            "masked_remote_address": {
                "v4_prefix_mask_len": 32,
                "v6_prefix_mask_len": 64,
            }
        },
    ]
    bucket = {
        "max_tokens": quotas.floor.requests,
        "tokens_per_fill": quotas.floor.requests,
        "fill_interval": f"{quotas.floor.seconds}s",
    }
    return {
        "name": "envoy.filters.http.local_ratelimit",
        "typed_config": {
            "@type": f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "floor",
            "filter_enabled": always,
            "filter_enforced": always,
            "always_consume_default_token_bucket": False,
            "max_dynamic_descriptors": _MOST_ADDRESSES,
            "rate_limits": [{"actions": actions}],
            "descriptors": [
                {
                    "entries": [
                        {"key": "header_match", "value": "uncounted"},
                        {"key": "masked_remote_address"},
                    ],
                    "token_bucket": bucket,
                }
            ],
            "response_headers_to_add": [
                {
                    "header": {"key": "retry-after", "value": "1"},
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                }
            ],
        },
    }
