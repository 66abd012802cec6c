"""The route table: every address the world can reach. All gateway configurations are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
Match = Literal["under", "exact"]
Audience = Literal["public", "internal"]
CacheClass = Literal["none", "minute", "hour", "day"]

IDEMPOTENT: frozenset[Method] = frozenset({"GET", "HEAD", "PUT", "DELETE"})

CACHE_SECONDS: dict[CacheClass, int] = {"none": 0, "minute": 60, "hour": 3600, "day": 86_400}

USER_HEADERS = ("x-user-id", "x-tier", "x-roles", "x-session-id", "x-gateway-secret")
"""What services believe about the caller: only the gateway may say it, so it removes what came in."""

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, kw_only=True)
class Route:
    """One line of the table. The longest path wins; ``under`` matches the path and all below it.

    ``timeout`` is seconds for the whole request with its retries; ``attempts`` holds for idempotent
    methods, others are sent once; ``max_body`` is bytes; ``cross_origin`` lets web pages of the allowed
    origins call it; ``cache`` is for how long browsers and proxies may keep a 200 that says nothing
    else. An ``internal`` path exists for other services and answers 404 here.
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
    audience: Audience = "public"


ROUTES: tuple[Route, ...] = (
    # liens: the catalogue, the law's rules, payoffs
    Route(path="/v1/liens", service="liens"),
    Route(path="/v1/liens/payoff", service="liens", methods=("POST",), max_body=MIB),
    Route(path="/v1/liens/rules", service="liens", cache="hour"),
    Route(path="/v1/liens/counties", service="liens", cache="hour"),
    # search
    Route(path="/v1/search", service="search", timeout=5.0),
    Route(path="/v1/search/filters", service="search", timeout=5.0, cache="minute"),
    # the gateway's own pages
    Route(path="/", service="gateway", match="exact", cross_origin=False, cache="minute"),
    Route(path="/docs", service="gateway", cross_origin=False),
    Route(path="/openapi.json", service="gateway", match="exact", cache="minute"),
    # for services only
    Route(path="/internal", service="liens", audience="internal"),
    Route(path="/health", service="gateway", match="exact", audience="internal"),
    Route(path="/ready", service="gateway", match="exact", audience="internal"),
    Route(path="/metrics", service="gateway", match="exact", audience="internal"),
)

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
