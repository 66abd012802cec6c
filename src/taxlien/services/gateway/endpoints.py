"""HTTP door of the gateway: the start page, the API's documentation, and Envoy's question about quotas."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from taxlien.kit.errors import NotFound
from taxlien.kit.settings import KitSettings, read_settings

from . import service
from .logic import account_pages, pages
from .logic.envoy_identity import SECRET_HEADER
from .logic.envoy_quotas import LIMIT_PATH
from .settings import GatewaySettings


@asynccontextmanager
async def open_while_serving(app: FastAPI) -> AsyncIterator[None]:
    """Keep what the doors need in ``app.state`` while the app serves."""
    kit, settings = read_settings(KitSettings), read_settings(GatewaySettings)
    description = service.open_description(app.openapi, settings)
    limiter = service.open_limiter(kit, settings)
    secret = kit.gateway_secret.get_secret_value() if kit.gateway_secret else ""
    app.state.api_description = description
    app.state.limiter = limiter
    app.state.limiter_secret = secret.encode()
    yield
    await description.close()
    if limiter is not None:
        await limiter.close()


router = APIRouter(tags=["gateway"], lifespan=open_while_serving, include_in_schema=False)


def _description_of(request: Request) -> service.ApiDescription:
    description: service.ApiDescription = request.app.state.api_description
    return description


@router.get("/")
async def show_start() -> Response:
    """Show the page of addresses."""
    return HTMLResponse(pages.START_PAGE, headers={"content-security-policy": pages.PAGE_POLICY})


@router.get("/openapi.json")
async def describe(
    description: Annotated[service.ApiDescription, Depends(_description_of)],
) -> Response:
    """Describe everything the world can reach (OpenAPI 3.1)."""
    return Response(await description.as_json(), media_type="application/json")


@router.get("/docs")
async def show_docs() -> Response:
    """Show the documentation page."""
    return HTMLResponse(pages.DOCS_PAGE, headers={"content-security-policy": pages.DOCS_POLICY})


@router.get("/docs/start.js")
async def start_docs() -> Response:
    """Give the few lines that start the documentation page."""
    return Response(pages.DOCS_SCRIPT, media_type="text/javascript")


@router.get("/docs/page.css")
async def style_docs() -> Response:
    """Give the documentation page's own style."""
    return Response(pages.DOCS_STYLE, media_type="text/css")


@router.get("/docs/{name}")
async def get_docs_file(name: str, request: Request) -> Response:
    """Give a file of the documentation page; big, so browsers keep it."""
    file = service.documentation_file(name)
    headers = {"etag": f'W/"{file.tag}"', "cache-control": "public, max-age=86400"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


_FRESH = {"cache-control": "public, max-age=60"}


@router.get("/account/page.css")
async def style_account() -> Response:
    """Give the style of the account pages."""
    return Response(account_pages.STYLE, media_type="text/css", headers=_FRESH)


@router.get("/account/page.js")
async def start_account() -> Response:
    """Give the script of the account pages."""
    return Response(account_pages.SCRIPT, media_type="text/javascript", headers=_FRESH)


@router.get("/account/{page}")
async def show_account(page: str) -> Response:
    """Show a page that links in mails lead to. The token of a link never reaches the server here."""
    if page not in account_pages.PAGES:
        raise NotFound(f"There is no account page {page}.")
    return HTMLResponse(account_pages.PAGES[page], headers=account_pages.HEADERS)


_ASKED_BY = SECRET_HEADER.encode()
_CLOSED = {"type": "http.response.body", "body": b""}


async def answer_about_room(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer Envoy's question whether a request fits: 200 or 429 with the fields of ``RateLimit``, and 503
    when nobody can count. Asked at every request, hence plain ASGI; only the gateway is answered."""
    found = dict(scope["headers"])
    state = scope["app"].state
    status, headers = 503, []
    if not state.limiter_secret or not hmac.compare_digest(
        found.get(_ASKED_BY, b""), state.limiter_secret
    ):
        status = 404
    elif state.limiter is not None:
        room = await state.limiter.admit(
            scope["path"].removeprefix(LIMIT_PATH),
            user_id=found.get(b"x-user-id", b"").decode("latin-1"),
            tier=found.get(b"x-tier", b"").decode("latin-1"),
            address=found.get(b"x-forwarded-for", b"").decode("latin-1"),
        )
        if room is not None:
            status, headers = (200 if room.allowed else 429), room.headers
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_CLOSED)


shortcuts = {LIMIT_PATH: answer_about_room}
