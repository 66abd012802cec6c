"""HTTP door of the gateway: the start page, the API's documentation, its merged description."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from taxlien.kit.settings import read_settings

from . import service
from .logic import pages
from .settings import GatewaySettings


@asynccontextmanager
async def describe_while_serving(app: FastAPI) -> AsyncIterator[None]:
    """Keep the merged description in ``app.state.api_description`` while the app serves."""
    description = service.open_description(app.openapi, read_settings(GatewaySettings))
    app.state.api_description = description
    yield
    await description.close()


router = APIRouter(tags=["gateway"], lifespan=describe_while_serving, include_in_schema=False)


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
