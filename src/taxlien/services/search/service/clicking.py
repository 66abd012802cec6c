"""Which hits of answers people open: checked by the name of the answer, counted by every process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput
from taxlien.services.search.adapters import current
from taxlien.services.search.adapters.click_counter import Click, ClickCounter, Clicked
from taxlien.services.search.logic.counting import Kind
from taxlien.services.search.logic.paging import liens_before
from taxlien.services.search.logic.query import Hits, SearchQuery
from taxlien.services.search.logic.search_ids import ShownPage
from taxlien.services.search.repository import searched as repository

from .counting import hour_of


def name_answer(query: SearchQuery, hits: Hits, kind: Kind, question: bytes) -> str | None:
    """Return the ``search_id`` of an answer to ``question``, a digest; None where no key is set, and for
    a page whose cursor did not count the liens before it."""
    ids, before = current.search_ids(), liens_before(query)
    if ids is None or before is None:
        return None
    return ids.issue(ShownPage(kind, before, len(hits.items)), question, datetime.now(UTC))


def read_click(who: str, search_id: str, lien_id: UUID, position: int) -> Click:
    """Return what was opened by ``who``. Raises ``InvalidInput`` naming ``search_id`` where no answer of
    the last day has it, and ``position`` where that stood on another page."""
    ids = current.search_ids()
    if ids is None:
        raise InvalidInput("search_id", "is not known: clicks are not counted here")
    page = ids.read(search_id, datetime.now(UTC))
    if not page.before < position <= page.before + page.shown:
        first, last = page.before + 1, page.before + page.shown
        told = (
            f"must be between {first} and {last}" if page.shown else "cannot be: nothing was found"
        )
        raise InvalidInput("position", f"{told} for this search_id, counted from 1 over all pages")
    return Click(who, search_id, lien_id, page.kind.name, position)


def open_click_counter(
    open_session: Callable[[], AbstractAsyncContextManager[Session]],
) -> ClickCounter:
    """Return a counter of what is opened, by the hour it is written in."""

    async def keep(counts: dict[Clicked, int]) -> None:
        async with open_session() as session:
            await keep_clicks(session, counts, datetime.now(UTC))

    return ClickCounter(keep)


async def keep_clicks(session: Session, counts: Mapping[Clicked, int], at: datetime) -> None:
    """Add up what one process counted in the hour of ``at``."""
    if counts:
        await repository.add_clicks(session, hour_of(at), counts)
