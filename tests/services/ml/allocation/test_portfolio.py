"""A budget becomes liens: over HTTP, from the facts that ml keeps, by the models in office."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import httpx2
import pytest

from kept_apps import kept_app
from steady_owners_model import BAD, FAMILY, GOOD
from taxlien.interfaces.liens import Lien
from taxlien.kit.errors import TooManyAttempts
from taxlien.kit.ids import new_id
from taxlien.services.ml import service
from taxlien.services.ml.adapters import artifacts, family
from taxlien.services.ml.adapters.allocation_policy import POLICY, dump
from taxlien.services.ml.endpoints import router
from taxlien.services.ml.models import Appointment
from taxlien.services.ml.service import allocating, serving

from .plain_policy import buys_where

SECRET = "the gateway's own word, 32 characters and more"
PATH = "/v1/ml/optimize/portfolio"
NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
SOON = datetime.now(UTC).date() + timedelta(days=30)
UNKNOWN = "04013"
PLACES = {GOOD: "IA", BAD: "SC", UNKNOWN: "AZ"}


def a_lien(n: int, fips: str = GOOD, face: str = "1500", **fields: object) -> Lien:
    values: dict[str, object] = {
        "lien_id": UUID(int=n + 1), "version": 1, "kind": "certificate", "status": "advertised",
        "state": PLACES[fips], "county_fips": fips, "county": "a county", "parcel_id": str(n),
        "parcel_key": str(n), "source": "test", "first_seen_at": NOON, "last_changed_at": NOON,
        "sale_date": SOON, "face_amount": Decimal(face), "market_value": Decimal(200_000),
    }  # fmt: skip
    return Lien(**{**values, **fields})


LIENS = [
    *(a_lien(n, face=str(400 + 90 * n)) for n in range(24)),
    *(a_lien(100 + n, BAD) for n in range(4)),
    *(a_lien(200 + n, UNKNOWN, face="900") for n in range(4)),
    a_lien(300, sale_date=SOON - timedelta(days=90)),  # the sale is over
    a_lien(301, sale_date=None),
    a_lien(302, status="sold"),
    a_lien(303, face_amount=None),
    a_lien(304, status="struck_off", sale_date=date(2001, 11, 1)),
    a_lien(305, status="struck_off", sale_date=SOON - timedelta(days=230)),
]


@pytest.fixture
async def ask(database_for, blobs, stack_environment, monkeypatch) -> AsyncIterator[object]:
    for name, value in stack_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TAXLIEN_ML_PROGRAM_SECONDS", "3600")  # no answer depends on how busy it is
    monkeypatch.setitem(family.FAMILIES, FAMILY.name, FAMILY)
    serving._champions.cache_clear()
    database = await database_for("ml")
    artifact = await artifacts.store(blobs, {"model.json": b"{}"})
    async with database.session() as session:
        await service.keep_facts(session, LIENS)
        fields = {"name": "redemption", "version": 4, "run_id": "run", "reason": "first"}
        session.add(Appointment(**fields, alias="champion", artifact=artifact))
    app = kept_app(router, {"ml": database}, gateway_secret=SECRET)
    headers = {
        "x-gateway-secret": SECRET, "x-user-id": str(new_id()), "x-roles": "investor",
        "x-tier": "enterprise",
    }  # fmt: skip
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://ml", headers=headers
    ) as client:

        async def asking(headers: dict[str, str] | None = None, **body: object) -> httpx2.Response:
            return await client.post(PATH, json=body, headers=headers)

        asking.database = database  # type: ignore[attr-defined]
        yield asking
    serving._champions.cache_clear()


async def test_a_budget_becomes_liens_within_every_limit_and_the_choice_is_explained(ask) -> None:
    wish = {"budget": 9_000, "max_per_lien": 2_000, "max_per_county": 6_000, "seed": 5}
    answer = await ask(**wish)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    amounts = [Decimal(one["amount"]) for one in told["allocation"]]
    assert amounts
    assert sum(amounts) == Decimal(told["totals"]["amount"]) <= 9_000
    assert Decimal(told["unspent"]) == 9_000 - sum(amounts)
    assert max(amounts) <= 2_000
    assert all(Decimal(spent) <= 6_000 for spent in told["by_county"].values())
    assert set(told["methods"]) == {"greedy", "none", "program"}
    values = {name: Decimal(each["value"]) for name, each in told["methods"].items()}
    assert values[told["method"]] == max(values.values()) > 0
    assert f"{values[told['method']]:,.2f}" in told["why"]
    assert told["model_versions"] == {
        "redemption": "4", "price": None, "risk": None, "allocation": None,
    }  # fmt: skip
    assert len(told["timeline"]) == 36
    shares = [month["redeemed_share"] for month in told["timeline"]]
    assert shares == sorted(shares)
    assert 0 < shares[-1] <= 1
    assert (await ask(**wish)).json() == told


async def test_a_policy_in_office_chooses_beside_the_others_and_a_damaged_one_does_not(
    ask, blobs
) -> None:
    async def appoint(version: int, files: dict[str, bytes]) -> dict:
        artifact = await artifacts.store(blobs, files)
        fields = {"name": "allocation", "run_id": "run", "reason": "first", "alias": "champion"}
        async with ask.database.session() as session:
            session.add(Appointment(**fields, version=version, artifact=artifact))
        serving._champions.cache_clear()  # as a process that begins now
        return (await ask(budget=6_000, risk_tolerance=1)).json()

    files = dump(buys_where("return"))
    told = await appoint(1, files | {POLICY: b"damaged"})
    assert (told["model_versions"]["allocation"], bool(told["allocation"])) == (None, True)
    assert "No policy has been taught here" in told["why"]
    told = await appoint(2, files)
    assert told["model_versions"]["allocation"] == "2"
    assert Decimal(told["methods"]["policy"]["amount"]) > 0
    assert "the learned policy" in told["why"]


async def test_what_cannot_be_bought_is_counted_by_its_reason(ask) -> None:
    told = (await ask(budget=50_000, counties=[GOOD])).json()
    assert told["considered"] == 29
    assert told["left_out"] == {"no_amount": 1, "no_sale_date": 1, "sale_over": 1, "too_old": 1}
    held = [one for one in told["allocation"] if one["lien_id"] == str(UUID(int=306))]
    assert held
    assert Decimal(held[0]["amount"]) > 1_500  # what is due by now, not the face
    assert any("held by their county" in warning for warning in told["warnings"])


async def test_a_county_without_data_is_named_and_a_bad_one_is_not_bought(ask) -> None:
    told = (await ask(budget=3_000, counties=[UNKNOWN], risk_tolerance=1)).json()
    assert told["basis"] == "insufficient_data"
    assert any(f"county {UNKNOWN}" in warning for warning in told["warnings"])
    told = (await ask(budget=3_000, states=["sc"], risk_tolerance=0)).json()
    assert (told["method"], told["allocation"]) == ("none", [])
    assert "buying nothing is worth most" in told["why"]


async def test_a_budget_that_nothing_fits_is_answered_with_the_reason(ask) -> None:
    told = (await ask(budget="1.00", counties=[GOOD])).json()
    assert (told["allocation"], told["method"], told["unspent"]) == ([], "none", "1.00")
    assert told["left_out"]["above_budget"] == 25
    assert "above_budget (25)" in told["why"]
    assert "within these limits" in told["why"]
    told = (await ask(budget=1_000, counties=["01001"])).json()
    assert told["why"] == "No lien on offer is known there."
    told = (await ask(budget=9_000, max_risk_score=40)).json()
    assert told["left_out"]["risk_unknown"] > 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("budget", 0), ("budget", -5), ("budget", "NaN"), ("budget", 1e300), ("budget", "much"),
        ("risk_tolerance", 1.01), ("risk_tolerance", "nan"), ("horizon_months", 0),
        ("horizon_months", 61), ("counties", ["99999"]), ("counties", ["1001"]), ("counties", ["x" * 500]),
        ("states", ["Texas"]), ("max_per_lien", 0), ("min_per_lien", 5_000), ("seed", -1),
        ("max_risk_score", 101), ("ammount", 5),
    ],
)  # fmt: skip
async def test_a_wish_that_cannot_be_is_refused_by_name(ask, field: str, value: object) -> None:
    body = {"budget": 1_000, "max_per_lien": 900} | {field: value}
    answer = await ask(**body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"].split(".")[0] == field


async def test_other_tiers_have_no_optimizer(ask) -> None:
    answer = await ask(headers={"x-tier": "premium"}, budget=1_000)
    assert (answer.status_code, answer.json()["code"]) == (403, "tier_allows_less")


async def test_who_comes_while_many_wait_is_told_when_to_come_again() -> None:
    places = allocating._Places()
    served: list[int] = []

    async def come(number: int) -> None:
        async with places.one():
            served.append(number)

    async with places.one():
        waiting = [asyncio.create_task(come(n)) for n in range(allocating.MOST_AT_ONCE - 1)]
        await asyncio.sleep(0)  # lets each of them take its place
        with pytest.raises(TooManyAttempts) as refused:
            await come(-1)
        assert served == []
    await asyncio.gather(*waiting)
    assert served == list(range(allocating.MOST_AT_ONCE - 1))
    assert refused.value.retry_after == allocating.RETRY_SECONDS
