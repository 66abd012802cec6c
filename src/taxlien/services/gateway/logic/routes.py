"""The route table: every address the world can reach. All gateway configurations are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Match = Literal["under", "exact"]
Audience = Literal["public", "internal"]
CacheClass = Literal["never", "none", "minute", "hour", "day"]
LimitClass = Literal["default", "costly", "light", "sign_in"]

IDEMPOTENT: frozenset[Method] = frozenset({"GET", "HEAD", "PUT", "DELETE"})

CACHE_CONTROL: dict[CacheClass, str] = {
    "never": "no-store",
    "none": "no-cache",  # may be kept, and asked about with its ETag
    "minute": "public, max-age=60",
    "hour": "public, max-age=3600",
    "day": "public, max-age=86400",
}

JWKS_PATH = "/v1/auth/.well-known/jwks.json"
"""Where auth publishes the keys that verify access tokens."""

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, kw_only=True)
class Route:
    """One line of the table. The longest path wins; ``under`` matches the path and all below it.

    ``GET`` includes ``HEAD``. ``timeout`` is seconds for the whole request with its retries; ``attempts``
    holds for idempotent methods, others are sent once; ``max_body`` is bytes; ``cross_origin`` lets web
    pages of the allowed origins call it; ``cache`` is how browsers and proxies may keep an answer to a
    stranger that says nothing else; ``limit`` names its quota (``limits``). Only the service behind
    ``keeps_token`` sees the access token itself. An ``internal`` path exists for other services and
    answers 404 here.
    """

    path: str
    service: str
    match: Match = "under"
    methods: tuple[Method, ...] = ("GET",)
    timeout: float = 10.0
    attempts: int = 3
    max_body: int = 64 * KIB
    cross_origin: bool = True
    cache: CacheClass = "none"
    limit: LimitClass = "default"
    keeps_token: bool = False
    audience: Audience = "public"

    def __post_init__(self) -> None:
        if "GET" in self.methods and "HEAD" not in self.methods:
            object.__setattr__(self, "methods", ("GET", "HEAD", *self.methods[1:]))


_ALL: tuple[Method, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
_AUTH = "/v1/auth"


def _auth(path: str, *methods: Method, limit: LimitClass = "default", attempts: int = 3) -> Route:
    return Route(
        path=f"{_AUTH}{path}",
        service="auth",
        methods=methods,
        attempts=attempts,
        max_body=32 * KIB,
        cache="never",
        limit=limit,
        keeps_token=True,
    )


def _page(path: str, *, match: Match = "under", cache: CacheClass = "none") -> Route:
    return Route(
        path=path, service="gateway", match=match, cross_origin=False, cache=cache, limit="light"
    )


ROUTES: tuple[Route, ...] = (
    # auth: accounts, sign-in, devices, second factors
    _auth("", *_ALL),
    # Where a guess could be right, or a mail goes out: counted by address, signed in or not.
    _auth("/signup", "POST", limit="sign_in"),
    _auth("/login", "POST", limit="sign_in"),
    _auth("/forgot-password", "POST", limit="sign_in"),
    _auth("/reset-password", "POST", limit="sign_in"),
    _auth("/verify-email", "POST", limit="sign_in"),
    _auth("/resend-verification", "POST", limit="sign_in"),
    _auth("/change-password", "POST", limit="sign_in"),
    _auth("/passkeys/login", "POST", limit="sign_in"),
    _auth("/totp/confirm", "POST", limit="sign_in"),
    _auth("/recovery-codes", "POST", limit="sign_in"),
    # Apple answers by a form that the browser posts from another site: navigation, not CORS.
    # Its code works once, so even its GET is sent once.
    _auth("/oauth", "GET", "POST", "DELETE", attempts=1),
    _auth("/oauth/exchange", "POST", limit="sign_in"),
    Route(path=JWKS_PATH, service="auth", match="exact", cache="minute", limit="light"),
    # users: profiles, consents, identity checks; files go straight to the object store
    Route(path="/v1/users", service="users", methods=_ALL, cache="never"),
    Route(path="/v1/users/tiers", service="users", cache="hour"),
    Route(
        path="/v1/users/me/exports",
        service="users",
        methods=("GET", "POST"),
        timeout=60.0,
        attempts=1,
        cache="never",
    ),
    # notifications: what was sent to the signed-in user
    Route(path="/v1/notifications", service="notifications", methods=_ALL, cache="never"),
    # Mail providers post here for many of their users from few addresses.
    Route(
        path="/v1/notifications/unsubscribe",
        service="notifications",
        methods=("GET", "POST"),
        cross_origin=False,
        cache="never",
        limit="light",
    ),
    # What providers report: in batches, from few addresses, each proved by its signature.
    Route(
        path="/v1/notifications/webhooks",
        service="notifications",
        methods=("POST",),
        max_body=MIB,
        cross_origin=False,
        cache="never",
        limit="light",
    ),
    # A text message costs, and somebody could earn by its being sent.
    Route(
        path="/v1/notifications/phone",
        service="notifications",
        methods=("GET", "PUT", "POST", "DELETE"),
        cache="never",
        limit="sign_in",
    ),
    # liens: the catalogue, the law's rules, payoffs
    Route(path="/v1/liens", service="liens"),
    Route(
        path="/v1/liens/payoff", service="liens", methods=("POST",), max_body=MIB, limit="costly"
    ),
    Route(path="/v1/liens/rules", service="liens", cache="hour"),
    Route(path="/v1/liens/counties", service="liens", cache="hour"),
    Route(path="/v1/liens/coverage", service="liens", cache="minute", limit="costly"),
    # search
    Route(path="/v1/search", service="search", timeout=5.0),
    Route(path="/v1/search/filters", service="search", timeout=5.0, cache="minute"),
    Route(path="/v1/search/autocomplete", service="search", timeout=5.0, limit="light"),
    # Whoever looks at answers opens many: it costs little, and no search of theirs.
    Route(
        path="/v1/search/clicks",
        service="search",
        methods=("POST",),
        cache="never",
        limit="light",
    ),
    Route(path="/v1/search/saved", service="search", methods=_ALL, cache="never"),
    # What a link leads to: a guess could be right, so it counts like a sign-in.
    Route(
        path="/v1/search/shared",
        service="search",
        methods=("POST",),
        cache="never",
        limit="sign_in",
    ),
    # portfolio: what the signed-in user watches
    Route(path="/v1/portfolio", service="portfolio", methods=_ALL, cache="never"),
    # ml: predictions for cases, one or many
    Route(
        path="/v1/ml",
        service="ml",
        methods=("GET", "POST"),
        attempts=1,
        max_body=MIB,
        cache="never",
    ),
    # It works for seconds, and waits for others that do.
    Route(
        path="/v1/ml/optimize",
        service="ml",
        methods=("POST",),
        timeout=60.0,
        attempts=1,
        cache="never",
    ),
    # the gateway's own pages
    _page("/", match="exact", cache="minute"),
    _page("/account"),
    _page("/docs"),
    Route(path="/openapi.json", service="gateway", match="exact", cache="minute", limit="light"),
    # for services only
    Route(path="/internal", service="liens", audience="internal"),
    Route(path="/health", service="gateway", match="exact", audience="internal"),
    Route(path="/ready", service="gateway", match="exact", audience="internal"),
    Route(path="/metrics", service="gateway", match="exact", audience="internal"),
)

MAILBOX = "mailbox"
MAILBOX_ROUTES: tuple[Route, ...] = (
    Route(path="/dev/mail", service=MAILBOX, methods=("GET", "POST", "DELETE"), cross_origin=False,
          cache="never", limit="light"),
)  # fmt: skip
"""Where the local mailbox shows what was sent; only in a product that has one."""

PREVIEW_ROUTES: tuple[Route, ...] = (
    Route(path="/dev/notifications", service="notifications", cross_origin=False, cache="never",
          limit="light"),
)  # fmt: skip
"""Where every message is shown with made-up values; only in a product for development."""

HEALTH_PATH = "/healthz"
"""Answered by the gateway itself, without any service: the gateway lives."""


def services_of(routes: tuple[Route, ...] = ROUTES) -> tuple[str, ...]:
    """Return the services that public routes lead to, in alphabetical order."""
    return tuple(sorted({route.service for route in routes if route.audience == "public"}))


def matching(path: str, routes: tuple[Route, ...] = ROUTES) -> Route | None:
    """Return the route a path falls under, as the gateway decides: the longest match, or None."""
    found = [route for route in routes if _matches(route, path)]
    return max(found, key=lambda route: len(route.path), default=None)


def is_public(path: str, routes: tuple[Route, ...] = ROUTES) -> bool:
    """Say whether the world can reach ``path``."""
    route = matching(path, routes)
    return route is not None and route.audience == "public"


def _matches(route: Route, path: str) -> bool:
    if route.match == "exact":
        return path == route.path
    return path == route.path or path.startswith(f"{route.path}/")
