"""That a champion cannot be loaded is told once, and once that it can be again, by however many processes."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from sqlalchemy import text

from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.service import checking, offices
from taxlien.services.ml.service.serving import Champions


async def asked(office, *processes: Champions) -> list[float | None]:
    """Ask each process twice, and once more when what it was loading is loaded."""
    faces: list[float | None] = []
    for champions in processes:
        for _ in range(3):
            async with office.database.session() as session:
                found = await champions.champion(session, office.name)
            await asyncio.gather(*champions._loading.values())
        faces.append(found.model.face if found else None)
    return faces


async def alerts(office) -> list[tuple[str, str, int]]:
    query = text("SELECT body FROM ml.outbox WHERE type = 'model.alerted' ORDER BY seq")
    async with office.database.session() as session:
        bodies = (await session.scalars(query)).all()
    told = [msgspec.json.decode(bytes(body))["data"] for body in bodies]
    assert all(one["at"] for one in told)
    return [(one["kind"], one["state"], one["model_version"]) for one in told]


async def test_a_champion_that_cannot_be_loaded_is_told_once_and_once_that_it_can(office) -> None:
    old, new = (Champions(office.blobs, refresh_seconds=1e-9) for _ in range(2))
    await office.appoint(1)
    assert await asked(office, old) == [1.0]
    office.damage(await office.appoint(2))
    assert await asked(office, old, new, old) == [1.0, 1.0, 1.0]  # the last good one serves
    assert await alerts(office) == [("loading", "raised", 2)]
    async with office.database.session() as session:
        (champion,) = await offices.offices(session)
        assert await checking.due(session, every=checking.EVERY) == []
    assert [(one.kind, one.state) for one in champion.checks] == [("loading", "unfit")]
    office.repair()
    assert await asked(office, old, new) == [2.0, 2.0]
    expected = [("loading", "raised", 2), ("loading", "cleared", 2)]
    assert await alerts(office) == expected
    office.damage(await office.appoint(3))
    assert await asked(office, new) == [2.0]
    await office.appoint(2)  # back in office, never out of memory
    assert await asked(office, new, old) == [2.0, 2.0]
    assert await alerts(office) == [*expected, ("loading", "raised", 3), ("loading", "cleared", 4)]


async def test_a_process_that_had_it_before_clears_nothing_and_the_daily_check_looks_too(
    office,
) -> None:
    serving = Champions(office.blobs, refresh_seconds=1e-9)
    artifact = await office.appoint(1)
    async with office.database.session() as session:
        assert await serving.champion(session, office.name)  # loaded, and not told of yet
        (due,) = await checking.due(session, every=checking.EVERY * 0)
    office.damage(artifact)
    for _ in range(2):
        with pytest.raises(UnfitArtifact):
            await checking.check(office.database, office.blobs, due)
    assert await asked(office, serving) == [1.0]
    assert await alerts(office) == [("loading", "raised", 1)]
    begun_now = Champions(office.blobs, refresh_seconds=1e-9)
    assert await asked(office, begun_now) == [None]
    assert "can be loaded" in begun_now.why_none(office.name)
    assert "trained" in serving.why_none("nobody")
    office.repair()
    await checking.check(office.database, office.blobs, due)
    assert await alerts(office) == [("loading", "raised", 1), ("loading", "cleared", 1)]
