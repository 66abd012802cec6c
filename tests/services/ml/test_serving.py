"""The champion serves; one that cannot be read is told of, and the last good one serves on."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from prometheus_client import REGISTRY

from kept_apps import kept_app
from taxlien.kit.ids import new_id
from taxlien.services.ml.adapters import artifacts
from taxlien.services.ml.endpoints import router
from taxlien.services.ml.schemas import MOST_CASES
from taxlien.services.ml.service import serving
from taxlien.services.ml.service.serving import Champions

SECRET = "the gateway's own word, 32 characters and more"


async def settled(champions: Champions, office) -> serving.Loaded | None:
    """Who serves once what is being loaded is loaded."""
    await asyncio.gather(*champions._loading.values())  # begun before somebody was appointed
    async with office.database.session() as session:
        await champions.champion(session, office.name)
        await asyncio.gather(*champions._loading.values())
        return await champions.champion(session, office.name)


def unfit(name: str) -> float | None:
    return REGISTRY.get_sample_value("taxlien_ml_model_unfit", {"name": name})


async def test_an_artifact_comes_back_as_it_was_and_damage_is_noticed(office) -> None:
    files = {"model.json": b"{}", "trees.ubj": b"\0\1"}
    artifact = await artifacts.store(office.blobs, files)
    assert await artifacts.fetch(office.blobs, artifact) == files
    assert await artifacts.store(office.blobs, dict(reversed(files.items()))) == artifact
    office.damage(artifact)
    for name, words in ((artifact, "damaged"), ("0" * 64, "missing"), ("..", "cannot be read")):
        with pytest.raises(artifacts.UnfitArtifact, match=words):
            await artifacts.fetch(office.blobs, name)


async def test_a_new_champion_serves_and_a_damaged_one_does_not(office) -> None:
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    assert await settled(champions, office) is None
    await office.appoint(1)
    first = await settled(champions, office)
    assert first is not None
    assert (first.version, first.model.face) == (1, 1.0)
    await office.appoint(2)
    second = await settled(champions, office)
    assert second is not None
    assert second.model.face == 2.0
    office.damage(await office.appoint(3))
    assert await settled(champions, office) is second
    assert unfit(office.name) == 1
    # A process that begins now finds the last one that can be read.
    again = await settled(Champions(office.blobs, refresh_seconds=60), office)
    assert again is not None
    assert (again.version, again.model.face) == (2, 2.0)
    await office.appoint(4)
    fourth = await settled(champions, office)
    assert fourth is not None
    assert fourth.model.face == 4.0
    assert unfit(office.name) == 0


async def test_one_request_looks_and_those_that_come_meanwhile_go_on_with_what_is_known(
    office,
) -> None:
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    assert champions.known(office.name) is None
    await office.appoint(1)
    first = await settled(champions, office)
    assert champions.known(office.name) is None  # this one looks
    assert champions.known(office.name) is first
    await office.appoint(2)
    second = await settled(champions, office)
    assert second is not first
    assert champions.known(office.name) is None
    assert champions.known(office.name) is second


async def test_nobody_waits_or_fails_while_a_champion_is_replaced(office) -> None:
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    await office.appoint(1)
    await settled(champions, office)

    seen: list[float] = []  # in the order in which they were answered

    async def ask() -> None:
        async with office.database.session() as session:
            found = await champions.champion(session, office.name)
            assert found is not None
            seen.append(float(found.model.face))

    for face in (2, 3, 4):
        await asyncio.gather(office.appoint(face), *(ask() for _ in range(8)))
    assert len(seen) == 24
    assert seen == sorted(seen)
    await settled(champions, office)  # what was being loaded may not have been the last
    last = await settled(champions, office)
    assert last is not None
    assert last.model.face == 4.0


@pytest.fixture
async def client(office, stack_environment, monkeypatch):
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    serving._champions.cache_clear()
    app = kept_app(router, {"ml": office.database}, gateway_secret=SECRET)
    transport = httpx2.ASGITransport(app)
    headers = {"x-gateway-secret": SECRET, "x-user-id": str(new_id()), "x-roles": "investor"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://ml", headers=headers
    ) as client:
        yield client
    serving._champions.cache_clear()


async def test_without_a_model_the_answer_says_so(client) -> None:
    case = {"id": "a", "state": "XX", "face_amount": "-5"}
    for path in ("redemption", "auction-price"):
        answer = await client.post(f"/v1/ml/predict/{path}", json=case)
        assert answer.status_code == 200
        (told,) = answer.json()["predictions"]
        assert (told["id"], told["basis"]) == ("a", "insufficient_data")
        assert [field for field, _ in told["problems"]] == ["state", "face_amount"]


async def test_many_cases_are_answered_in_order_and_too_many_are_refused(client) -> None:
    cases = [{"id": n} for n in range(40)] + ["no case", None, []]
    answer = await client.post("/v1/ml/predict/redemption", json={"cases": cases})
    ids = [told["id"] for told in answer.json()["predictions"]]
    assert ids == [*range(40), None, None, None]
    many = [{}] * (MOST_CASES + 1)
    assert (await client.post("/v1/ml/predict/redemption", json={"cases": many})).status_code == 422


async def test_models_in_office_are_listed(client, office) -> None:
    artifact = await office.appoint(1)
    await office.appoint(2, alias="challenger", reason="trained")
    listed = (await client.get("/v1/ml/models")).json()["models"]
    assert [(one["alias"], one["version"]) for one in listed] == [
        ("challenger", 2),
        ("champion", 1),
    ]
    assert listed[1]["artifact"] == artifact
    assert (listed[0]["checks"], listed[0]["trial"]) == ([], None)
    assert 0 <= listed[0]["age_days"] < 1
