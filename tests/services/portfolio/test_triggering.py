"""What happens to a watched thing is told once, with its reason; what nobody watches costs a look-up."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx2
import msgspec

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated, LienStatusChanged
from taxlien.interfaces.users import TierChanged
from taxlien.kit.ids import new_id
from taxlien.services.portfolio.service import WIDE_A_DAY

PATH = "/v1/portfolio/watches"


async def begin(client: httpx2.AsyncClient, **body: Any) -> Any:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def newer(lien: Lien, **fields: Any) -> Lien:
    return msgspec.structs.replace(lien, version=lien.version + 1, **fields)


async def test_a_watched_lien_is_told_of_with_reason_and_price_once(
    watching, ann, make_lien
) -> None:
    lien = make_lien(1)
    watching.catalogue.add(lien)
    watch = await begin(ann, target="lien", lien_id=str(lien.lien_id))
    cheaper = newer(lien, face_amount=Decimal("2000.00"))
    dearer = newer(cheaper, face_amount=Decimal("2100.00"))
    moved = newer(dearer, latitude=28.0)
    sold = newer(moved, status="sold")
    redeemed = newer(sold, status="redeemed")
    batch = (
        LienChanged(lien=cheaper, changed=("face_amount",)),
        LienChanged(lien=make_lien(2, version=2), changed=("face_amount",)),
        LienChanged(lien=dearer, changed=("face_amount",)),
        LienChanged(lien=moved, changed=("latitude",)),
        LienStatusChanged(lien=sold, previous_status="advertised"),
        LienStatusChanged(lien=redeemed, previous_status="sold"),
    )
    told = await watching.liens(*batch)
    assert [(t.reason, t.lien.version, t.previous_price, t.price) for t in told] == [
        ("price_dropped", 2, Decimal("2400.00"), Decimal("2000.00")),
        ("changed", 3, Decimal("2000.00"), Decimal("2100.00")),
        ("status_changed", 5, Decimal("2100.00"), Decimal("2100.00")),
        ("redeemed", 6, Decimal("2100.00"), Decimal("2100.00")),
    ]
    assert [t.previous_status for t in told[2:]] == ["advertised", "sold"]
    assert {str(t.watch_id) for t in told} == {watch["watch_id"]}
    assert {t.label for t in told} == {"1 ARMSTRONG AV, Polk, FL"}
    assert await watching.liens(*batch) == [], "delivered again, nothing is told again"
    board = (await ann.get(f"{PATH}/{watch['watch_id']}")).json()
    assert [h["reason"] for h in board["happened"]] == [
        "redeemed",
        "status_changed",
        "changed",
        "price_dropped",
    ]
    assert board["happened"][3]["previous_price"] == "2400.00"


async def test_parcel_county_and_sale_hear_of_what_is_new_there(watching, ann, make_lien) -> None:
    for body in (
        {"target": "parcel", "county_fips": "12105", "parcel_id": "242909000001"},
        {"target": "county", "county_fips": "12105"},
        {"target": "auction", "county_fips": "12105", "auction_on": "2028-06-01"},
    ):
        await begin(ann, **body)
    there = make_lien(1, sale_date=None, sale_date_basis=None)
    elsewhere = make_lien(2, county_fips="12086", county="Miami-Dade")
    told = await watching.liens(LienCreated(lien=there), LienCreated(lien=elsewhere))
    assert [(t.target, t.reason) for t in told] == [("parcel", "new_lien"), ("county", "new_lien")]
    day = make_lien(1).sale_date.replace(year=2028)
    assumed = newer(there, sale_date=day, sale_date_basis="assumed")
    published = newer(assumed, sale_date_basis="published")
    off = newer(published, status="removed")
    told = await watching.liens(
        LienChanged(lien=assumed, changed=("sale_date", "sale_date_basis")),
        LienChanged(lien=published, changed=("sale_date_basis",)),
        LienStatusChanged(lien=off, previous_status="advertised"),
    )
    assert [(t.target, t.reason, t.lien.version) for t in told] == [
        ("parcel", "changed", 2),
        ("parcel", "changed", 3),
        ("parcel", "status_changed", 4),
        ("auction", "new_lien", 3),
        ("auction", "status_changed", 4),
    ]


async def test_a_whole_county_is_told_of_in_part_and_counted_in_full(
    watching, ann, make_lien
) -> None:
    watch = await begin(ann, target="county", county_fips="12105")
    for start in (1, 41):
        some = [LienCreated(lien=make_lien(n)) for n in range(start, start + 40)]
        told = await watching.liens(*some)
        assert len(told) == (WIDE_A_DAY if start == 1 else 0)
    assert (await ann.get(f"{PATH}/{watch['watch_id']}")).json()["untold"] == 80 - WIDE_A_DAY


async def test_silenced_paused_and_deleted_watches_tell_nothing(watching, ann, make_lien) -> None:
    watch = await begin(ann, target="county", county_fips="12105", pace="off")
    address = f"{PATH}/{watch['watch_id']}"
    assert await watching.liens(LienCreated(lien=make_lien(1))) == []
    assert len((await ann.get(address)).json()["happened"]) == 1
    await ann.patch(address, json={"pace": "daily"})
    assert len(await watching.liens(LienCreated(lien=make_lien(2)))) == 1
    await ann.delete(address)
    assert await watching.liens(LienCreated(lien=make_lien(3))) == []
    async with watching.client(new_id()) as bob:
        await begin(bob, target="county", county_fips="12105")
        [told] = await watching.liens(LienCreated(lien=make_lien(4)))
        assert str(told.user_id) == bob.headers["x-user-id"]


async def test_each_watch_is_told_at_its_own_pace_and_never_sooner_than_the_tier_allows(
    watching, make_lien
) -> None:
    lien = make_lien(1, sale_date=date(2028, 6, 1))
    watching.catalogue.add(lien)
    user_id = new_id()
    async with watching.client(user_id, tier="premium") as eve:
        await begin(eve, target="lien", lien_id=str(lien.lien_id))
        await begin(eve, target="county", county_fips="12105")
        await begin(
            eve, target="auction", county_fips="12105", auction_on="2028-06-01", pace="daily"
        )
    assert await paces(watching, lien) == {"lien": "instant", "auction": "daily"}
    new = make_lien(2, sale_date=None, sale_date_basis=None)
    assert [told.pace for told in await watching.liens(LienCreated(lien=new))] == ["weekly"]
    for version, (tier, pace) in enumerate((("free", "daily"), ("premium", "instant")), start=3):
        at = datetime(2026, 11, version, tzinfo=UTC)
        await watching.user(
            TierChanged(
                user_id=user_id, at=at, tier=tier, previous_tier="free", reason="subscription"
            )
        )
        later = msgspec.structs.replace(lien, version=version)
        assert (await paces(watching, later))["lien"] == pace


async def paces(watching: Any, lien: Lien) -> dict[str, str]:
    """Let a lien change its status; returns how soon each thing is told."""
    sold = newer(lien, status="sold")
    told = await watching.liens(LienStatusChanged(lien=sold, previous_status="advertised"))
    return {event.target: event.pace for event in told}


async def test_what_comes_twice_takes_nothing_of_what_a_day_holds(watching, ann, make_lien) -> None:
    await begin(ann, target="county", county_fips="12105")
    first = [LienCreated(lien=make_lien(n)) for n in range(1, 11)]
    assert len(await watching.liens(*first)) == 10
    assert await watching.liens(*first) == []
    later = [LienCreated(lien=make_lien(n)) for n in range(11, 41)]
    assert len(await watching.liens(*later)) == WIDE_A_DAY - 10
