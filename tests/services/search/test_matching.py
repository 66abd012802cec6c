"""A lien that begins to meet a saved search is told of once: whatever comes twice, dies, or is saved late."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.liens import Lien, LienChanged, LienCreated, LienStatusChanged
from taxlien.interfaces.search import SearchMatched
from taxlien.interfaces.users import TierChanged, UserErasureDue
from taxlien.kit.database import Database
from taxlien.kit.events import decode
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.services.search import events, service

NOW = datetime(2026, 11, 1, tzinfo=UTC)
POLK = {"county": ["12105"], "price_max": ["3000"]}


class Matching:
    """People with saved searches, and liens that happen."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ann = Caller(new_id(), None, "premium", frozenset({"investor"}))

    async def save(
        self, query: dict[str, list[str]], caller: Caller | None = None, **how: Any
    ) -> UUID:
        async with self.database.session() as session:
            pace = how.get("pace", "daily")
            found = await service.save_search(session, caller or self.ann, "a search", query, pace)
            return found.search_id

    async def change(self, search_id: UUID, **what: Any) -> None:
        async with self.database.session() as session:
            await service.change_search(session, self.ann, search_id, **what)

    async def delete(self, search_id: UUID) -> None:
        async with self.database.session() as session:
            await service.delete_search(session, self.ann, search_id)

    async def hear(self, *happened: Any) -> list[SearchMatched]:
        """Hand in a batch; returns what was announced by it."""
        async with self.database.session() as session:
            await session.execute(text("DELETE FROM search.outbox"))
        async with self.database.session() as session:
            await events.match_liens(session, list(happened))
        return await self.said()

    async def said(self) -> list[SearchMatched]:
        async with self.database.session() as session:
            bodies = await session.scalars(text("SELECT body FROM search.outbox ORDER BY seq"))
            return [decode(bytes(body)).event(SearchMatched) for body in bodies]


@pytest.fixture
async def matching(database_for) -> Matching:
    return Matching(await database_for("search"))


def newer(lien: Lien, **fields: Any) -> Lien:
    return msgspec.structs.replace(lien, version=lien.version + 1, **fields)


async def test_a_new_lien_is_told_with_its_figures(matching, make_lien) -> None:
    search_id = await matching.save(POLK)
    lien, dear = make_lien(1), make_lien(2, face_amount=Decimal(9000))
    [told] = await matching.hear(LienCreated(lien=lien), LienCreated(lien=dear))
    assert (told.user_id, told.search_id, told.lien) == (matching.ann.user_id, search_id, lien)
    assert (told.search_name, told.pace, told.cause) == ("a search", "daily", "created")
    assert (told.price, told.rate_pct, told.payoff_months) == (
        Decimal("2400.00"),
        Decimal("12.00"),
        12,
    )
    assert told.payoff is not None
    assert told.payoff > told.price


async def test_what_comes_twice_is_told_once(matching, make_lien) -> None:
    await matching.save(POLK)
    created = LienCreated(lien=make_lien(1))
    assert len(await matching.hear(created, created)) == 1
    assert await matching.hear(created) == []
    again = newer(created.lien, face_amount=Decimal(2000))
    assert await matching.hear(LienChanged(lien=again, changed=("face_amount",))) == []


async def test_a_lien_that_changes_into_matching_is_told(matching, make_lien) -> None:
    await matching.save(POLK)
    dear = make_lien(1, face_amount=Decimal(9000))
    assert await matching.hear(LienCreated(lien=dear)) == []
    cheap = newer(dear, face_amount=Decimal(900))
    [told] = await matching.hear(LienChanged(lien=cheap, changed=("face_amount",)))
    assert (told.cause, told.lien.version) == ("changed", 2)


async def test_a_lien_is_told_when_what_was_unknown_becomes_known(matching, make_lien) -> None:
    await matching.save(
        {
            "class": ["vacant_land"],
            "ltv_max": ["5"],
            "not_flag": ["homestead"],
            "redeem_to": ["2026-06-01"],
        }
    )
    unknown = make_lien(1, property_type="VACANT LOT", homestead=False)
    assert await matching.hear(LienCreated(lien=unknown)) == []
    valued = newer(unknown, market_value=Decimal(48000))
    [told] = await matching.hear(LienChanged(lien=valued, changed=("market_value",)))
    assert told.lien == valued


