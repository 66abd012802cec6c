"""A set in memory is as true as the database: what was added, changed, or lost, whoever looks meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase

from taxlien.kit.database import Database, Session, metadata_for
from taxlien.kit.versioned_set import SetVersion, VersionedSet, next_version


class Row(DeclarativeBase):
    metadata = metadata_for("liens")


class WordSet(SetVersion, Row):
    __tablename__ = "word_set"


Words = dict[int, str]
AT_ONCE = 2


@dataclass
class Dictionary:
    """Words by number in a database, and what was read of them."""

    database: Database
    reads: list[tuple[int, int]] = field(default_factory=list)
    waits: asyncio.Event | None = None
    is_reading: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.words = VersionedSet(WordSet, Words, self.read)

    async def create(self) -> None:
        async with self.database.session() as session:
            connection = await session.connection()
            await connection.run_sync(Row.metadata.create_all)
            await session.execute(text("INSERT INTO liens.word_set DEFAULT VALUES"))
            await session.execute(
                text("CREATE TABLE liens.words (number int PRIMARY KEY, word text, changed bigint)")
            )

    async def read(self, session: Session, known: Words, version: int, after: int) -> int | None:
        self.reads.append((version, after))
        rows = await session.execute(
            text(
                "SELECT number, word FROM liens.words WHERE changed > :version AND number > :after"
                " ORDER BY number LIMIT :limit"
            ),
            {"version": version, "after": after, "limit": AT_ONCE},
        )
        found: Words = {row.number: row.word for row in rows}
        if self.waits is not None:
            self.is_reading.set()
            await self.waits.wait()
        known.update(found)
        return max(found, default=None)

    async def put(self, **words: str) -> None:
        """Write words as ``n1="a"``."""
        async with self.database.session() as session:
            version = await next_version(session, WordSet)
            for name, word in words.items():
                await session.execute(
                    text(
                        "INSERT INTO liens.words VALUES (:number, :word, :version)"
                        " ON CONFLICT (number) DO UPDATE"
                        " SET word = excluded.word, changed = excluded.changed"
                    ),
                    {"number": int(name[1:]), "word": word, "version": version},
                )

    async def remove(self, *numbers: int, counted: int | None = None) -> None:
        async with self.database.session() as session:
            await session.execute(
                text("DELETE FROM liens.words WHERE number = ANY(:numbers)"),
                {"numbers": list(numbers)},
            )
            await next_version(session, WordSet, removed=counted or len(numbers))

    async def known(self) -> Words:
        async with self.database.session() as session:
            return await self.words.up_to_date(session)


@pytest.fixture
async def dictionary(database: Database) -> Dictionary:
    made = Dictionary(database)
    await made.create()
    return made


async def test_what_is_added_and_changed_is_known_at_the_next_look(dictionary: Dictionary) -> None:
    assert await dictionary.known() == {}
    await dictionary.put(n1="a", n2="b", n3="c")
    assert await dictionary.known() == {1: "a", 2: "b", 3: "c"}
    await dictionary.put(n2="B", n4="d")
    assert await dictionary.known() == {1: "a", 2: "B", 3: "c", 4: "d"}


async def test_only_what_changed_is_read_and_nothing_where_nothing_did(
    dictionary: Dictionary,
) -> None:
    await dictionary.put(n1="a", n2="b", n3="c")
    await dictionary.known()
    assert dictionary.reads == [(-1, 0), (-1, 2), (-1, 3)]
    dictionary.reads.clear()
    await dictionary.known()
    assert dictionary.reads == []
    await dictionary.put(n2="B")
    await dictionary.known()
    assert dictionary.reads == [(1, 0), (1, 2)]


async def test_what_is_not_committed_is_not_known(dictionary: Dictionary) -> None:
    async def fail() -> None:
        async with dictionary.database.session() as session:
            await next_version(session, WordSet)
            await session.execute(text("INSERT INTO liens.words VALUES (1, 'a', 1)"))
            assert await dictionary.known() == {}
            raise KeyError

    with pytest.raises(KeyError):
        await fail()
    assert await dictionary.known() == {}


async def test_a_few_that_are_gone_may_stay_and_many_have_all_read_anew(
    dictionary: Dictionary,
) -> None:
    await dictionary.put(n1="a", n2="b")
    await dictionary.known()
    await dictionary.remove(2)
    assert await dictionary.known() == {1: "a", 2: "b"}
    await dictionary.remove(counted=1_000)
    assert await dictionary.known() == {1: "a"}
    await dictionary.remove(counted=1_000)  # counted from when all was read last
    dictionary.reads.clear()
    await dictionary.known()
    assert [version for version, _ in dictionary.reads] == [3]


async def test_a_process_that_begins_anew_knows_the_same(dictionary: Dictionary) -> None:
    await dictionary.put(n1="a", n2="b")
    await dictionary.remove(1)
    await dictionary.put(n3="c")
    assert await Dictionary(dictionary.database).known() == {2: "b", 3: "c"}


async def test_a_version_that_went_back_has_all_read_anew(dictionary: Dictionary) -> None:
    await dictionary.put(n1="a")
    await dictionary.put(n2="b")
    await dictionary.known()
    async with dictionary.database.session() as session:  # as when an older copy is put back
        await session.execute(text("DELETE FROM liens.words WHERE number = 2"))
        await session.execute(text("UPDATE liens.word_set SET version = 1"))
    assert await dictionary.known() == {1: "a"}
    await dictionary.put(n3="c")
    assert await dictionary.known() == {1: "a", 3: "c"}


async def test_what_one_session_read_late_is_not_put_over_what_another_knows(
    dictionary: Dictionary,
) -> None:
    await dictionary.put(n1="old")
    dictionary.waits = asyncio.Event()
    slow = asyncio.create_task(dictionary.known())
    await dictionary.is_reading.wait()  # it has the old word in hand, and is held up
    await dictionary.put(n1="new")
    quick = asyncio.create_task(dictionary.known())
    for _ in range(10):  # time enough for whoever does not wait to read as well
        async with dictionary.database.session() as session:
            await session.execute(text("SELECT 1"))
    assert dictionary.reads == [(-1, 0)]
    dictionary.waits.set()
    async with asyncio.timeout(20):
        await slow
        assert await quick == {1: "new"}
    assert await dictionary.known() == {1: "new"}


async def test_two_sessions_at_once_read_everything_once(dictionary: Dictionary) -> None:
    await dictionary.put(n1="a")
    async with asyncio.timeout(20):
        found = await asyncio.gather(*(dictionary.known() for _ in range(4)))
    assert found == [{1: "a"}] * 4
    assert dictionary.reads == [(-1, 0), (-1, 1)]


async def test_a_look_that_fails_leaves_what_was_known(dictionary: Dictionary) -> None:
    await dictionary.put(n1="a")
    await dictionary.known()
    await dictionary.put(n2="b")
    dictionary.waits = asyncio.Event()
    broken = asyncio.create_task(dictionary.known())
    dictionary.is_reading.clear()
    await dictionary.is_reading.wait()
    broken.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broken
    dictionary.waits = None
    assert await dictionary.known() == {1: "a", 2: "b"}


async def test_a_set_without_its_row_is_an_error(dictionary: Dictionary) -> None:
    async with dictionary.database.session() as session:
        await session.execute(text("DELETE FROM liens.word_set"))
    with pytest.raises(LookupError, match="WordSet"):
        await dictionary.put(n1="a")
