"""Real models behind the real doors: whatever is asked is answered or refused in words, and what is kept
of a model may go missing or be another's without anybody being told nonsense."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import httpx2
import msgspec
import numpy as np
import obstore
import pytest

from taxlien.kit.buckets import open_bucket
from taxlien.kit.http.app import create_app
from taxlien.kit.ids import new_id
from taxlien.services.ml import endpoints
from taxlien.services.ml.adapters import auction_model, redemption_model, risk_model
from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.adapters.redemption_training import TRAINING as REDEMPTION
from taxlien.services.ml.adapters.risk_training import TRAINING as RISK
from taxlien.services.ml.logic.case import read_case
from taxlien.services.ml.logic.table import table_of
from taxlien.services.ml.schemas import MOST_CASES
from taxlien.services.ml.service import serving
from taxlien.services.ml.service.serving import Champions, Loaded

from .test_serving import settled, unfit

SECRET = "the gateway's own word, 32 characters and more"
FIRST = date(2008, 11, 19)
PATHS = {
    "redemption": "predict/redemption", "price": "predict/auction-price", "risk": "score/risk",
}  # fmt: skip
LOADERS = {
    "redemption": redemption_model.load,
    "price": auction_model.load,
    "risk": risk_model.load,
}
FIELDS = (
    "id", "state", "county_fips", "sale_date", "face_amount", "premium", "parcel_id",
    "assessed_value", "market_value", "property_class", "homestead",
)  # fmt: skip
ODD = (
    None, "", "abc", -5, 0, 1e30, True, [], {"of": 1}, "NaN", "١٢", "\x00", "' OR 1=1", "9" * 500,
    "2200-01-01", "0001-01-01", "08069", "99999", "CO", 2**80, -0.0, "1e400", "$1,200.50",
)  # fmt: skip
RAW = (
    b'{"face_amount": NaN}', b'{"premium": -Infinity}', b'{"face_amount": 1e999}', b"[" * 3_000,
    b'{"a":' * 3_000, b'{"id": "\\ud800"}', b"\xff\xfe", b"null", b"7", b'""', b"", b"{} {}",
    b'{"cases": 5}', b'{"cases": [[[[]]], "x", 5, null]}', b'{"reasons": 2}',
)  # fmt: skip


@pytest.fixture(scope="module")
def files(price_model) -> dict[str, dict[str, bytes]]:
    """Models of one county, taught in a second; of prices, of invented sales."""
    made = np.random.default_rng(4)
    rows = []
    for number in range(420):
        sold = FIRST + timedelta(days=364 * (number % 3))
        days = int(made.exponential(300))
        rows.append(
            {
                "lien_id": f"{number:05}", "state": "CO", "county_fips": "08069",
                "source": "larimer_co", "kind": "certificate", "synthetic": False,
                "status": "redeemed" if days < 1500 else "sold", "sale_date": sold,
                "parcel_key": str(1000 + int(made.integers(0, 200))),
                "face_amount": float(np.round(np.exp(made.normal(6.5, 1)), 2)),
                "premium": float(made.integers(0, 3) * 40),
                "redeemed_on": sold + timedelta(days=days) if days < 1500 else None,
            }
        )  # fmt: skip
    rows.append({**rows[0], "lien_id": "news", "redeemed_on": FIRST + timedelta(days=3500)})
    table = table_of(rows)
    taught = {"redemption": REDEMPTION, "risk": RISK}
    made_of = {name: learning.train(table, table, 7) for name, learning in taught.items()}
    return made_of | {"price": auction_model.dump(price_model)}


class Serving(Champions):
    """Champions of the models above, that need no database."""

    def __init__(self, files: dict[str, dict[str, bytes]]) -> None:
        self._loaded = {
            name: Loaded(1, "", load(files[name], "1")) for name, load in LOADERS.items()
        }

    def known(self, name: str) -> Loaded | None:
        return self._loaded.get(name)

    async def champion(self, session: object, name: str) -> Loaded | None:
        return self.known(name)


@pytest.fixture
async def client(database_for, files, monkeypatch: pytest.MonkeyPatch):
    champions = Serving(files)
    monkeypatch.setattr(serving, "_champions", lambda: champions)
    app = create_app(
        title="ml", routers=[endpoints.router], databases={"ml": await database_for("ml")},
        gateway_secret=SECRET, shortcuts=endpoints.shortcuts,
    )  # fmt: skip
    headers = {
        "content-type": "application/json", "x-gateway-secret": SECRET, "x-user-id": str(new_id()),
    }  # fmt: skip
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://ml/v1/ml", headers=headers
    ) as client:
        yield client


def odd_cases(count: int) -> list[dict[str, Any]]:
    made = np.random.default_rng(9)
    return [
        {name: ODD[int(made.integers(len(ODD)))] for name in FIELDS if made.random() < 0.7}
        | {"id": f"case {n}"}
        for n in range(count)
    ]


def strict(content: bytes) -> Any:
    """Read JSON as browsers do: NaN and infinity are none of it."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(content, parse_constant=refuse)


