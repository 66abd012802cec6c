"""Pages that links in mails lead to: nothing inline, nothing foreign, no token on its way to a server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx2
import pytest

from taxlien.kit.http.app import create_app
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy
from taxlien.services.gateway.endpoints import router
from taxlien.services.gateway.logic import account_pages
from taxlien.services.gateway.logic.routes import is_public, matching

PAGES = [f"/account/{name}" for name in account_pages.PAGES]


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(
        title="gateway", routers=[router], policy=Policy.parse(reference_text("policy.txt"))
    )
    transport = httpx2.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        yield client


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.files: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.inputs: list[str] = []
        self.posts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes += found
        self.ids += [found["id"]] if "id" in found else []
        self.labels += [found["for"]] if "for" in found else []
        if tag in ("script", "link"):
            self.files.append(found.get("src") or found.get("href", ""))
        if tag == "input" and found["type"] != "checkbox":
            self.inputs.append(found["id"])
        if tag == "form":
            self.posts.append(found["data-to"])


@pytest.mark.parametrize("path", PAGES)
async def test_page_has_nothing_inline_and_loads_only_its_own_files(
    client: httpx2.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    page = Page(answer.text)
    assert "style" not in page.tags + page.attributes
    assert not [name for name in page.attributes if name.startswith("on")]
    assert not re.search(r"<script[^>]*>[^<]", answer.text)
    own = [file for file in page.files if file != "data:,"]
    assert sorted(own) == ["/account/page.css", "/account/page.js"]
    for file in own:
        assert (await client.get(file)).status_code == 200


@pytest.mark.parametrize("path", PAGES)
async def test_every_field_has_a_label_and_a_place_for_its_error(
    client: httpx2.AsyncClient, path: str
) -> None:
    page = Page((await client.get(path)).text)
    assert page.tags.count("h1") == 1
    assert "main" in page.tags
    assert page.inputs
    for field in page.inputs:
        assert field in page.labels
        assert f"{field}-error" in page.ids
    assert len(set(page.ids)) == len(page.ids)


@pytest.mark.parametrize("path", PAGES)
async def test_page_posts_to_addresses_that_the_gateway_lets_through(
    client: httpx2.AsyncClient, path: str
) -> None:
    assert is_public(path)
    posts = Page((await client.get(path)).text).posts
    assert len(posts) == 2
    rules = Policy.parse(reference_text("policy.txt"))
    for address in posts:
        route = matching(address)
        assert route is not None
        assert "POST" in route.methods
        assert rules.rule_for("POST", address) is not None


async def test_other_names_are_not_found(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/account/anything")).status_code == 404


def test_script_takes_the_token_out_of_the_address_before_anything_else() -> None:
    lines = [line for line in account_pages.SCRIPT.splitlines() if line.strip()]
    assert "location.hash" in lines[1]
    assert "history.replaceState" in lines[2]
    assert "innerHTML" not in account_pages.SCRIPT
