"""One HTTP app out of the services named in ``TAXLIEN_SERVICES`` (none: all). Granian calls ``create``."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

import taxlien
from taxlien.kit.database import Database
from taxlien.kit.http.app import create_app
from taxlien.kit.http.health import Check, database_check
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.kit.telemetry.traces import configure_traces
from taxlien.run import registry

POOL_SIZE = 10
MAX_BODY_BYTES = 12 * 1024 * 1024  # the largest a route of the gateway lets through


def create() -> FastAPI:
    """Return the app of this process. Raises ``SettingsError`` in words when the environment lacks a part."""
    settings = read_settings(KitSettings)
    wanted = [name for name in os.environ.get("TAXLIEN_SERVICES", "").split(",") if name]
    services = registry.chosen(wanted)
    configure_logs(settings)
    configure_traces(settings, process="api")
    roles = [role for role in os.environ.get("TAXLIEN_ROLES", "").split(",") if role]
    return compose(services, settings, beside=[role for role in roles if role != "api"])


def compose(
    services: Sequence[str], settings: KitSettings, *, beside: Sequence[str] = ()
) -> FastAPI:
    """Put the routers of ``services`` into one app, each with the database of its own role.

    ``beside`` names other roles (worker, relay) whose jobs run in the same process while it serves.
    """
    databases = {
        name: Database(settings.database_url_for(name), service=name, pool_size=POOL_SIZE)
        for name in services
        if registry.has_tables(name)
    }
    checks: dict[str, Check] = {
        f"database of {name}": database_check(database) for name, database in databases.items()
    }

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for database in databases.values():
                stack.push_async_callback(database.close)
            for name in services:
                if (finish := registry.at_stop(name)) is not None:
                    stack.push_async_callback(finish, app)
            if beside:
                from taxlien.run.worker import jobs_of  # the bus clients cost a pure api 0.2 s

                await stack.enter_async_context(jobs_of(settings, services, beside))
            yield

    return create_app(
        title="TAXLIEN.online",
        version=taxlien.__version__,
        description="What counties publish, with provenance; what the law of that state on that date pays.",
        routers=[r for name in services if (r := registry.router(name)) is not None],
        databases=databases,
        checks=checks,
        lifespan=lifespan,
        max_body_bytes=MAX_BODY_BYTES,
        gateway_secret=_secret(settings),
        policy=Policy.parse(reference_text("policy.txt")),
        shortcuts={
            path: app for name in services for path, app in registry.shortcuts(name).items()
        },
    )


def _secret(settings: KitSettings) -> str | None:
    return settings.gateway_secret.get_secret_value() if settings.gateway_secret else None
