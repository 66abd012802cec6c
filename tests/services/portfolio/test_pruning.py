"""Tables of the portfolio stay as large as what is watched: the old goes in batches, what counts stays."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import msgspec
from sqlalchemy import text

from taxlien.interfaces.liens import LienChanged, LienCreated
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.services.portfolio import service
from taxlien.services.portfolio.logic.targets import Wish

PATH = "/v1/portfolio/watches"
NOW = datetime.now(UTC)
NOTHING = {"triggers": 0, "auctions": 0, "neared": 0, "watched_liens": 0}


async def begin(client: httpx2.AsyncClient, **body: Any) -> str:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["watch_id"])


async def prune(watching: Any, *, at_once: int = 2, now: datetime = NOW) -> dict[str, int]:
    return await service.prune(watching.database, now, is_stopped=lambda: False, at_once=at_once)


async def count(watching: Any, table: str) -> int:
    async with watching.database.session() as session:
        found = await session.scalar(text(f"SELECT count(*) FROM portfolio.{table}"))
    return int(found)


async def test_what_happened_is_forgotten_after_a_year_in_batches(watching, ann, make_lien) -> None:
    watch_id = await begin(ann, target="county", county_fips="12105")
    created = [LienCreated(lien=make_lien(n)) for n in range(1, 8)]
    await watching.liens(*created)
    async with watching.database.session() as session:
        await session.execute(
            text("UPDATE portfolio.triggers SET at = :at WHERE lien_id <> :kept"),
            {"at": NOW - timedelta(days=366), "kept": created[0].lien.lien_id},
        )
    assert await prune(watching) == {**NOTHING, "triggers": 6}
    assert await prune(watching) == NOTHING
    board = (await ann.get(f"{PATH}/{watch_id}")).json()
    assert [one["lien_id"] for one in board["happened"]] == [str(created[0].lien.lien_id)]


async def test_a_sale_is_forgotten_ninety_days_after_its_day_with_who_was_told(
    watching, ann, make_lien
) -> None:
    lien = make_lien(1, sale_date=NOW.date() + timedelta(days=30))
    watching.catalogue.add(lien)
    await begin(ann, target="lien", lien_id=str(lien.lien_id))
    starts = datetime.combine(lien.sale_date, datetime.min.time(), UTC)
    assert len(await watching.remind(starts - timedelta(hours=1))) == 1
    over = starts + timedelta(days=90)
    assert await prune(watching, now=over + timedelta(days=1)) == NOTHING
    assert await prune(watching, now=over + timedelta(days=2)) == {
        **NOTHING,
        "auctions": 1,
        "neared": 1,
    }


async def test_a_lien_is_kept_while_it_or_its_parcel_is_watched(watching, ann, make_lien) -> None:
    liens = [make_lien(n) for n in range(1, 6)]
    watching.catalogue.add(*liens)
    mine = [await begin(ann, target="lien", lien_id=str(lien.lien_id)) for lien in liens]
    await begin(ann, target="parcel", county_fips="12105", parcel_id=liens[4].parcel_id)
    assert await prune(watching) == NOTHING
    for watch_id in (mine[0], mine[1], mine[4]):
        await ann.delete(f"{PATH}/{watch_id}")
    assert await prune(watching) == {**NOTHING, "watched_liens": 2}
    assert await count(watching, "watched_liens") == 3
    moved = msgspec.structs.replace(liens[4], version=2, tax_year=2024)
    assert len(await watching.liens(LienChanged(lien=moved, changed=("tax_year",)))) == 1


async def test_a_job_that_is_to_stop_leaves_the_rest(watching, ann, make_lien) -> None:
    await begin(ann, target="county", county_fips="12105")
    await watching.liens(*(LienCreated(lien=make_lien(n)) for n in range(1, 6)))
    far = NOW + timedelta(days=400)
    asked = 0

    def is_stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    gone = await service.prune(watching.database, far, is_stopped=is_stopped, at_once=2)
    assert gone == {**NOTHING, "triggers": 2}
    assert await prune(watching, now=far) == {**NOTHING, "triggers": 3, "auctions": 0}


async def test_a_lien_that_somebody_just_begins_to_watch_is_kept(watching, ann, make_lien) -> None:
    lien = make_lien(1)
    watching.catalogue.add(lien)
    await ann.delete(f"{PATH}/{await begin(ann, target='lien', lien_id=str(lien.lien_id))}")
    caller = Caller(new_id(), None, tier="free", roles=frozenset({"investor"}))
    async with watching.database.session() as session:
        await service.watch(session, caller, Wish("lien", lien_id=lien.lien_id))
        pruning = asyncio.create_task(prune(watching))
        async with asyncio.timeout(20):
            while not await waits_for_a_lock(watching):
                assert not pruning.done()
    assert await pruning == NOTHING
    assert await count(watching, "watched_liens") == 1


async def waits_for_a_lock(watching: Any) -> bool:
    """Say whether a session of this database waits for another."""
    async with watching.database.session() as session:
        return bool(
            await session.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                )
            )
        )
