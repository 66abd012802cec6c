"""A session is one transaction, over before the answer is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import StreamingResponse
from sqlalchemy import text

from taxlien.kit.database import Database, Session
from taxlien.kit.http.app import create_app
from taxlien.kit.http.sessions import SessionFactory, session_for, sessions_for

router = APIRouter()
SessionDep = Annotated[Session, Depends(session_for("liens"))]
SessionsDep = Annotated[SessionFactory, Depends(sessions_for("liens"))]

ADD = text("INSERT INTO liens.inbox (consumer, event_id) VALUES (:consumer, gen_random_uuid())")
COUNT = text("SELECT count(*) FROM liens.inbox WHERE consumer = :consumer")


@router.post("/add/{consumer}")
async def add(consumer: str, session: SessionDep, fail: bool = False) -> str:
    await session.execute(ADD, {"consumer": consumer})
    if fail:
        raise RuntimeError("after the write")
    return "done"


@router.post("/commit-fails")
async def fail_at_commit(session: SessionDep) -> str:
    await session.execute(
        text("CREATE TEMP TABLE late (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP")
    )
    await session.execute(text("INSERT INTO late VALUES (1), (1)"))
    return "done"


@router.get("/stream")
async def stream(sessions: SessionsDep) -> StreamingResponse:
    async def lines() -> AsyncIterator[bytes]:
        async with sessions() as session:
            rows = await session.stream_scalars(text("SELECT generate_series(1, 3)"))
            async for row in rows:
                yield f"{row}\n".encode()

    return StreamingResponse(lines(), media_type="application/x-ndjson")


@pytest.fixture
async def database(database_for: Callable[[str], Awaitable[Database]]) -> Database:
    return await database_for("liens")


@pytest.fixture
def app(database: Database) -> FastAPI:
    return create_app(title="test", routers=[router], databases={"liens": database})


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def count(database: Database, consumer: str) -> int:
    async with database.session() as session:
        found: int | None = await session.scalar(COUNT, {"consumer": consumer})
        return found or 0


async def test_an_answer_means_committed(client: httpx2.AsyncClient, database: Database) -> None:
    assert (await client.post("/add/a")).status_code == 200
    assert await count(database, "a") == 1


async def test_an_error_rolls_back(client: httpx2.AsyncClient, database: Database) -> None:
    assert (await client.post("/add/b?fail=true")).status_code == 500
    assert await count(database, "b") == 0


async def test_a_commit_that_fails_is_not_answered_with_success(
    client: httpx2.AsyncClient,
) -> None:
    response = await client.post("/commit-fails")
    assert response.status_code == 500
    assert "late" not in response.text


async def test_a_stream_opens_its_own_session(client: httpx2.AsyncClient) -> None:
    response = await client.get("/stream")
    assert response.text == "1\n2\n3\n"
