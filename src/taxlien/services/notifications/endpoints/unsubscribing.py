"""Stopping mails from the mail itself: a POST by the mail program (RFC 8058), or a page with buttons."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from taxlien.kit.http.errors import Problem
from taxlien.services.notifications import service
from taxlien.services.notifications.adapters.web_pages import page_policy, render_page
from taxlien.services.notifications.logic.stop_words import stop_words

from .asking import SessionDep

router = APIRouter(prefix="/v1/notifications/unsubscribe", include_in_schema=False)

Token = Annotated[str, Query(max_length=1000)]
_LARGEST_FORM = 4096
_CHANGES: dict[str, service.Change] = {"kind": "kind", "all": "all", "resume": "resume"}
_HEADERS = {
    "content-security-policy": page_policy(),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}


@router.get("")
async def show_stop(token: Token, session: SessionDep) -> HTMLResponse:
    """Ask what to stop. Opening the address changes nothing."""
    return _page(await service.standing(session, token), resumed=False)


@router.post("")
async def stop(token: Token, request: Request, session: SessionDep) -> HTMLResponse:
    """Stop mails of the kind that the token names, unless a form says ``what`` else. Safe to repeat."""
    change = await _change(request)
    found = await service.change_mails(session, token, change)
    return _page(found, resumed=change == "resume")


async def _change(request: Request) -> service.Change:
    """Read what a form wants; any other body, ``List-Unsubscribe=One-Click`` above all, means the kind."""
    body = await request.body()
    if len(body) > _LARGEST_FORM:
        raise Problem(413, "body_too_large", f"The form may have {_LARGEST_FORM} bytes.")
    form = parse_qs(body.decode("utf-8", "replace"))
    return _CHANGES.get(form.get("what", [""])[0], "kind")


def _page(found: service.Standing, *, resumed: bool) -> HTMLResponse:
    page = render_page(
        "stop",
        language=found.language,
        words=stop_words(found.kind, found.language),
        kind_stopped=found.kind_stopped,
        all_stopped=found.all_stopped,
        resumed=resumed,
    )
    return HTMLResponse(page, headers=_HEADERS)
