"""The table decides alone what the world can reach."""

from __future__ import annotations

import pytest

from taxlien.services.gateway.logic.routes import (
    IDEMPOTENT,
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
    assert len({route.path for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert route.path.startswith("/")
        assert route.path == "/" or not route.path.endswith("/")
        assert 0 < route.timeout <= 60
        assert route.attempts >= 1
        assert route.methods
        if route.cache != "none":
            assert set(route.methods) <= IDEMPOTENT


def test_services_are_those_of_public_routes() -> None:
    assert services_of() == ("gateway", "liens", "search")
