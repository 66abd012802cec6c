"""The table decides alone what the world can reach."""

from __future__ import annotations

import pytest

from taxlien.services.gateway.logic.routes import (
    CACHE_CONTROL,
    IDEMPOTENT,
    MAILBOX_ROUTES,
    PREVIEW_ROUTES,
    ROUTES,
    is_public,
    matching,
    services_of,
)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "gateway"),
        ("/docs", "gateway"),
        ("/docs/swagger-ui.css", "gateway"),
        ("/openapi.json", "gateway"),
        ("/v1/search", "search"),
        ("/v1/search/autocomplete", "search"),
        ("/v1/liens/01a208e7-42ac-7761-a192-f480d009bea1/payoff", "liens"),
        ("/v1/liens/rules/FL", "liens"),
        ("/v1/auth/.well-known/jwks.json", "auth"),
        ("/v1/auth/oauth/google/callback", "auth"),
        ("/v1/users/me/kyc", "users"),
        ("/v1/notifications/preferences", "notifications"),
        ("/account/verify-email", "gateway"),
    ],
)
def test_a_path_leads_to_its_service(path: str, service: str) -> None:
    route = matching(path)
    assert route is not None
    assert route.service == service
    assert is_public(path)


@pytest.mark.parametrize(
    "path",
    [
        "/internal",
        "/internal/openapi.json",
        "/metrics",
        "/health",
        "/ready",
        "/v1",
        "/v1/searching",
        "/v1/authority",
        "/dev/mail",
        "/x",
    ],
)
def test_what_is_internal_or_unknown_is_not_public(path: str) -> None:
    assert not is_public(path)


def test_the_longest_path_wins() -> None:
    route = matching("/v1/liens/payoff")
    assert route is not None
    assert route.methods == ("POST",)


def test_every_route_is_sound() -> None:
    table = (*ROUTES, *MAILBOX_ROUTES, *PREVIEW_ROUTES)
    assert len({route.path for route in table}) == len(table)
    for route in table:
        assert route.path.startswith("/")
        assert route.path == "/" or not route.path.endswith("/")
        assert 0 < route.timeout <= 60
        assert route.attempts >= 1
        assert route.methods
        assert len(set(route.methods)) == len(route.methods)
        if CACHE_CONTROL[route.cache].startswith("public"):
            assert set(route.methods) <= IDEMPOTENT
        if route.keeps_token:
            assert route.service == "auth"


def test_get_includes_head() -> None:
    for route in ROUTES:
        assert ("GET" in route.methods) is ("HEAD" in route.methods)


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/v1/auth/login", "sign_in"),
        ("/v1/auth/login/second-factor", "sign_in"),
        ("/v1/auth/signup", "sign_in"),
        ("/v1/auth/forgot-password", "sign_in"),
        ("/v1/auth/passkeys/login/options", "sign_in"),
        ("/v1/auth/me", "default"),
        ("/v1/liens/payoff", "costly"),
        ("/v1/search", "default"),
        ("/v1/search/autocomplete", "light"),
        ("/docs/swagger-ui.css", "light"),
    ],
)
def test_sensitive_and_costly_addresses_have_limits_of_their_own(path: str, limit: str) -> None:
    route = matching(path)
    assert route is not None
    assert route.limit == limit


def test_services_are_those_of_public_routes() -> None:
    assert services_of() == (
        *("auth", "gateway", "liens", "ml", "notifications", "portfolio", "search", "users"),
    )
