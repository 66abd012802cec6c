"""``/v1/search/clicks``: which hit of an answer was opened, for telling how well answers are ordered."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from taxlien.kit.http.idempotency import IdempotencyDep
from taxlien.kit.security.caller import MaybeCallerDep
from taxlien.services.search import service
from taxlien.services.search.schemas.clicks import OpenedHit

from .answering import count_click
from .saved import SessionDep, keep_private

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.post("/clicks", status_code=204)
async def note_click(
    body: OpenedHit,
    request: Request,
    session: SessionDep,
    caller: MaybeCallerDep,
    once: IdempotencyDep,
) -> Response:
    """Tell which hit was opened. Counted by the hour and the kind of question, for nobody in particular.

    422 names `search_id` where it is none that an answer gave within a day, and `position` where that
    stood on another page.
    """
    who = _address(request) if caller is None else str(caller.user_id)
    click = service.read_click(who, body.search_id, body.lien_id, body.position)

    async def note() -> bytes:
        count_click(request.app, click)
        return b""

    response = await once.answer(session, note, status=204)
    keep_private(response)
    return response


def _address(request: Request) -> str:
    """Return where a stranger's request comes from. Somebody inside may write what they like: it tells
    only whether the same hit was sent twice."""
    said = request.headers.get("x-forwarded-for")
    return said or (request.client.host if request.client else "")