@pytest.mark.parametrize("path", PATHS.values())
async def test_what_no_case_can_be_is_answered_or_refused_in_words(client, path: str) -> None:
    bodies = [msgspec.json.encode({name: value}) for name in FIELDS for value in ODD]
    for body in [*bodies[::3], *RAW]:
        answer = await client.post(f"/{path}", content=body)
        assert answer.status_code in (200, 400, 422), body
        told = strict(answer.content)
        if answer.status_code == 200:
            assert all(one["basis"] for one in told["predictions"])
        else:
            assert told["title"]


@pytest.mark.parametrize("path", PATHS.values())
async def test_a_thousand_odd_cases_are_answered_in_order_and_each_as_if_alone(
    client, path: str
) -> None:
    cases = odd_cases(MOST_CASES)
    told = strict((await client.post(f"/{path}", json={"cases": cases})).content)["predictions"]
    assert [one["id"] for one in told] == [case["id"] for case in cases]
    for n in range(0, MOST_CASES, 97):
        answer = await client.post(f"/{path}", json={**cases[n], "reasons": False})
        assert strict(answer.content)["predictions"] == [told[n]]


async def test_reasons_are_told_when_asked_for_and_of_few_cases(client) -> None:
    case = {"state": "CO", "county_fips": "08069", "sale_date": "2008-11-19", "parcel_id": "1004"}
    case |= {"face_amount": "900"}

    async def reasons(**asked: Any) -> list[list[dict[str, Any]]]:
        answer = await client.post("/predict/redemption", json=asked)
        assert answer.status_code == 200
        return [one["reasons"] for one in answer.json()["predictions"]]

    (usual,) = await reasons(**case)
    assert usual == (await reasons(**case, reasons=True))[0]
    assert any("which is not" in one["text"] for one in usual), usual
    assert await reasons(**case, reasons=False) == [[]]
    assert await reasons(cases=[case] * 17) == [[]] * 17
    assert await reasons(cases=[case] * 16, reasons=True) == [usual] * 16
    refused = await client.post("/predict/redemption", json={"cases": [case] * 17, "reasons": True})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "reasons"


def test_threads_that_ask_one_model_are_told_what_one_alone_is(files) -> None:
    cases = [read_case(case) for case in odd_cases(60)]
    for name, load in LOADERS.items():
        alone = load(files[name], "1").predict(cases, False)
        model = load(files[name], "1")
        with ThreadPoolExecutor(4) as threads:
            told = threads.map(lambda case, m=model: m.predict([case], False)[0], cases * 3)
            assert list(told) == list(alone) * 3


def test_files_of_another_model_are_no_model(files) -> None:
    for name, other in (("redemption", "price"), ("price", "risk"), ("risk", "redemption")):
        load = LOADERS[name]
        own = files[name]
        for wrong in (
            files[other],
            {**own, "model.json": files[other]["model.json"]},
            {**own, "history.npz": files[other]["history.npz"]},
            {file: content for file, content in own.items() if file != "history.npz"},
            dict.fromkeys(own, b""),
        ):
            with pytest.raises(UnfitArtifact):
                load(wrong)


async def test_while_a_champions_files_are_gone_the_last_good_one_serves_and_it_is_told(
    office,
) -> None:
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    await office.appoint(1)
    first = await settled(champions, office)
    gone = await office.appoint(2)
    bucket = open_bucket(office.settings.require("objects_url"), office.settings)
    await obstore.delete_async(bucket, f"sha256/{gone[:2]}/{gone[2:4]}/{gone}")
    assert await settled(champions, office) is first
    assert unfit(office.name) == 1


@pytest.mark.parametrize("name", LOADERS)
async def test_of_a_champion_one_damaged_file_is_enough_and_who_asks_meanwhile_is_answered(
    office, files, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(office, "name", name)
    champions = Champions(office.blobs, refresh_seconds=1e-9)
    own = files[name]
    await office.appoint(0, own)
    first = await settled(champions, office)
    assert first is not None
    case = read_case({"state": "FL", "county_fips": "12105", "face_amount": 900})
    said = first.model.predict([case], False)

    async def ask() -> tuple[int, Any]:
        async with office.database.session() as session:
            found = await champions.champion(session, name)
        assert found is not None
        return found.version, found.model.predict([case], False)

    trees = next(file for file in sorted(own) if file.endswith(".ubj"))
    await office.appoint(0, own | {trees: own[trees][: len(own[trees]) // 2]})
    told = await asyncio.gather(*(ask() for _ in range(8)))
    assert told == [(1, said)] * 8
    assert await settled(champions, office) is first
    assert unfit(name) == 1
    await office.appoint(0, own | {"note": b"the same, mended"})
    told = await asyncio.gather(*(ask() for _ in range(8)))
    assert {version for version, _ in told} <= {1, 3}
    last = await settled(champions, office)
    assert last is not None
    assert last.version == 3
    assert unfit(name) == 0
