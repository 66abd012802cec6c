"""A POST with a key happens once, however often and however much at once it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import text

from taxlien.kit.database import Database, Session
from taxlien.kit.errors import Conflict
from taxlien.kit.http.app import create_app
from taxlien.kit.http.idempotency import IdempotencyDep, prune_idempotency_keys
from taxlien.kit.http.sessions import session_for

SessionDep = Annotated[Session, Depends(session_for("liens"))]
ADD = text("INSERT INTO liens.inbox (consumer, event_id) VALUES ('effect', gen_random_uuid())")
COUNT = text("SELECT count(*) FROM liens.inbox WHERE consumer = 'effect'")


class Order(BaseModel):
    amount: Decimal
    fail: bool = False


SECRET = "s" * 32


class Gate:
    """Lets a test hold an endpoint in the middle of its work."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.leave = asyncio.Event()
        self.leave.set()


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("liens")


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def client(database: Database, gate: Gate) -> AsyncIterator[httpx2.AsyncClient]:
    router = APIRouter()

    @router.post("/orders")
    async def create_order(order: Order, session: SessionDep, once: IdempotencyDep) -> Response:
        async def work() -> object:
            await session.execute(ADD)
            gate.entered.set()
            await gate.leave.wait()
            if order.fail:
                raise Conflict("not now")
            return {"number": await session.scalar(COUNT), "amount": order.amount}

        return await once.answer(session, work, status=201, headers={"location": "/orders/1"})

    app = create_app(
        title="test", routers=[router], databases={"liens": database}, gateway_secret=SECRET
    )
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def effects(database: Database) -> int:
    async with database.session() as session:
        found: int | None = await session.scalar(COUNT)
        return found or 0


def key(value: str, user: str = "") -> dict[str, str]:
    return {"idempotency-key": value, "x-user-id": user, "x-gateway-secret": SECRET}


async def test_the_same_request_again_replays_the_first_answer(
    client: httpx2.AsyncClient, database: Database
) -> None:
    first = await client.post("/orders", json={"amount": "1.10"}, headers=key("k"))
    second = await client.post("/orders", json={"amount": "1.10"}, headers=key("k"))
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json() == {"number": 1, "amount": "1.10"}
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert first.headers["location"] == second.headers["location"] == "/orders/1"
    assert await effects(database) == 1


async def test_without_a_key_each_request_happens(
    client: httpx2.AsyncClient, database: Database
) -> None:
    for _ in range(2):
        assert (await client.post("/orders", json={"amount": "1"})).status_code == 201
    assert await effects(database) == 2


async def test_the_key_with_another_body_is_refused(
    client: httpx2.AsyncClient, database: Database
) -> None:
    await client.post("/orders", json={"amount": "1"}, headers=key("k"))
    other = await client.post("/orders", json={"amount": "2"}, headers=key("k"))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await effects(database) == 1


async def test_a_second_request_while_the_first_runs_is_told_so(
    client: httpx2.AsyncClient, database: Database, gate: Gate
) -> None:
    gate.leave.clear()
    async with asyncio.timeout(20):
        first = asyncio.create_task(client.post("/orders", json={"amount": "1"}, headers=key("k")))
        await gate.entered.wait()
        second = await client.post("/orders", json={"amount": "1"}, headers=key("k"))
        gate.leave.set()
        assert (second.status_code, second.json()["code"]) == (409, "request_in_flight")
        assert second.headers["retry-after"] == "1"
        assert (await first).status_code == 201
    assert await effects(database) == 1


async def test_many_at_once_happen_once(client: httpx2.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(
        *(client.post("/orders", json={"amount": "1"}, headers=key("k")) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.json()["number"] for answer in answers if answer.status_code == 201} == {1}
    assert await effects(database) == 1


async def test_work_that_fails_leaves_the_key_free(
    client: httpx2.AsyncClient, database: Database
) -> None:
    body = {"amount": "1", "fail": True}
    for _ in range(2):
        assert (await client.post("/orders", json=body, headers=key("k"))).status_code == 409
    assert await effects(database) == 0
    good = await client.post("/orders", json={"amount": "1"}, headers=key("k"))
    assert good.status_code == 201


async def test_keys_of_different_people_are_different(
    client: httpx2.AsyncClient, database: Database
) -> None:
    for user in ("ann", "bob"):
        answer = await client.post("/orders", json={"amount": "1"}, headers=key("k", user))
        assert "idempotency-replayed" not in answer.headers
    assert await effects(database) == 2


@pytest.mark.parametrize("bad", ["", "a b", "x" * 256])
async def test_a_key_that_is_none_is_400(client: httpx2.AsyncClient, bad: str) -> None:
    answer = await client.post("/orders", json={"amount": "1"}, headers=key(bad))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")


async def test_old_keys_are_forgotten(client: httpx2.AsyncClient, database: Database) -> None:
    await client.post("/orders", json={"amount": "1"}, headers=key("k"))
    async with database.session() as session:
        assert await prune_idempotency_keys(session, timedelta(hours=1)) == 0
        assert await prune_idempotency_keys(session, timedelta(seconds=-1)) == 1
