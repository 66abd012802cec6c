"""Bring every service's role, schema and reference data up to what the code expects. Safe to repeat."""

from __future__ import annotations

import asyncio

from taxlien.kit.database import Database
from taxlien.kit.migrations import prepare_service, upgrade
from taxlien.kit.settings import KitSettings
from taxlien.run import registry
from taxlien.services.liens import service as liens

MODEL_REGISTRY = "mlflow"
"""A schema that no service's migrations fill: MLflow makes its tables when it is first used."""


async def prepare(settings: KitSettings) -> list[str]:
    """Create roles and schemas, migrate, load the counties. Returns the services that keep a schema.

    Needs ``database_url`` of an owner who may create roles. Services are migrated one after another:
    Alembic's configuration belongs to the process, not to the call.
    """
    names = [name for name in registry.service_names() if registry.has_tables(name)]
    owner = settings.require("database_url")
    await asyncio.gather(
        *(
            prepare_service(owner, name, settings.database_password_for(name))
            for name in (*names, MODEL_REGISTRY)
        )
    )
    for name in names:
        await upgrade(settings.database_url_for(name), name)
    database = Database(settings.database_url_for("liens"), service="liens", pool_size=1)
    try:
        async with database.session() as session:
            await liens.load_counties(session)
    finally:
        await database.close()
    return names
