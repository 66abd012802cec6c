"""Health routes: alive, ready with reasons and without secrets, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2
from fastapi import FastAPI

from taxlien.kit.database import Database
from taxlien.kit.http.app import create_app
from taxlien.kit.http.health import Check, database_check, health_router


async def get(path: str, checks: Mapping[str, Check], timeout: float = 2.0) -> httpx2.Response:
    app = FastAPI()
    app.include_router(health_router(checks, timeout=timeout))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def works() -> None:
    return None


async def hangs() -> None:
    await asyncio.Event().wait()


async def breaks() -> None:
    raise ConnectionError("cannot reach redis://admin:hunter2@cache:6379/0\nsecond line")


async def test_ready_when_every_check_passes() -> None:
    response = await get("/ready", {"cache": works, "bus": works})
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["status"]) == (200, "ready")
    assert [check["ok"] for check in body["checks"].values()] == [True, True]


async def test_not_ready_names_what_is_wrong_without_secrets() -> None:
    response = await get("/ready", {"cache": breaks, "objects": works})
    assert response.status_code == 503
    checks = response.json()["checks"]
    assert checks["objects"]["ok"]
    assert checks["cache"]["error"].startswith("ConnectionError: cannot reach redis://")
    assert "hunter2" not in response.text
    assert "second line" not in response.text


async def test_a_check_that_hangs_counts_as_failed() -> None:
    response = await get("/ready", {"bus": hangs, "cache": works}, timeout=0.05)
    assert response.status_code == 503
    assert response.json()["checks"]["bus"] == {"ok": False, "error": "no answer within 0.05 s"}


async def test_alive_even_when_not_ready() -> None:
    response = await get("/health", {"cache": breaks})
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_a_database_that_is_not_there_is_not_ready(free_port: int) -> None:
    address = f"postgresql://taxlien_liens:hunter2@127.0.0.1:{free_port}/taxlien"
    database = Database(address, service="liens")
    response = await get("/ready", {"database": database_check(database)})
    await database.close()
    assert response.status_code == 503
    assert not response.json()["checks"]["database"]["ok"]
    assert "hunter2" not in response.text


async def test_metrics_count_requests_by_route_and_not_by_path() -> None:
    app = create_app(title="test", routers=[])

    @app.get("/v1/counted/{lien_id}")
    async def counted(lien_id: str) -> str:
        return lien_id

    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        for lien_id in ("a", "b"):
            await client.get(f"/v1/counted/{lien_id}?owner=jane")
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    line = 'taxlien_http_request_seconds_count{method="GET",route="/v1/counted/{lien_id}",status="200"} 2.0'
    assert line in response.text
    assert "/v1/counted/a" not in response.text
    assert "jane" not in response.text
