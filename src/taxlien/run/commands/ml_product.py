"""What the commands of ``taxlien ml`` need of the running product, and how what it refuses is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from taxlien.kit.database import Database
    from taxlien.kit.settings import KitSettings
    from taxlien.services.ml.adapters.mlflow_registry import MlflowRegistry

T = TypeVar("T")


class MlProduct:
    """What the commands need of the running product."""

    def __init__(self, settings: KitSettings) -> None:
        from taxlien.kit.blobs import Blobs
        from taxlien.kit.database import Database

        self._settings = settings
        self.database: Database = Database(
            settings.database_url_for("ml"), service="ml", pool_size=1
        )
        self.blobs: Blobs = Blobs.from_settings(settings)
        self.objects = settings.require("objects_url")
        self.catalogue_url = settings.database_url_for("liens")

    @property
    def registry(self) -> MlflowRegistry:
        """MLflow at its server, or over its own schema of the product's PostgreSQL."""
        import os

        # MLflow reads these as it is imported.
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")

        from taxlien.kit.buckets import open_bucket
        from taxlien.kit.database import driver_url
        from taxlien.kit.settings import read_settings
        from taxlien.run.schema import MODEL_REGISTRY
        from taxlien.services.ml.adapters.mlflow_registry import MlflowRegistry
        from taxlien.services.ml.settings import MlSettings

        own = driver_url(self._settings.database_url_for(MODEL_REGISTRY))
        url = read_settings(MlSettings).mlflow_url or own.render_as_string(hide_password=False)
        bucket = open_bucket(self.objects, self._settings)
        return MlflowRegistry(url, self.objects, bucket)


def with_product(work: Callable[[MlProduct], Awaitable[T]]) -> T:
    """Do ``work`` with the running product; what it refuses is said in words, exit code 1."""
    import asyncio

    from taxlien.kit.errors import DomainError
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.kit.telemetry.logs import configure_logs
    from taxlien.run import environment
    from taxlien.services.ml.adapters.artifacts import UnfitArtifact

    environment.load()

    async def working() -> T:
        settings = read_settings(KitSettings)
        # A command answers in words: what a server would log of its doings is not among them.
        asked = "log_level" in settings.model_fields_set
        quiet = {} if asked else {"log_level": "warning"}
        configure_logs(settings.model_copy(update=quiet), process="ml")
        product = MlProduct(settings)
        try:
            return await work(product)
        finally:
            await product.database.close()

    try:
        return asyncio.run(working())
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
    except (DomainError, UnfitArtifact) as error:
        typer.echo(f"taxlien ml: {error}", err=True)
        raise typer.Exit(1) from None
