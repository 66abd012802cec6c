"""What somebody watched is taken along and forgotten; counties hear how many people watch them."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from taxlien.interfaces.liens import AuctionScheduled, LienCreated
from taxlien.interfaces.scraper import CountyDemandChanged
from taxlien.interfaces.users import (
    EXPORT_CONTEXT,
    TierChanged,
    UserDataErased,
    UserDataExported,
    UserErasureDue,
    UserExportRequested,
)
from taxlien.kit import personal_data
from taxlien.kit.ids import new_id
from taxlien.services.portfolio import events, service

PATH = "/v1/portfolio/watches"
COUNTY = {"target": "county", "county_fips": "12105"}
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SALE = AuctionScheduled(
    state="FL",
    county_fips="12105",
    county="Polk",
    time_zone="America/New_York",
    auction_on=date(2028, 6, 1),
    kind="certificate_sale",
    source="test",
    at=NOW,
)


@pytest.fixture
def sealing(stack_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that seal and the run's object store, for this process."""
    for name, value in stack_environment.items():
        if name.startswith("TAXLIEN_OBJECTS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("TAXLIEN_SEALING_KEYS", "k1:" + base64.b64encode(b"k" * 32).decode())


async def demand(watching: Any) -> list[tuple[str, str, int]]:
    """Announce, and return what was announced by it."""
    await watching.forget_said()
    async with watching.database.session() as session:
        await service.announce_demand(session)
    said = await watching.said(CountyDemandChanged)
    return [(event.county_fips, event.kind, event.count) for event in said]


@pytest.mark.usefixtures("sealing")
async def test_what_is_kept_of_a_person_is_taken_along_and_forgotten(
    watching, ann, make_lien
) -> None:
    user_id = UUID(ann.headers["x-user-id"])
    watch = (await ann.post(PATH, json=COUNTY)).json()
    await watching.liens(LienCreated(lien=make_lien(1)))
    async with watching.database.session() as session:
        await events.hear_sales(session, [SALE])
    assert len(await watching.remind(datetime(2028, 5, 31, 12, tzinfo=UTC))) == 1

    export = UserExportRequested(user_id=user_id, at=NOW, export_id=new_id())
    await watching.user(export)
    [part] = await watching.said(UserDataExported)
    context = f"{EXPORT_CONTEXT}:{export.export_id}:portfolio"
    tables = msgspec.json.decode(await personal_data.read(part.sha256, context))
    assert [row["watch_id"] for row in tables["watches"]] == [watch["watch_id"]]
    assert [row["reason"] for row in tables["triggers"]] == ["new_lien"]
    assert [row["auction_on"] for row in tables["sales_told"]] == ["2028-06-01"]
    assert part.rows == 3

    due = UserErasureDue(user_id=user_id, at=NOW, erasure_id=new_id())
    await watching.user(due)
    await watching.user(due)
    assert [answer.rows for answer in await watching.said(UserDataErased)] == [3, 0]
    assert (await ann.get(PATH)).json()["items"] == []
    assert await watching.liens(LienCreated(lien=make_lien(2))) == []
    late = TierChanged(
        user_id=user_id,
        at=datetime.now(UTC),
        tier="premium",
        previous_tier="free",
        reason="subscription",
    )
    await watching.user(late)
    assert (await ann.post(PATH, json=COUNTY)).status_code == 404


async def test_counties_hear_how_many_people_watch_them_once_for_all_changes(watching, ann) -> None:
    made = [
        (await ann.post(PATH, json=body)).json()
        for body in (COUNTY, {**COUNTY, "target": "auction", "auction_on": "2028-06-01"})
    ]
    async with watching.client(new_id()) as bob:
        mine = (await bob.post(PATH, json=COUNTY)).json()
        assert await demand(watching) == [("12105", "watchlists", 2)]
        assert await demand(watching) == []
        await bob.delete(f"{PATH}/{mine['watch_id']}")
        await bob.post(PATH, json=COUNTY)
        assert await demand(watching) == [], "gone and back is no change"
    await ann.delete(f"{PATH}/{made[0]['watch_id']}")
    assert await demand(watching) == [], "who watches its sale watches the county still"
    await ann.delete(f"{PATH}/{made[1]['watch_id']}")
    assert await demand(watching) == [("12105", "watchlists", 1)]
