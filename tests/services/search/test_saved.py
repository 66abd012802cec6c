"""Saved searches: kept by one person, as many as their tier allows, shared by a link, forgotten whole."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import pytest
from sqlalchemy import text

from taxlien.interfaces.users import (
    EXPORT_CONTEXT,
    TierChanged,
    UserDataErased,
    UserDataExported,
    UserErasureDue,
    UserExportRequested,
)
from taxlien.kit import personal_data
from taxlien.kit.database import Database
from taxlien.kit.events import decode
from taxlien.kit.http.app import create_app
from taxlien.kit.ids import new_id
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy
from taxlien.services.search import events
from taxlien.services.search.endpoints import router

SECRET = "the gateway's own word, 32 characters and more"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
POLK = {"state": "FL", "county": ["12105"], "price_max": "5000"}


class Searchers:
    """The service with a database of its own, and an app before it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.app = create_app(
            title="search",
            routers=[router],
            databases={"search": database},
            gateway_secret=SECRET,
            policy=Policy.parse(reference_text("policy.txt")),
        )

    def client(self, user_id: UUID | None, tier: str = "free") -> httpx2.AsyncClient:
        headers = {"x-gateway-secret": SECRET, "x-roles": "investor", "x-tier": tier}
        if user_id is not None:
            headers["x-user-id"] = str(user_id)
        transport = httpx2.ASGITransport(self.app)
        return httpx2.AsyncClient(transport=transport, base_url="http://search", headers=headers)

    async def hear(self, event: Any) -> None:
        async with self.database.session() as session:
            await events.follow_users(session, event)

    async def tier(self, user_id: UUID, tier: Any, at: datetime) -> None:
        event = TierChanged(
            user_id=user_id, at=at, tier=tier, previous_tier="free", reason="subscription"
        )
        await self.hear(event)

    async def scalar(self, statement: str) -> Any:
        async with self.database.session() as session:
            return await session.scalar(text(statement))

    async def said(self, kind: Any) -> list[Any]:
        async with self.database.session() as session:
            bodies = await session.scalars(
                text("SELECT body FROM search.outbox WHERE type = :type ORDER BY seq"),
                {"type": kind.wire_type()},
            )
            return [decode(bytes(body)).event(kind) for body in bodies]


@pytest.fixture
async def searchers(database_for) -> Searchers:
    return Searchers(await database_for("search"))


