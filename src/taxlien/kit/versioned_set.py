"""Rows that every process holds in memory, as true as the database has them whenever it is asked.

One row of the database is the version of all of them together (``SetVersion``). Whoever changes a row
takes the next version in the same transaction and notes it on the row, so versions become visible in
order, and what changed since a version is a query. Asking costs one read of one row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sized
from typing import Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import BigInteger, CheckConstraint, select, text, update
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from taxlien.kit.database import Session

S = TypeVar("S", bound=Sized)

_REMOVED_AT_MOST = 1_000


class SetVersion:
    """A table of one row: the version of all rows of a set together, and how many were ever removed."""

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    removed: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[CheckConstraint]:  # noqa: N805 (SQLAlchemy hands the class)
        return (CheckConstraint("single", name="single"),)


class State(NamedTuple):
    """The version of a set, and how many of its rows were ever removed."""

    version: int
    removed: int


async def next_version(session: Session, of: type[SetVersion], removed: int = 0) -> int:
    """Count a change, of which ``removed`` rows are gone; who changes next waits for this transaction."""
    version: int | None = await session.scalar(
        update(of)
        .values(version=of.version + 1, removed=of.removed + removed)
        .returning(of.version)
    )
    if version is None:
        raise LookupError(f"{of.__name__} has lost its row")
    return version


async def state(session: Session, of: type[SetVersion]) -> State:
    """Return the version that this transaction sees."""
    row = (await session.execute(select(of.version, of.removed))).one()
    return State(row.version, row.removed)


Read = Callable[[Session, S, int, int], Awaitable[int | None]]
"""``await read(session, known, version, after)`` takes into ``known`` some of the rows that changed after
``version``, those numbered above ``after`` in order. Returns the last number, None where there was none."""


class _Known(Generic[S]):
    """What one process knows of one database. ``removed`` is as of when ``rows`` were read whole."""

    def __init__(self, empty: S) -> None:
        self.rows = empty
        self.version = -1
        self.removed = 0
        self.reading = asyncio.Lock()


class VersionedSet(Generic[S]):
    """A set that a service matches against, one for each database that this process works with.

    A row that was deleted says nothing, so it stays in memory until so many are gone that all are read
    anew: what is found must still be looked up. Not for a session that has itself changed the set.
    """

    def __init__(self, of: type[SetVersion], empty: Callable[[], S], read: Read[S]) -> None:
        self._of = of
        self._empty = empty
        self._read = read
        self._known: WeakKeyDictionary[object, _Known[S]] = WeakKeyDictionary()

    async def up_to_date(self, session: Session) -> S:
        """Return the set with everything that was committed before this call."""
        known = self._known.get(session.bind)
        if known is None:
            known = self._known[session.bind] = _Known(self._empty())
        if (await state(session, self._of)).version != known.version:
            # One reads and others wait: rows read earlier must not be put over those read later.
            async with known.reading:
                await self._catch_up(session, known)
        return known.rows

    async def _catch_up(self, session: Session, known: _Known[S]) -> None:
        version, removed = await state(session, self._of)
        if version == known.version:
            return
        gone = removed - known.removed
        whole = (
            known.version < 0
            or version < known.version  # the database is another by now: an older copy was put back
            or gone > max(_REMOVED_AT_MOST, len(known.rows))
        )
        rows, since = (self._empty(), -1) if whole else (known.rows, known.version)
        after: int | None = 0
        while after is not None:
            after = await self._read(session, rows, since, after)
            await asyncio.sleep(0)  # filing thousands takes a while: let others have a turn
        known.rows, known.version = rows, version
        if whole:
            known.removed = removed
