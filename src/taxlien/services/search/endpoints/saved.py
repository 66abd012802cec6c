"""``/v1/search/saved`` and ``/v1/search/shared``: searches that people keep, and share by a link."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from taxlien.kit.database import Session
from taxlien.kit.http.errors import Problem
from taxlien.kit.http.idempotency import IdempotencyDep
from taxlien.kit.http.pages import CursorParam, LimitParam, Page, decode_cursor, encode_cursor
from taxlien.kit.http.sessions import session_for
from taxlien.kit.security.caller import CallerDep
from taxlien.services.search import service
from taxlien.services.search.schemas import saved as schemas

SessionDep = Annotated[Session, Depends(session_for("search"))]
_PRIVATE = {"cache-control": "private, no-store"}


def keep_private(response: Response) -> None:
    """Let no cache keep an answer about a person."""
    response.headers.update(_PRIVATE)


router = APIRouter(prefix="/v1/search", tags=["search"], dependencies=[Depends(keep_private)])


@router.post("/saved", status_code=201, response_model=schemas.SavedSearch)
async def save_search(
    body: schemas.SearchToSave, session: SessionDep, caller: CallerDep, once: IdempotencyDep
) -> Response:
    """Keep a search. 403 `tier_allows_less` names the limit of the tier."""

    async def save() -> dict[str, Any]:
        with _saying_what_the_tier_allows():
            found = await service.save_search(session, caller, body.name, body.query, body.pace)
        return _shown(found).model_dump(mode="json")

    return await once.answer(session, save, status=201, headers=_PRIVATE)


@router.get("/saved")
async def list_saved_searches(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> Page[schemas.SavedSearch]:
    """List my saved searches, the latest first."""
    before = None if cursor is None else decode_cursor(cursor, UUID)
    found = await service.saved_searches(session, caller, before=before, limit=limit + 1)
    items = [_shown(search) for search in found[:limit]]
    more = len(found) > limit
    return Page(items=items, next_cursor=encode_cursor(items[-1].search_id) if more else None)


@router.get("/saved/{search_id}")
async def get_saved_search(
    search_id: UUID, session: SessionDep, caller: CallerDep
) -> schemas.SavedSearch:
    """Show one of my saved searches."""
    return _shown(await service.saved_search(session, caller, search_id))


@router.patch("/saved/{search_id}", response_model=schemas.SavedSearch)
async def change_saved_search(
    search_id: UUID,
    body: schemas.SearchChange,
    session: SessionDep,
    caller: CallerDep,
    once: IdempotencyDep,
) -> Response:
    """Rename a search, change what it asks, or how soon I hear of it."""

    async def change() -> dict[str, Any]:
        with _saying_what_the_tier_allows():
            found = await service.change_search(
                session, caller, search_id, name=body.name, query=body.query, pace=body.pace
            )
        return _shown(found).model_dump(mode="json")

    return await once.answer(session, change, headers=_PRIVATE)


@router.delete("/saved/{search_id}", status_code=204)
async def delete_saved_search(search_id: UUID, session: SessionDep, caller: CallerDep) -> None:
    """Delete one of my saved searches, with its link."""
    await service.delete_search(session, caller, search_id)


@router.post("/saved/{search_id}/share", status_code=201)
async def share_saved_search(
    search_id: UUID, session: SessionDep, caller: CallerDep
) -> schemas.Link:
    """Make a link to a search. An earlier link stops working; the token is shown only here."""
    return schemas.Link(token=await service.share_search(session, caller, search_id))


@router.delete("/saved/{search_id}/share", status_code=204)
async def stop_sharing_search(search_id: UUID, session: SessionDep, caller: CallerDep) -> None:
    """Take the link of a search back."""
    await service.stop_sharing(session, caller, search_id)


@router.post("/shared/open")
async def open_shared_search(body: schemas.Link, session: SessionDep) -> schemas.SharedSearch:
    """Show what a link leads to, signed in or not: the name and the question, not whose they are."""
    found = await service.shared_search(session, body.token)
    return schemas.SharedSearch(name=found.name, query=found.parameters)


@router.post("/shared/copy", status_code=201, response_model=schemas.SavedSearch)
async def copy_shared_search(
    body: schemas.Link, session: SessionDep, caller: CallerDep, once: IdempotencyDep
) -> Response:
    """Keep what a link leads to as a search of mine."""

    async def copy() -> dict[str, Any]:
        with _saying_what_the_tier_allows():
            found = await service.copy_shared(session, caller, body.token)
        return _shown(found).model_dump(mode="json")

    return await once.answer(session, copy, status=201, headers=_PRIVATE)


@contextmanager
def _saying_what_the_tier_allows() -> Iterator[None]:
    """Answer 403 with a code of its own where a tier allows less than is asked."""
    try:
        yield
    except service.TierAllowsLess as error:
        raise Problem(403, "tier_allows_less", error.message) from None


def _shown(search: Any) -> schemas.SavedSearch:
    return schemas.SavedSearch(
        search_id=search.search_id,
        name=search.name,
        query=search.parameters,
        pace=search.pace,
        paused=search.paused,
        shared_at=search.shared_at,
        created_at=search.created_at,
        updated_at=search.updated_at,
    )
