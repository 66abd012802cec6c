"""Who is asking, as Envoy finds out: what a client may not say of itself, and the check of access tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from taxlien.services.gateway.logic.routes import JWKS_PATH

Json = dict[str, Any]

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_MUTATION = "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation"

SECRET_HEADER = "x-gateway-secret"  # noqa: S105
USER_HEADERS = ("x-user-id", "x-tier", "x-roles", "x-session-id", SECRET_HEADER)
"""What services believe about the caller: only the gateway may say it, so it removes what came in."""

_CLAIMS = {
    "user_id": "x-user-id",
    "tier": "x-tier",
    "sid": "x-session-id",
    # The roles joined by commas: of the array `roles` Envoy would make base64 of its JSON.
    "roles_text": "x-roles",
}

# What some framework, proxy or Envoy itself might take for more than a client's words.
_MISLEADING = (
    "forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-original-url",
    "x-rewrite-url",
    "x-http-method-override",
    "x-method-override",
    "x-trace-id",
    "x-envoy-auth-failure-mode-allowed",
)

_ONE_TOKEN = r"(?i)bearer [a-z0-9_-]+\.[a-z0-9_-]+\.[a-z0-9_-]+"  # noqa: S105
_SCHEMES = ("Bearer ", "bearer ", "BEARER ")
_TOKENS = "access tokens"
_UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Which access tokens count: signed by a key that ``service`` publishes, for ``audience``.

    ``keys_seconds`` is how long published keys are kept: a new key must be published that long before
    it signs. ``skew_seconds`` is by how much clocks may differ.
    """

    issuer: str = "taxlien"
    audience: str = "taxlien"
    service: str = "auth"
    keys_seconds: int = 300
    skew_seconds: int = 30


def forget_what_clients_claim(*, trusted_hops: int) -> list[Json]:
    """Return the extension that strips headers before anything else looks at a request.

    Removing them on the routes would be too late: that happens after the filters, and would take away what
    the token check found out as well.
    """
    names = [*USER_HEADERS, *_MISLEADING]
    if trusted_hops == 0:
        names.append("x-forwarded-for")  # then Envoy writes the address it sees, and nothing else
    return [
        {
            "name": "envoy.http.early_header_mutation.header_mutation",
            "typed_config": {
                "@type": f"{_MUTATION}.v3.HeaderMutation",
                "mutations": [{"remove": name} for name in names],
            },
        }
    ]


def token_check(tokens: Tokens) -> Json:
    """Return the filter that checks access tokens and writes what they say into headers.

    Without ``Authorization`` a request passes as a stranger's. With it, exactly one good token passes, and
    everything else is refused on every route: nobody is taken for a stranger who believes to be signed in.
    """
    authorization = "authorization"
    one_token = {"name": authorization, "string_match": {"safe_regex": {"regex": _ONE_TOKEN}}}
    present = {"name": authorization, "present_match": True}
    return {
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": f"{_FILTERS}.jwt_authn.v3.JwtAuthentication",
            "providers": {_TOKENS: _provider(tokens), _UNREADABLE: _refuse_all(tokens)},
            # Envoy's own words would repeat the address asked for; the answer is worded with the others.
            "strip_failure_response": True,
            "rules": [
                _rule([one_token], _TOKENS),
                _rule([present], _UNREADABLE),
            ],
        },
    }


def _provider(tokens: Tokens) -> Json:
    return {
        "issuer": tokens.issuer,
        "audiences": [tokens.audience],
        "require_expiration": True,
        "clock_skew_seconds": tokens.skew_seconds,
        # Named, or Envoy would also take a token from the query, where logs and histories keep it.
        "from_headers": [{"name": "Authorization", "value_prefix": scheme} for scheme in _SCHEMES],
        # The routes decide who sees it.
        "forward": True,
        "claim_to_headers": [
            {"claim_name": claim, "header_name": header} for claim, header in _CLAIMS.items()
        ],
        "remote_jwks": {
            **_keys_of(tokens),
            "cache_duration": f"{tokens.keys_seconds}s",
            # Requests never wait for keys, and old ones serve while auth is away.
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
            "retry_policy": {
                "num_retries": 3,
                "retry_back_off": {"base_interval": "0.1s", "max_interval": "1s"},
            },
        },
    }


def _keys_of(tokens: Tokens) -> Json:
    uri = f"http://{tokens.service}{JWKS_PATH}"
    return {"http_uri": {"uri": uri, "cluster": tokens.service, "timeout": "2s"}}


def _refuse_all(tokens: Tokens) -> Json:
    """A provider that looks where no token can be, so that it refuses before it asks for keys."""
    return {
        "issuer": "nobody",
        "from_headers": [{"name": SECRET_HEADER}],
        "remote_jwks": _keys_of(tokens),
    }


def _rule(headers: Sequence[Json], provider: str) -> Json:
    return {
        "match": {"prefix": "/", "headers": list(headers)},
        "requires": {"provider_name": provider},
    }


def say_the_address() -> Json:
    """Return the filter that makes ``x-forwarded-for`` one address: the client's, as Envoy derived it."""
    entry = {
        "header": {"key": "x-forwarded-for", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
    }
    return {
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": f"{_FILTERS}.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": [{"append": entry}]},
        },
    }
