"""Watches: of things that exist, each once, kept by one person, as many as their tier allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from taxlien.interfaces.users import TierChanged
from taxlien.kit.ids import new_id
from taxlien.kit.migrations import pending_changes
from taxlien.services.portfolio import models

PATH = "/v1/portfolio/watches"
COUNTY = {"target": "county", "county_fips": "12105"}
NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def begin(client: httpx2.AsyncClient, **body: Any) -> Any:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_migrations_make_the_tables_of_the_models(watching) -> None:
    url = watching.database.engine.url
    assert await pending_changes("portfolio", url, models.metadata) == []


async def test_a_lien_a_parcel_a_county_and_a_sale_are_watched_under_names_of_their_own(
    watching, ann, make_lien
) -> None:
    lien = make_lien(7)
    watching.catalogue.add(lien)
    made = [
        await begin(ann, target="lien", lien_id=str(lien.lien_id)),
        await begin(ann, target="parcel", county_fips="12105", parcel_id="242909-000007"),
        await begin(ann, **COUNTY),
        await begin(ann, target="auction", county_fips="12105", auction_on="2028-06-01"),
        await begin(ann, target="parcel", county_fips="12105", parcel_id="99-1", label=" Mine "),
    ]
    assert [watch["label"] for watch in made] == [
        "7 ARMSTRONG AV, Polk, FL",
        "7 ARMSTRONG AV, Polk, FL",
        "Polk County, FL",
        "Sale of Polk County, FL, 2028-06-01",
        "Mine",
    ]
    page = (await ann.get(f"{PATH}?limit=3")).json()
    rest = (await ann.get(f"{PATH}?cursor={page['next_cursor']}")).json()
    assert page["items"] + rest["items"] == made[::-1]
    assert rest["next_cursor"] is None


async def test_what_is_watched_already_is_answered_as_it_is(watching, ann, make_lien) -> None:
    watching.catalogue.add(make_lien(7))
    first = await begin(ann, target="parcel", county_fips="12105", parcel_id="24-29-09-000007")
    again = await begin(
        ann, target="parcel", county_fips="12105", parcel_id="242909 000007", label="other"
    )
    assert again == first
    key = {"idempotency-key": "k1"}
    answers = [await ann.post(PATH, json=COUNTY, headers=key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await ann.get(PATH)).json()["items"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"target": "lien", "lien_id": str(UUID(int=404))}, "lien_id"),
        ({"target": "lien"}, "lien_id"),
        ({"target": "county", "county_fips": "99999"}, "county_fips"),
        ({"target": "county", "county_fips": "Polk"}, "county_fips"),
        ({**COUNTY, "parcel_id": "1"}, "parcel_id"),
        ({"target": "parcel", "county_fips": "12105", "parcel_id": "none"}, "parcel_id"),
        ({"target": "auction", "county_fips": "12105", "auction_on": "2020-01-01"}, "auction_on"),
        ({"target": "auction", "county_fips": "12105", "auction_on": "2099-01-01"}, "auction_on"),
        ({**COUNTY, "label": " "}, "label"),
        ({"target": "state"}, "target"),
        ({**COUNTY, "color": "red"}, "color"),
        ({**COUNTY, "pace": "hourly"}, "pace"),
    ],
)
async def test_what_cannot_be_watched_names_the_field(ann, body, field) -> None:
    answer = await ann.post(PATH, json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_watch_is_renamed_silenced_and_deleted(ann) -> None:
    address = f"{PATH}/{(await begin(ann, **COUNTY))['watch_id']}"
    changed = (await ann.patch(address, json={"label": "Home", "pace": "off"})).json()
    assert (changed["label"], changed["pace"]) == ("Home", "off")
    assert (await ann.get(address)).json() == {**changed, "happened": []}
    assert (await ann.delete(address)).status_code == 204
    assert (await ann.get(address)).status_code == 404


async def test_who_says_no_pace_gets_the_usual_one_and_instant_is_not_of_every_tier(
    watching, ann
) -> None:
    sale = {"target": "auction", "county_fips": "12105", "auction_on": "2028-06-01"}
    assert (await begin(ann, **COUNTY))["pace"] == "weekly"
    mine = await begin(ann, **sale)
    assert mine["pace"] == "daily"
    address = f"{PATH}/{mine['watch_id']}"
    for refused in (
        await ann.post(PATH, json={**sale, "auction_on": "2028-06-02", "pace": "instant"}),
        await ann.patch(address, json={"pace": "instant"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "tier_allows_less")
    assert (await ann.patch(address, json={"pace": "weekly"})).json()["pace"] == "weekly"
    assert (await ann.patch(address, json={"label": "Sale"})).json()["pace"] == "weekly"
    async with watching.client(new_id(), tier="premium") as eve:
        assert (await begin(eve, **sale))["pace"] == "instant"
        assert (await begin(eve, **COUNTY, pace="instant"))["pace"] == "instant"


async def test_a_watch_of_somebody_else_is_not_there(watching, ann) -> None:
    address = f"{PATH}/{(await begin(ann, **COUNTY))['watch_id']}"
    async with watching.client(new_id()) as bob, watching.client(None) as nobody:
        tried = [
            await bob.get(address),
            await bob.patch(address, json={"label": "mine"}),
            await bob.delete(address),
        ]
        assert [answer.status_code for answer in tried] == [404] * 3
        assert (await bob.get(PATH)).json()["items"] == []
        assert (await nobody.get(PATH)).status_code == 401


async def test_a_tier_limits_watches_and_a_lower_one_pauses_the_latest(watching, ann) -> None:
    for n in range(25):
        await begin(ann, target="auction", county_fips="12105", auction_on=f"2028-06-{n + 1:02d}")
    refused = await ann.post(PATH, json=COUNTY)
    assert (refused.status_code, refused.json()["code"]) == (403, "tier_allows_less")
    user_id = UUID(ann.headers["x-user-id"])

    async def tier(name: Any, days: int) -> list[str]:
        at = NOW + timedelta(days=days)
        event = TierChanged(
            user_id=user_id, at=at, tier=name, previous_tier="free", reason="subscription"
        )
        await watching.user(event)
        await watching.user(event)
        items = (await ann.get(f"{PATH}?limit=100")).json()["items"]
        return [watch["watch_id"] for watch in items if watch["paused"]]

    assert await tier("premium", 1) == []
    county = await begin(ann, **COUNTY)
    assert await tier("free", 2) == [county["watch_id"]]
    assert await tier("premium", 0) == [county["watch_id"]], "an older word is no news"
    first = (await ann.get(f"{PATH}?limit=100")).json()["items"][-1]
    await ann.delete(f"{PATH}/{first['watch_id']}")
    assert not (await ann.get(f"{PATH}/{county['watch_id']}")).json()["paused"]
