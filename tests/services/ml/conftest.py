"""A family of models small enough to be trained in no time, and the objects they are kept in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from uuid import uuid4

import obstore
import polars as pl
import psycopg
import pytest
from obstore.store import S3Store
from psycopg import sql

from mean_face_model import FAMILY
from recycled_databases import drop
from taxlien.kit.blobs import Blobs
from taxlien.kit.buckets import open_bucket
from taxlien.kit.database import driver_url
from taxlien.kit.migrations import prepare_service
from taxlien.kit.settings import KitSettings
from taxlien.services.ml.adapters import artifacts, auction_trainer, family
from taxlien.services.ml.adapters.auction_model import AuctionModel
from taxlien.services.ml.adapters.mlflow_registry import MlflowRegistry
from taxlien.services.ml.models import Appointment

from .auction.invented_sales import all_sales


@pytest.fixture
def mean_face(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the family."""
    monkeypatch.setitem(family.FAMILIES, FAMILY.name, FAMILY)  # type: ignore[arg-type]
    return FAMILY.name


@pytest.fixture
def blobs(kit_settings: KitSettings) -> Blobs:
    return Blobs.from_settings(kit_settings)


@pytest.fixture(scope="session")
def invented_sales() -> pl.DataFrame:
    return all_sales()


@pytest.fixture(scope="session")
def price_model(invented_sales: pl.DataFrame) -> AuctionModel:
    """A model of prices, taught once for all tests."""
    return auction_trainer.train(invented_sales)


class Office:
    """Puts models in office without training them."""

    def __init__(self, database, blobs: Blobs, settings: KitSettings, name: str) -> None:
        self.database, self.blobs, self.settings, self.name = database, blobs, settings, name
        self.versions = 0
        self._damaged: dict[str, bytes] = {}

    async def appoint(
        self, face: float, files: Mapping[str, bytes] | None = None, **fields: object
    ) -> str:
        """Make a model that says ``face``, or of these ``files``, champion; returns its artifact."""
        self.versions += 1
        made = files or {"model.json": b'{"face": %.2f}' % face}
        artifact = await artifacts.store(self.blobs, made)
        values: dict[str, object] = {
            "name": self.name, "alias": "champion", "version": self.versions, "run_id": "run",
            "artifact": artifact, "reason": "promoted",
        }  # fmt: skip
        async with self.database.session() as session:
            session.add(Appointment(**{**values, **fields}))
        return artifact

    def damage(self, sha256: str) -> None:
        """Let the objects hold something else under a name, until the test is over."""
        place = f"sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"
        self._damaged.setdefault(place, bytes(obstore.get(self._bucket(), place).bytes()))
        obstore.put(self._bucket(), place, b"something else")

    def repair(self) -> None:
        """Give back what was damaged: whoever keeps the same content has it under the same name."""
        for place, content in self._damaged.items():
            obstore.put(self._bucket(), place, content)

    def _bucket(self) -> S3Store:
        return open_bucket(self.settings.require("objects_url"), self.settings)


@pytest.fixture
async def office(
    database_for, blobs: Blobs, kit_settings: KitSettings, mean_face: str
) -> AsyncIterator[Office]:
    one = Office(await database_for("ml"), blobs, kit_settings, mean_face)
    yield one
    one.repair()


@pytest.fixture
async def registry(kit_settings: KitSettings) -> AsyncIterator[MlflowRegistry]:
    """MLflow's tables in a schema of their own, as its own role."""
    owner_url = kit_settings.require("database_url").replace("+psycopg", "")
    name = f"test_{uuid4().hex}"
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = f"{owner_url.rpartition('/')[0]}/{name}"
    made = kit_settings.model_copy(update={"database_url": url})
    await prepare_service(url, "mlflow", made.database_password_for("mlflow"))
    store = driver_url(made.database_url_for("mlflow")).render_as_string(hide_password=False)
    bucket = open_bucket(kit_settings.require("objects_url"), kit_settings)
    yield MlflowRegistry(store, "s3://somewhere/objects", bucket)
    await drop(owner_url, name)
