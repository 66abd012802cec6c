"""The store of raw pages that the settings choose."""

from __future__ import annotations

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings, SettingsError
from taxlien.services.scraper.settings import RawStoreSettings

from .postgres import PostgresRawStore
from .raw_store import RawStore


async def raw_store_for(
    settings: RawStoreSettings, kit: KitSettings, database: Database
) -> RawStore:
    """Open the store. ``database`` is the scraper's own; MongoDB needs none. Raises ``SettingsError``."""
    if settings.store == "postgres":
        return PostgresRawStore(database, Blobs.from_settings(kit), level=settings.level)
    if settings.mongodb_url is None:
        what = RawStoreSettings.model_fields["mongodb_url"].description
        raise SettingsError(f"TAXLIEN_SCRAPER_RAW_MONGODB_URL is not set: {what}")
    # Its driver is an extra that most deployments do without.
    from .mongodb import MongoRawStore  # noqa: PLC0415

    return await MongoRawStore.open(settings.mongodb_url.get_secret_value(), level=settings.level)
