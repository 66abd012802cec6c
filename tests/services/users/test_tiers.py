"""A tier changes by a trial that ends by itself or by an admin, and every change is told once."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from taxlien.interfaces.users import ALLOWANCES, TierChanged
from taxlien.kit.errors import Conflict
from taxlien.kit.ids import new_id
from taxlien.services.gateway.logic.limits import LIMITS
from taxlien.services.users import service
from taxlien.services.users.logic.tiers import trial_end

Client = Callable[..., httpx2.AsyncClient]

NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def end_trials(people: Any, now: datetime) -> int:
    async with people.database.session() as session:
        return await service.end_trials(session, now)


async def test_a_trial_gives_premium_for_fourteen_days(people: Any, app_client: Client) -> None:
    user_id = await people.sign_up()
    begun = datetime.now(UTC)
    answer = (await app_client(user_id).post("/v1/users/me/trial")).json()
    end = datetime.fromisoformat(answer["trial_end_date"])
    assert answer["subscription_tier"] == "premium"
    assert begun + timedelta(days=14) <= end <= datetime.now(UTC) + timedelta(days=14)
    [told] = await people.events()
    assert isinstance(told, TierChanged)
    assert (told.tier, told.previous_tier, told.reason) == ("premium", "free", "trial_started")
    assert told.trial_end_date == end


async def test_a_trial_ends_by_itself_and_only_once(people: Any, app_client: Client) -> None:
    user_id = await people.sign_up()
    client = app_client(user_id)
    await client.post("/v1/users/me/trial")
    await people.events()
    assert await end_trials(people, datetime.now(UTC) + timedelta(days=13)) == 0
    over = datetime.now(UTC) + timedelta(days=14, seconds=1)
    assert await end_trials(people, over) == 1
    assert await end_trials(people, over) == 0
    [told] = await people.events()
    assert isinstance(told, TierChanged)
    assert (told.tier, told.previous_tier, told.reason) == ("free", "premium", "trial_ended")
    me = (await client.get("/v1/users/me")).json()
    assert (me["subscription_tier"], me["trial_end_date"]) == ("free", None)


async def test_two_workers_end_each_trial_once(people: Any, app_client: Client) -> None:
    for _ in range(6):
        await app_client(await people.sign_up()).post("/v1/users/me/trial")
    await people.events()
    over = datetime.now(UTC) + timedelta(days=15)
    ended = await asyncio.gather(*(end_trials(people, over) for _ in range(3)))
    assert sum(ended) == 6
    assert len(await people.events()) == 6


async def test_there_is_one_trial_a_person(people: Any, app_client: Client) -> None:
    client = app_client(await people.sign_up())
    answers = await asyncio.gather(*(client.post("/v1/users/me/trial") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    await end_trials(people, datetime.now(UTC) + timedelta(days=15))
    assert (await client.post("/v1/users/me/trial")).status_code == 409
    assert (await client.get("/v1/users/me")).json()["subscription_tier"] == "free"


@pytest.mark.parametrize("tier", ["premium", "enterprise"])
def test_who_pays_already_has_no_trial(tier: str) -> None:
    with pytest.raises(Conflict):
        trial_end(tier, None, NOW, 14)


async def test_an_admin_gives_a_tier_for_good(
    people: Any, app_client: Client, access_of: Any
) -> None:
    user_id, admin = await people.sign_up(), new_id()
    await app_client(user_id).post("/v1/users/me/trial")
    body = {"tier": "premium", "reason": "paid by invoice 17"}
    answer = await app_client(admin, "admin").put(f"/v1/users/{user_id}/tier", json=body)
    assert (answer.json()["subscription_tier"], answer.json()["trial_end_date"]) == (
        "premium",
        None,
    )
    assert await end_trials(people, datetime.now(UTC) + timedelta(days=30)) == 0
    again = await app_client(admin, "admin").put(f"/v1/users/{user_id}/tier", json=body)
    assert again.status_code == 200
    told = [event for event in await people.events() if isinstance(event, TierChanged)]
    assert [event.reason for event in told] == ["trial_started", "admin"]
    written = [entry for entry in await access_of(user_id) if entry.action == "tier.admin"]
    assert [(entry.actor_id, entry.reason) for entry in written] == [(admin, "paid by invoice 17")]


@pytest.mark.parametrize(
    "body",
    [
        {"tier": "gold", "reason": "because"},
        {"tier": "premium"},
        {"tier": "premium", "reason": ""},
        {"tier": "premium", "reason": "because", "trial_end_date": "2030-01-01T00:00:00Z"},
    ],
)
async def test_a_tier_that_is_none_is_refused(
    people: Any, app_client: Client, body: dict[str, str]
) -> None:
    user_id = await people.sign_up()
    answer = await app_client(new_id(), "admin").put(f"/v1/users/{user_id}/tier", json=body)
    assert answer.status_code == 422
    assert await people.events() == []


async def test_a_tier_of_nobody_is_not_found(people: Any, app_client: Client) -> None:
    body = {"tier": "premium", "reason": "because"}
    answer = await app_client(new_id(), "admin").put(f"/v1/users/{new_id()}/tier", json=body)
    assert answer.status_code == 404


async def test_what_tiers_allow_is_public_and_may_be_cached(people: Any) -> None:
    answer = await people.anonymous.get("/v1/users/tiers")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=3600"
    body = answer.json()
    assert [tier["tier"] for tier in body["tiers"]] == ["free", "premium", "enterprise"]
    assert (body["trial_tier"], body["trial_days"]) == ("premium", 14)


def test_a_dearer_tier_allows_no_less() -> None:
    for cheaper, dearer in itertools.pairwise(ALLOWANCES):
        for name in cheaper._fields[1:]:
            less, more = getattr(cheaper, name), getattr(dearer, name)
            assert more is None or (less is not None and more >= less), name


def test_the_requests_told_are_those_the_gateway_lets_through() -> None:
    told = {tier.tier: (tier.requests_per_minute, 60) for tier in ALLOWANCES}
    assert told == {tier: tuple(LIMITS[tier])[:2] for tier in told}
