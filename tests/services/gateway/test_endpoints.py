"""The gateway's own pages, and the merged description in both shapes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from html.parser import HTMLParser

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from taxlien.kit.http.app import create_app
from taxlien.services.gateway.endpoints import router
from taxlien.services.gateway.logic.routes import is_public

Serve = Callable[[ASGIApp], Awaitable[str]]


def service_router(name: str) -> APIRouter:
    made = APIRouter(tags=[name])

    @made.get(f"/v1/{name}")
    async def find() -> str:
        """Find what there is."""
        return name

    @made.get(f"/internal/{name}")
    async def export() -> str:
        return name

    return made


@pytest.fixture
def app() -> FastAPI:
    return create_app(
        title="all", routers=[router, service_router("liens"), service_router("search")]
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


class Page(HTMLParser):
    """What a page refers to, and how it is marked up."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


async def test_the_start_page_links_only_to_what_is_public(client: httpx2.AsyncClient) -> None:
    response = await client.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    links = [link for link in page.links if link != "data:,"]
    assert len(links) > 8
    for link in links:
        path = link.partition("?")[0]
        assert path == "/healthz" or is_public(path), link
    assert page.tags.count("h1") == 1
    assert "main" in page.tags
    assert "script" not in page.tags


async def test_the_start_page_s_policy_allows_exactly_its_own_style(
    client: httpx2.AsyncClient,
) -> None:
    response = await client.get("/")
    style = re.search(r"<style>(.*?)</style>", response.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = response.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "style" not in Page(response.text).attributes


async def test_the_documentation_page_needs_no_other_host(client: httpx2.AsyncClient) -> None:
    response = await client.get("/docs")
    links = [link for link in Page(response.text).links if link != "data:,"]
    assert "script-src 'self'" in response.headers["content-security-policy"]
    for link in links:
        assert link.startswith("/")
        assert (await client.get(link)).status_code == 200, link
    assert not re.search(r"<script>[^<]", response.text), "the policy allows no inline script"


async def test_its_files_are_kept_by_browsers(client: httpx2.AsyncClient) -> None:
    first = await client.get("/docs/swagger-ui-bundle.js")
    assert first.headers["content-type"].startswith("text/javascript")
    assert len(first.content) > 500_000
    again = await client.get(
        "/docs/swagger-ui-bundle.js", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["redoc.standalone.js", "__init__.py", "..%2f__init__.py"])
async def test_other_files_of_the_package_are_not_served(
    client: httpx2.AsyncClient, name: str
) -> None:
    assert (await client.get(f"/docs/{name}")).status_code == 404


async def test_in_one_process_the_app_describes_itself(client: httpx2.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert list(document["paths"]) == ["/v1/liens", "/v1/search"]
    assert document["paths"]["/v1/liens"]["get"]["summary"] == "Find what there is"
    assert document["info"]["title"] == "TAXLIEN.online API"


async def test_as_services_each_describes_itself_and_one_that_is_gone_is_left_out(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, unused_port: int
) -> None:
    urls = {
        "liens": await serve(create_app(title="liens", routers=[service_router("liens")])),
        "search": f"http://127.0.0.1:{unused_port}",
    }
    monkeypatch.setenv("TAXLIEN_GATEWAY_SERVICE_URLS", json.dumps(urls))
    alone = create_app(title="gateway", routers=[router])
    transport = httpx2.ASGITransport(alone)
    async with (
        alone.router.lifespan_context(alone),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        document = (await client.get("/openapi.json")).json()
    assert list(document["paths"]) == ["/v1/liens"]