async def test_a_change_of_what_nobody_asked_for_is_no_news(matching, make_lien) -> None:
    """The lien was there and met the search when it was saved."""
    await matching.save(POLK)
    await matching.save({"county": ["12105"], "status": ["redeemed"]})
    lien = make_lien(1, market_value=Decimal(100_000))
    assert await matching.hear(LienChanged(lien=lien, changed=("market_value",))) == []
    redeemed = newer(lien, status="redeemed")
    told = await matching.hear(LienStatusChanged(lien=redeemed, previous_status="sold"))
    assert {t.cause for t in told} == {"status_changed"}


async def test_only_the_newest_of_a_batch_counts(matching, make_lien) -> None:
    await matching.save(POLK)
    first = make_lien(1)
    gone = newer(first, face_amount=Decimal(9000))
    assert (
        await matching.hear(
            LienCreated(lien=first), LienChanged(lien=gone, changed=("face_amount",))
        )
        == []
    )
    other = make_lien(2, face_amount=Decimal(9000))
    cheap = newer(other, face_amount=Decimal(9))
    changed = LienChanged(lien=cheap, changed=("face_amount",))
    [told] = await matching.hear(LienCreated(lien=other), changed)
    assert (told.cause, told.lien.version) == ("created", 2)


async def test_saved_changed_paused_and_deleted_searches_count_from_the_next_batch(
    matching, make_lien
) -> None:
    created = [LienCreated(lien=make_lien(n)) for n in range(9)]
    assert await matching.hear(created[0]) == []
    search_id = await matching.save(POLK)
    assert len(await matching.hear(created[1])) == 1
    await matching.change(search_id, pace="off")
    assert await matching.hear(created[2]) == []
    await matching.change(search_id, pace="weekly")
    assert [told.pace for told in await matching.hear(created[3])] == ["weekly"]
    await matching.change(search_id, query={"county": ["12086"]})
    assert await matching.hear(created[4]) == []
    await matching.change(search_id, query={"q": ["armstr"]})
    assert len(await matching.hear(created[5])) == 1
    await matching.delete(search_id)
    assert await matching.hear(created[6]) == []


async def test_what_a_tier_does_not_have_is_not_told(matching, make_lien) -> None:
    ids = [await matching.save(POLK, pace="instant") for _ in range(5)]
    user_id = matching.ann.user_id
    async with matching.database.session() as session:
        tier = TierChanged(
            user_id=user_id, at=NOW, tier="free", previous_tier="premium", reason="subscription"
        )
        await events.follow_users(session, tier)
    told = await matching.hear(LienCreated(lien=make_lien(1)))
    assert [t.search_id for t in told] == ids[:3]
    assert {t.pace for t in told} == {"daily"}
    async with matching.database.session() as session:
        due = UserErasureDue(user_id=user_id, at=NOW, erasure_id=new_id())
        await events.follow_users(session, due)
    assert await matching.hear(LienCreated(lien=make_lien(2))) == []


async def test_a_search_deleted_behind_this_process_is_told_nothing(matching, make_lien) -> None:
    """Deleting leaves the query in memory for a while: the database has the last word."""
    kept, gone = await matching.save(POLK), await matching.save(POLK)
    assert len(await matching.hear(LienCreated(lien=make_lien(1)))) == 2
    await matching.delete(gone)
    assert [t.search_id for t in await matching.hear(LienCreated(lien=make_lien(2)))] == [kept]


async def test_two_workers_with_the_same_lien_tell_it_once(matching, make_lien) -> None:
    await matching.save(POLK)
    created = [LienCreated(lien=make_lien(n)) for n in range(20)]

    async def work() -> int:
        async with matching.database.session() as session:
            return await service.match_liens(session, created)

    assert sum(await asyncio.gather(work(), work(), work())) == 20
    assert len(await matching.said()) == 20


WORKER = """
import asyncio, sys
import msgspec
from taxlien.interfaces.liens import Lien, LienCreated
from taxlien.kit.database import Database
from taxlien.services.search import service

async def main(url, lien):
    database = Database(url, service="search")
    async with database.session() as session:
        told = await service.match_liens(session, [LienCreated(lien=msgspec.json.decode(lien, type=Lien))])
        print(told, flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_worker_killed_between_match_and_commit_tells_it_once_after(
    matching, make_lien
) -> None:
    await matching.save(POLK)
    lien = make_lien(1)
    url = matching.database.engine.url.render_as_string(hide_password=False)
    told = msgspec.json.encode(lien).decode()
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, url, told, stdout=asyncio.subprocess.PIPE
    )
    assert worker.stdout is not None
    assert await worker.stdout.readline() == b"1\n"
    worker.kill()
    assert await worker.wait() == -signal.SIGKILL
    assert await matching.said() == []
    assert len(await matching.hear(LienCreated(lien=lien))) == 1
    assert await matching.hear(LienCreated(lien=lien)) == []
