"""A score that comes into the bounds of a saved search is news, as a lien that changes is.

Which liens may be concerned is told by the index, in the transaction that keeps their scores; what is
announced carries the lien whole, so the catalogue is asked for it afterwards: while it is away they wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session
from taxlien.services.search.adapters.engine import SearchEngine
from taxlien.services.search.logic.document import LienDocument, judged
from taxlien.services.search.logic.facts import LienFacts
from taxlien.services.search.logic.percolation import QueryIndex
from taxlien.services.search.repository import moves, scores
from taxlien.services.search.repository.scores import Moved

from .matching import Change, announce, saved_queries

AT_ONCE = 100
"""Liens that the catalogue is asked for in one call."""
_LIENS_A_TURN = 4


async def note_moves(
    session: Session,
    engine: SearchEngine,
    moved: Mapping[UUID, Moved],
    written: Mapping[UUID, LienDocument],
) -> int:
    """Let liens wait whose score begins to meet a saved search; returns how many. ``written`` are those of
    them that the index was just told of; others that it has are read back.

    What the index does not have, or has older than what was judged, waits too: the catalogue decides.
    """
    queries = await saved_queries(session)
    if not queries.scored:
        return 0
    crossing = {i: one for i, one in moved.items() if queries.crossed(one.before, one.after)}
    left = [lien_id for lien_id in crossing if lien_id not in written]
    documents = {**written, **(await engine.documents(left))} if left else written
    before: dict[UUID, int | None] = {}
    for count, (lien_id, one) in enumerate(crossing.items(), 1):
        document = documents.get(lien_id)
        if (
            document is None
            or document.version < one.version
            or _begins(queries.scored, document, one)
        ):
            before[lien_id] = one.before
        if count % _LIENS_A_TURN == 0:
            await asyncio.sleep(0)
    await moves.add(session, before)
    return len(before)


async def waiting_moves(session: Session) -> Sequence[UUID]:
    """Return liens that wait for the catalogue."""
    return await moves.waiting(session, AT_ONCE)


async def announce_moves(session: Session, asked: Sequence[UUID], liens: Sequence[Lien]) -> int:
    """Announce which saved searches ``liens``, those of ``asked`` that there are, begin to meet by their
    scores of now; returns how many liens wait no longer.

    A pair is told once, and a lien waits until it is: both in one transaction. Where the catalogue told
    an older version than was judged, the lien waits on.
    """
    queries = await saved_queries(session)
    before = await moves.take(session, asked)
    known = await scores.scores_of(session, list(before))
    versions = await scores.versions_of(session, list(before))
    changes: dict[UUID, Change] = {}
    late: dict[UUID, int | None] = {}
    for lien in sorted(liens, key=lambda lien: lien.lien_id):
        if lien.lien_id not in before:
            continue
        if lien.version < versions.get(lien.lien_id, 0):
            late[lien.lien_id] = before[lien.lien_id]
        else:
            changes[lien.lien_id] = Change(lien, "scored", None, known.get(lien.lien_id))
    await moves.add(session, late)
    pairs = [
        (lien_id, number)
        for lien_id, change in changes.items()
        for number in _met(queries.scored, change, before[lien_id])
    ]
    await announce(session, changes, pairs)
    return len(before) - len(late)


def _begins(index: QueryIndex, document: LienDocument, moved: Moved) -> bool:
    after = LienFacts.of_document(judged(document, moved.after))
    was = LienFacts.of_document(judged(document, moved.before))
    return any(True for _ in _new(index, after, was))


def _met(index: QueryIndex, change: Change, before: int | None) -> Iterator[int]:
    after = LienFacts.of_lien(change.lien, change.score)
    return _new(index, after, LienFacts.of_document(judged(after.document, before)))


def _new(index: QueryIndex, after: LienFacts, before: LienFacts) -> Iterator[int]:
    for number in index.match(after):
        condition = index.condition(number)
        if condition and not condition.holds(before):
            yield number
