"""Train, promote, roll back: written down in MLflow, over the product's own PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from mlflow.tracking import MlflowClient

from taxlien.interfaces.liens import Lien
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.services.ml import service
from taxlien.services.ml.adapters.mlflow_registry import MlflowRegistry
from taxlien.services.ml.logic import about
from taxlien.services.ml.logic.bootstrap import Comparison
from taxlien.services.ml.service import promoting, training

OBJECTS = "s3://somewhere/objects"
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


def liens(version: int, face: int, count: int = 1_200, synthetic: bool = False) -> list[Lien]:
    return [
        Lien(
            lien_id=UUID(int=n), version=version, kind="certificate", status="sold", state="CO",
            county_fips="08069", county="Larimer", parcel_id=str(n), parcel_key=str(n),
            source="test", first_seen_at=NOON, last_changed_at=NOON, sale_date=date(2019, 11, 7),
            face_amount=Decimal(face + n % 7), synthetic=synthetic,
        )
        for n in range(synthetic * count, count + synthetic * count)
    ]  # fmt: skip


async def test_a_model_lives_from_training_to_rollback(
    database_for, blobs, registry: MlflowRegistry, mean_face: str
) -> None:
    database = await database_for("ml")
    client = registry._client

    async def train(*facts: Lien):
        async with database.session() as session:
            await service.keep_facts(session, facts)
            table = await training.read_frame(session)
            made = training.make(mean_face, table)
            one = await training.register(session, blobs, registry, made, objects=OBJECTS)
        return one, table, made

    async def try_promoting(table):
        async with database.session() as session:
            found = await promoting.judge(session, blobs, mean_face, table)
            return await promoting.promote(session, registry, mean_face, found)

    with pytest.raises(NotFound):
        await try_promoting(None)
    first, table, made = await train(*liens(1, 100))
    assert (first.version, first.alias, first.reason) == (1, "champion", "first")
    assert training.make(mean_face, table) == made
    again, table, _ = await train()
    assert (again.version, again.alias, again.artifact) == (2, "challenger", first.artifact)
    with pytest.raises(Conflict, match="not better beyond noise"):
        await try_promoting(table)
    third, table, _ = await train(*liens(2, 200))
    assert (third.version, third.alias) == (3, "challenger")
    assert (await try_promoting(table)).reason == "promoted"
    assert _champion(client) == 3
    with pytest.raises(Conflict, match="is newer than its champion 3"):
        await try_promoting(table)
    async with database.session() as session:
        assert (await promoting.rollback(session, registry, mean_face)).version == 1
    assert _champion(client) == 1
    with pytest.raises(Conflict, match="first champion"):
        async with database.session() as session:
            await promoting.rollback(session, registry, mean_face)
    run = client.get_run(third.run_id).data
    assert run.tags["artifact_sha256"] == third.artifact
    assert run.params["rows"] == str(table.height - round(run.metrics["frozen_rows"]))
    assert run.metrics["loss"] < 10


async def test_what_made_up_liens_taught_gives_way_to_real_ones_and_never_comes_back(
    database_for, blobs, registry: MlflowRegistry, mean_face: str
) -> None:
    database = await database_for("ml")

    async def keep(*facts: Lien):
        async with database.session() as session:
            await service.keep_facts(session, facts)
            return training.make(mean_face, await training.read_frame(session))

    async def register(made):
        async with database.session() as session:
            return await training.register(session, blobs, registry, made, objects=OBJECTS)

    demo = await keep(*liens(1, 100, synthetic=True))
    first = await register(demo)
    assert (first.alias, first.reason, first.synthetic) == ("champion", "first", True)
    assert about.trained_on(demo.files) == "synthetic"
    assert (await register(demo)).alias == "challenger"
    real = await register(await keep(*liens(1, 200)))
    assert (real.version, real.alias, real.reason, real.synthetic) == (
        3,
        "champion",
        "first",
        False,
    )
    with pytest.raises(Conflict, match="made-up ones are no match"):
        await register(demo)
    async with database.session() as session:
        with pytest.raises(Conflict, match="first champion"):
            await promoting.rollback(session, registry, mean_face)
        better = Comparison(-1.0, -1.1, -0.9, 100, 100)
        with pytest.raises(Conflict, match="learned from made-up liens"):
            await promoting.promote(session, registry, mean_face, better)


def _champion(client: MlflowClient) -> int:
    return int(client.get_model_version_by_alias("taxlien-mean_face", "champion").version)


def test_what_cannot_be_learned_is_said_in_words(mean_face: str) -> None:
    with pytest.raises(InvalidInput, match="no model of_nothing"):
        training.make("of_nothing", training.pl.DataFrame())
