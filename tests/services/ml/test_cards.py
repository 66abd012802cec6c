"""A card says what was registered, and nothing else; its pictures lie beside the run."""

from __future__ import annotations

from datetime import date

import obstore
import pytest

from taxlien.kit.buckets import open_bucket
from taxlien.kit.errors import NotFound
from taxlien.run.demo import past
from taxlien.run.demo.generate import demo_plan
from taxlien.services.ml.adapters.family import drawn
from taxlien.services.ml.adapters.mlflow_registry import PICTURES
from taxlien.services.ml.logic import about
from taxlien.services.ml.logic.table import table_of
from taxlien.services.ml.service import cards, training


async def test_a_card_holds_the_figures_of_the_registered_run(
    database_for, blobs, registry, kit_settings
) -> None:
    database = await database_for("ml")
    rows = past.facts(demo_plan(), today=date(2026, 11, 28), years=1, a_year=past.AYear(10, 10))
    table = table_of(rows)
    made = training.make("redemption", table)
    async with database.session() as session:
        with pytest.raises(NotFound):
            await cards.card(session, blobs, "redemption")
        one = await training.register(
            session, blobs, registry, made, objects="s3://somewhere/objects"
        )
    async with database.session() as session:
        card = await cards.card(session, blobs, "redemption")
    run = registry._client.get_run(one.run_id)
    assert "| by 12 months | Brier | " in card.text
    for figure in (run.data.metrics["brier_12"], run.data.metrics["brier_36"]):
        assert f"| {figure:.4g} |" in card.text
    for said in (run.data.tags["data_sha256"], one.artifact, one.run_id, "Made-up liens taught"):
        assert said in card.text
    assert f"| demo | {len(table):,} |" in card.text
    assert f"all rows teach but {made.metrics['frozen_rows']:,.0f}" in card.text
    assert "`redeemed_on`" in card.text
    assert "| `insufficient_data`, with the nearest evidence | " in card.text
    _, path = run.info.artifact_uri.split("/objects/")
    bucket = open_bucket(kit_settings.require("objects_url"), kit_settings)
    for name, content in drawn(about.read(made.files[about.FILE]).findings).items():
        assert card.pictures[f"redemption-{name}"] == content
        assert f"(redemption-{name})" in card.text
        assert bytes(obstore.get(bucket, f"{path}/{PICTURES}/{name}").bytes()) == content
