"""The demo's models: taught once, marked as what they are, and silent where real ones are in office."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Database
from taxlien.run.demo import models
from taxlien.run.demo.past import AYear
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.service import serving


@dataclass
class Product:
    database: Database
    blobs: Blobs
    registry: Any
    objects: str = "s3://somewhere/objects"


async def test_demo_models_are_taught_once_and_say_what_taught_them(
    database_for, blobs, registry, office, monkeypatch
) -> None:
    monkeypatch.setattr(models, "A_YEAR", {"redemption": AYear(20, 20), "mean_face": AYear(9, 9)})
    database = await database_for("ml")
    product = Product(database, blobs, registry)
    assert await models.teach(product, years=1) == ["redemption", "mean_face"]
    async with database.session() as session:
        found = {one.name: one for one in await serving.models(session)}
        model = await serving.champion_of(session, blobs, "redemption")
    assert found["redemption"].synthetic
    assert (found["redemption"].reason, found["redemption"].alias) == ("first", "champion")
    [answer] = model.predict([Case(state="CO", county_fips="08069", face_amount=1200.0)])
    assert (answer.trained_on, answer.basis) == ("synthetic", "model")
    assert await models.teach(product, years=1) == []


async def test_demo_models_are_not_taught_beside_a_real_champion(
    database_for, blobs, office, monkeypatch
) -> None:
    monkeypatch.setattr(models, "A_YEAR", {office.name: AYear(9, 9)})
    await office.appoint(1.0)
    assert await models.teach(Product(office.database, blobs, None), years=1) == []
