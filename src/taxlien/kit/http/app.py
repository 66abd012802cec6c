"""``create_app``: a FastAPI app with the layers, errors, health routes and API description all share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from taxlien.kit.database import Database
from taxlien.kit.http.description import describe_problems
from taxlien.kit.http.errors import install_problem_handlers
from taxlien.kit.http.freshness import Freshness, HeadAsGet
from taxlien.kit.http.health import Check, health_router
from taxlien.kit.http.middleware import AccessLog, BodyLimit, ProblemErrors, RequestIdentity
from taxlien.kit.http.shortcuts import Shortcuts
from taxlien.kit.security.policy import Policy
from taxlien.kit.telemetry.traces import TraceRequests

DESCRIPTION_PATH = "/internal/openapi.json"
"""Where an app describes itself to the gateway, which alone shows a description to the world."""

MAX_BODY_BYTES = 1_048_576


class Lifespan(Protocol):
    """What runs around the serving of an app: open on enter, close on exit."""

    def __call__(self, app: FastAPI, /) -> AbstractAsyncContextManager[None]: ...


def create_app(
    *,
    title: str,
    version: str = "1",
    routers: Sequence[APIRouter],
    databases: Mapping[str, Database] | None = None,
    checks: Mapping[str, Check] | None = None,
    state: Mapping[str, object] | None = None,
    description: str = "",
    servers: Sequence[Mapping[str, str]] = ({"url": "/"},),
    tags: Sequence[Mapping[str, str]] = (),
    lifespan: Lifespan | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    gateway_secret: str | None = None,
    policy: Policy | None = None,
    shortcuts: Mapping[str, ASGIApp] | None = None,
) -> FastAPI:
    """Return the app. ``state`` becomes attributes of ``app.state`` beside ``databases`` by service.

    ``checks`` decide ``/ready``. ``max_body_bytes`` holds for every route; the gateway has a limit per
    route below it. Documentation pages are the gateway's: here is only ``DESCRIPTION_PATH``.
    ``gateway_secret`` is what the gateway shows to be believed about users (none: nobody is signed in);
    ``policy`` decides who may call what (none: every endpoint decides for itself). ``shortcuts`` are
    asked before every layer (``Shortcuts``).
    """
    app = FastAPI(
        title=title,
        version=version,
        description=description,
        servers=[dict(server) for server in servers],
        openapi_tags=[dict(tag) for tag in tags],
        openapi_url=DESCRIPTION_PATH,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        dependencies=[Depends(policy.authorise)] if policy else None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        middleware=[
            *([Middleware(Shortcuts, shortcuts=shortcuts)] if shortcuts else []),
            Middleware(RequestIdentity, gateway_secret=gateway_secret),
            Middleware(TraceRequests),
            Middleware(AccessLog),
            Middleware(HeadAsGet),
            Middleware(Freshness),
            Middleware(BodyLimit, max_bytes=max_body_bytes),
            Middleware(ProblemErrors),
        ],
    )
    app.state.databases = dict(databases or {})
    app.state.gateway_secret = gateway_secret or ""
    for name, value in (state or {}).items():
        setattr(app.state, name, value)
    install_problem_handlers(app)
    app.include_router(health_router(checks or {}))
    for router in routers:
        app.include_router(router)
    _describe_with_problems(app)
    return app


def operation_id(route: APIRoute) -> str:
    """Return ``liens_get_lien`` for function ``get_lien`` of a router tagged ``liens``."""
    service = str(route.tags[0]) if route.tags else ""
    if not service or route.name.startswith(f"{service}_"):
        return route.name
    return f"{service}_{route.name}".replace("-", "_")


def _describe_with_problems(app: FastAPI) -> None:
    plain = app.openapi

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe_problems(plain())
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]
