"""``/v1/portfolio/watches``: the liens, parcels, counties and sales that somebody watches."""

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

from . import schemas, service
from .logic.targets import Wish

SessionDep = Annotated[Session, Depends(session_for("portfolio"))]
_PRIVATE = {"cache-control": "private, no-store"}


def keep_private(response: Response) -> None:
    """Let no cache keep an answer about a person."""
    response.headers.update(_PRIVATE)


router = APIRouter(
    prefix="/v1/portfolio/watches", tags=["portfolio"], dependencies=[Depends(keep_private)]
)


@router.post("", status_code=201, response_model=schemas.Watch)
async def watch(
    body: schemas.ToWatch, session: SessionDep, caller: CallerDep, once: IdempotencyDep
) -> Response:
    """Watch something. What I watch already is answered as it is. 403 `tier_allows_less` names the limit."""

    async def begin() -> dict[str, Any]:
        with _saying_what_the_tier_allows():
            found = await service.watch(session, caller, Wish(**body.model_dump()))
        return _shown(found).model_dump(mode="json")

    return await once.answer(session, begin, status=201, headers=_PRIVATE)


@router.get("")
async def list_watches(
    session: SessionDep, caller: CallerDep, cursor: CursorParam = None, limit: LimitParam = 50
) -> Page[schemas.Watch]:
    """List what I watch, the latest first."""
    before = None if cursor is None else decode_cursor(cursor, UUID)
    found = await service.watched(session, caller, before=before, limit=limit + 1)
    items = [_shown(one) for one in found[:limit]]
    more = len(found) > limit
    return Page(items=items, next_cursor=encode_cursor(items[-1].watch_id) if more else None)


@router.get("/{watch_id}")
async def get_watch(watch_id: UUID, session: SessionDep, caller: CallerDep) -> schemas.WatchBoard:
    """Show one of my watches, with what last happened to the thing."""
    found = await service.board(session, caller, watch_id)
    happened = [
        schemas.Happened.model_validate(one, from_attributes=True) for one in found.happened
    ]
    return schemas.WatchBoard(**_shown(found.watch).model_dump(), happened=happened)


@router.patch("/{watch_id}", response_model=schemas.Watch)
async def change_watch(
    watch_id: UUID,
    body: schemas.WatchChange,
    session: SessionDep,
    caller: CallerDep,
    once: IdempotencyDep,
) -> Response:
    """Rename a watch, or say how soon I hear. 403 `tier_allows_less` where my tier has no instant."""

    async def change() -> dict[str, Any]:
        with _saying_what_the_tier_allows():
            found = await service.change_watch(
                session, caller, watch_id, label=body.label, pace=body.pace
            )
        return _shown(found).model_dump(mode="json")

    return await once.answer(session, change, headers=_PRIVATE)


@router.delete("/{watch_id}", status_code=204)
async def stop_watching(watch_id: UUID, session: SessionDep, caller: CallerDep) -> None:
    """Watch something no longer."""
    await service.stop_watching(session, caller, watch_id)


def _shown(watch: Any) -> schemas.Watch:
    return schemas.Watch.model_validate(watch, from_attributes=True)


@contextmanager
def _saying_what_the_tier_allows() -> Iterator[None]:
    try:
        yield
    except service.TierAllowsLess as error:
        raise Problem(403, "tier_allows_less", error.message) from None
