"""One case of a signed-in user is answered before every layer, and as the documented endpoint would."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx2
import pytest

from mean_face_model import Answer, MeanFace
from taxlien.kit.http.app import create_app
from taxlien.kit.ids import new_id
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import SIGNED_IN, Policy
from taxlien.services.ml import endpoints
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.service import serving, together
from taxlien.services.ml.service.serving import Champions, Loaded
from taxlien.services.ml.service.trying import Trials

SECRET = "the gateway's own word, 32 characters and more"
PATHS = ("/v1/ml/predict/redemption", "/v1/ml/predict/auction-price", "/v1/ml/score/risk")
BODIES = (
    b'{"id": "a", "state": "CO", "face_amount": "-5"}',
    b'{"id": 7, "reasons": false, "extra": {"of": [1]}}',
    b'{"id": 1e3, "sale_date": 20190101, "homestead": 2, "county_fips": 8069}',
    b'{"id": 123456789012345678901234567890, "face_amount": 1e30}',
    b'{"cases": [{"id": "x"}, 5]}',
    b'{"face_amount": NaN}',
    b'{"face_amount": 1e999, "id": "\\ud800"}',
    b'{"id": "a", "id": "b"}',
    b'{"reasons": "no"}',
    b'{"reasons": [1]}',
    b"[1]",
    b"{no json",
    b"",
    b"null",
)
NOT_COMPARED = {"x-request-id", "x-trace-id"}


class Serving(Champions):
    """Champions that need no database: one model for every name."""

    def __init__(self, model: MeanFace) -> None:
        self._model = model

    def known(self, name: str) -> Loaded:
        return Loaded(1, "", self._model)

    async def champion(self, session: object, name: str) -> Loaded:
        return self.known(name)


class NoTrials(Trials):
    """No trial is under way, and no database is asked for one."""

    def __init__(self) -> None:
        self._running = {}

    def must_look(self, name: str) -> bool:
        return False

    async def look(self, session: object, name: str) -> None:
        return


@pytest.fixture
async def doors(database_for, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serving, "_champions", lambda: Serving(MeanFace(5.0, "1")))
    monkeypatch.setattr(serving, "_trials", NoTrials)
    policy = Policy.parse(reference_text("policy.txt"))
    databases = {"ml": await database_for("ml")}
    apps = [
        create_app(
            title="ml", routers=[endpoints.router], databases=databases, policy=policy,
            gateway_secret=SECRET, shortcuts=shortcuts,
        ) for shortcuts in (endpoints.shortcuts, None)
    ]  # fmt: skip
    headers = {"content-type": "application/json", "x-gateway-secret": SECRET}
    clients = [
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://ml", headers=headers
        )
        for app in apps
    ]
    yield clients
    for client in clients:
        await client.aclose()


@pytest.mark.parametrize("signed_in", [True, False])
async def test_both_doors_say_the_same_to_the_byte(doors, signed_in: bool) -> None:
    who = {"x-user-id": str(new_id()), "x-roles": "investor"} if signed_in else {}
    for body in BODIES:
        told = [await door.post(PATHS[0], content=body, headers=who) for door in doors]
        assert told[0].status_code == told[1].status_code, body
        assert told[0].content.replace(told[0].headers["x-request-id"].encode(), b"") == told[
            1
        ].content.replace(told[1].headers["x-request-id"].encode(), b""), body
        seen = [{k: v for k, v in one.headers.items() if k not in NOT_COMPARED} for one in told]
        assert seen[0] == seen[1], body


async def test_a_plain_case_meets_no_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_champions", lambda: Serving(MeanFace(5.0, "1")))
    monkeypatch.setattr(serving, "_trials", NoTrials)
    app = create_app(title="door", routers=[], gateway_secret=SECRET, shortcuts=endpoints.shortcuts)
    headers = {"x-gateway-secret": SECRET, "x-user-id": str(new_id())}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://ml", headers=headers
    ) as door:
        for path in PATHS:
            assert (await door.post(path, json={"id": 1})).json()["predictions"][0]["id"] == 1
        assert (await door.post(PATHS[0], json={"cases": []})).status_code == 404


async def test_what_is_not_one_plain_case_goes_the_usual_way(doors) -> None:
    quick, _ = doors
    who = {"x-user-id": str(new_id())}
    assert (await quick.get(PATHS[0], headers=who)).status_code == 405
    assert (await quick.post("/v1/ml/predict/nothing", json={}, headers=who)).status_code == 404
    large = {"parcel_id": "9" * 20_000}
    (told,) = (await quick.post(PATHS[0], json=large, headers=who)).json()["predictions"]
    assert told["face"] == 5.0
    text = {**who, "content-type": "text/plain"}
    assert (await quick.post(PATHS[0], content=b"{}", headers=text)).status_code == 422


def test_the_quick_door_answers_only_what_any_user_may_ask() -> None:
    policy = Policy.parse(reference_text("policy.txt"))
    for path in PATHS:
        rule = policy.rule_for("POST", path)
        assert rule is not None
        assert rule.who == {SIGNED_IN}


class Counting(MeanFace):
    """Notes how many cases it was asked about at once."""

    def __init__(self) -> None:
        super().__init__(5.0, "1")
        self.asked: list[list[object]] = []

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[Answer]:
        self.asked.append([case.id for case in cases])
        return super().predict(cases)


async def test_what_is_asked_at_the_same_moment_is_answered_together_each_with_its_own() -> None:
    model, desk = Counting(), together.Together()
    tasks = [
        asyncio.create_task(desk.answer(model, [Case(id=n), Case(id=-n)])) for n in range(1, 40)
    ]
    gone = asyncio.create_task(desk.answer(model, [Case(id="gone")]))
    await asyncio.sleep(0)
    gone.cancel()
    for n, told in enumerate(await asyncio.gather(*tasks), 1):
        assert [one.id for one in told] == [n, -n]
    sizes = [len(cases) for cases in model.asked]
    assert sum(sizes) == 79
    assert len(sizes) < 6
    assert max(sizes) <= together.MOST_TOGETHER
    assert await desk.answer(model, []) == []


async def test_a_case_that_the_model_fails_on_spoils_nobody_elses() -> None:
    model, desk = MeanFace(5.0, "1"), together.Together()
    asked = [desk.answer(model, [Case(id=name)]) for name in ("a", "poison", "b")]
    first, failed, last = await asyncio.gather(*asked)
    assert (first[0].face, last[0].face) == (5.0, 5.0)
    assert failed[0].evidence == "the model failed on this case"