@pytest.fixture
async def ann(searchers) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody on the free tier."""
    async with searchers.client(new_id()) as client:
        yield client


def user_of(client: httpx2.AsyncClient) -> UUID:
    return UUID(client.headers["x-user-id"])


async def save(client: httpx2.AsyncClient, name: str = "Polk", **fields: Any) -> httpx2.Response:
    body = {"name": name, "query": POLK, **fields}
    return await client.post("/v1/search/saved", json=body)


async def test_a_search_is_kept_in_one_form_and_listed_latest_first(ann) -> None:
    query = {"type": ["deed_sale", "certificate,CERTIFICATE"], "state": "fl", "q": " oak   st "}
    first = (await save(ann, "  Oak  in Florida ", query=query)).json()
    assert first["name"] == "Oak in Florida"
    assert first["query"] == {
        "q": ["oak st"],
        "state": ["fl"],
        "type": ["certificate", "deed_sale"],
    }
    assert (first["pace"], first["paused"]) == ("daily", False)
    second = (await save(ann)).json()
    page = (await ann.get("/v1/search/saved?limit=1")).json()
    assert [item["search_id"] for item in page["items"]] == [second["search_id"]]
    rest = (await ann.get(f"/v1/search/saved?cursor={page['next_cursor']}")).json()
    assert [item["search_id"] for item in rest["items"]] == [first["search_id"]]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " ", "query": {}}, "name"),
        ({"name": "x", "query": {"price_min": "cheap"}}, "query.price_min"),
        ({"name": "x", "query": {"page": "2"}}, "query.page"),
        ({"name": "x", "query": {"sate": "FL"}}, "query.sate"),
        ({"name": "x", "query": {"q": ["a", "b"]}}, "query.q"),
        ({"name": "x", "query": {"class": "castle"}}, "query.class"),
        ({"name": "x", "query": {"redeem_to": "soon"}}, "query.redeem_to"),
        ({"name": "x", "pace": "hourly"}, "pace"),
    ],
)
async def test_what_cannot_be_searched_cannot_be_saved(ann, body, field) -> None:
    answer = await ann.post("/v1/search/saved", json=body)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_key_saves_once(ann) -> None:
    key = {"idempotency-key": "k1"}
    body = {"name": "Polk", "query": POLK}
    first = await ann.post("/v1/search/saved", json=body, headers=key)
    again = await ann.post("/v1/search/saved", json=body, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len((await ann.get("/v1/search/saved")).json()["items"]) == 1


async def test_a_search_is_changed_and_deleted(ann) -> None:
    found = (await save(ann)).json()
    address = f"/v1/search/saved/{found['search_id']}"
    changed = (await ann.patch(address, json={"name": "Cheap", "pace": "off"})).json()
    assert (changed["name"], changed["pace"], changed["query"]) == ("Cheap", "off", found["query"])
    changed = (await ann.patch(address, json={"query": {"state": "GA"}})).json()
    assert (changed["name"], changed["query"]) == ("Cheap", {"state": ["GA"]})
    assert (await ann.get(address)).json() == changed
    assert (await ann.delete(address)).status_code == 204
    assert (await ann.get(address)).status_code == 404


async def test_a_search_of_somebody_else_is_not_there(searchers, ann) -> None:
    address = f"/v1/search/saved/{(await save(ann)).json()['search_id']}"
    async with searchers.client(new_id()) as bob, searchers.client(None) as nobody:
        tried = [
            await bob.get(address),
            await bob.patch(address, json={"name": "mine"}),
            await bob.delete(address),
            await bob.post(f"{address}/share"),
            await bob.delete(f"{address}/share"),
        ]
        assert [answer.status_code for answer in tried] == [404] * 5
        assert (await bob.get("/v1/search/saved")).json()["items"] == []
        assert (await nobody.get("/v1/search/saved")).status_code == 401
    assert (await ann.get(address)).json()["name"] == "Polk"


async def test_a_tier_keeps_so_many(searchers, ann) -> None:
    for number in range(3):
        assert (await save(ann, f"search {number}")).status_code == 201
    over = await save(ann)
    assert over.status_code == 403
    assert over.json()["code"] == "tier_allows_less"
    assert "The free tier keeps 3 saved searches" in over.json()["detail"]
    instant = await ann.patch(
        f"/v1/search/saved/{(await ann.get('/v1/search/saved')).json()['items'][0]['search_id']}",
        json={"pace": "instant"},
    )
    assert (instant.status_code, instant.json()["code"]) == (403, "tier_allows_less")
    assert "instant" in instant.json()["detail"]
    # What was told of the tier counts, whatever an older token says.
    await searchers.tier(user_of(ann), "premium", NOW)
    assert (await save(ann, pace="instant")).json()["pace"] == "instant"


async def test_downgrade_pauses_the_latest_and_upgrade_wakes_them(searchers, ann) -> None:
    await searchers.tier(user_of(ann), "premium", NOW)
    ids = [(await save(ann, f"search {number}")).json()["search_id"] for number in range(5)]

    async def paused() -> list[str]:
        items = (await ann.get("/v1/search/saved")).json()["items"]
        return sorted(item["search_id"] for item in items if item["paused"])

    await searchers.tier(user_of(ann), "free", NOW + timedelta(days=2))
    assert await paused() == ids[3:]
    # An older event that comes late, and the same one twice, change nothing.
    await searchers.tier(user_of(ann), "premium", NOW + timedelta(days=1))
    await searchers.tier(user_of(ann), "free", NOW + timedelta(days=2))
    assert await paused() == ids[3:]
    await ann.delete(f"/v1/search/saved/{ids[0]}")
    assert await paused() == ids[4:]
    await searchers.tier(user_of(ann), "premium", NOW + timedelta(days=3))
    assert await paused() == []


async def test_a_link_shows_the_question_and_can_be_taken_back(searchers, ann) -> None:
    found = (await save(ann)).json()
    share = f"/v1/search/saved/{found['search_id']}/share"
    old = (await ann.post(share)).json()
    link = (await ann.post(share)).json()
    assert len(link["token"]) >= 32
    async with searchers.client(None) as nobody, searchers.client(new_id()) as bob:
        seen = await nobody.post("/v1/search/shared/open", json=link)
        assert seen.json() == {"name": "Polk", "query": found["query"]}
        assert (await nobody.post("/v1/search/shared/open", json=old)).status_code == 404
        assert (await nobody.post("/v1/search/shared/copy", json=link)).status_code == 401
        copied = (await bob.post("/v1/search/shared/copy", json=link)).json()
        assert copied["query"] == found["query"]
        assert copied["search_id"] != found["search_id"]
        assert copied["shared_at"] is None
        assert (await ann.delete(share)).status_code == 204
        assert (await nobody.post("/v1/search/shared/open", json=link)).status_code == 404
        assert len((await bob.get("/v1/search/saved")).json()["items"]) == 1
    assert (await ann.get(f"/v1/search/saved/{found['search_id']}")).json()["shared_at"] is None


@pytest.fixture
def sealing(stack_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that seal and the run's object store, for this process."""
    for name, value in stack_environment.items():
        if name.startswith("TAXLIEN_OBJECTS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("TAXLIEN_SEALING_KEYS", "k1:" + base64.b64encode(b"k" * 32).decode())


@pytest.mark.usefixtures("sealing")
async def test_what_is_kept_of_a_person_is_taken_along_and_forgotten(searchers, ann) -> None:
    user_id = user_of(ann)
    found = (await save(ann)).json()
    async with searchers.database.session() as session:
        await session.execute(
            text("INSERT INTO search.matches (number, lien_id) SELECT number, :lien"
                 " FROM search.saved_searches"),
            {"lien": new_id()},
        )  # fmt: skip
    export = UserExportRequested(user_id=user_id, at=NOW, export_id=new_id())
    await searchers.hear(export)
    [part] = await searchers.said(UserDataExported)
    context = f"{EXPORT_CONTEXT}:{export.export_id}:search"
    tables = msgspec.json.decode(await personal_data.read(part.sha256, context))
    assert [row["search_id"] for row in tables["saved_searches"]] == [found["search_id"]]
    assert len(tables["matches"]) == 1
    assert part.rows == 2

    due = UserErasureDue(user_id=user_id, at=NOW, erasure_id=new_id())
    await searchers.hear(due)
    await searchers.hear(due)
    assert [answer.rows for answer in await searchers.said(UserDataErased)] == [2, 0]
    assert await searchers.scalar("SELECT count(*) FROM search.saved_searches") == 0
    assert await searchers.scalar("SELECT count(*) FROM search.matches") == 0
    await searchers.tier(user_id, "premium", datetime.now(UTC))  # told late
    assert (await save(ann)).status_code == 404
    assert await searchers.scalar("SELECT tier FROM search.owners") is None
