"""``/health``: the process lives, and what it does without for now. ``/ready``: what it needs answers.
``/metrics``: for Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from sqlalchemy import text

from taxlien.kit.database import Database
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.telemetry.degraded import degraded
from taxlien.kit.telemetry.masking import mask_text
from taxlien.kit.telemetry.metrics import METRICS_MEDIA_TYPE, render_metrics

Check = Callable[[], Awaitable[object]]
"""Asks one part whether it works; raises when it does not. Its answer is ignored."""

CHECK_SECONDS = 2.0
_MESSAGE_LENGTH = 200


def database_check(database: Database) -> Check:
    """Return a check that ``database`` answers a query."""

    async def answers() -> None:
        async with database.session() as session:
            await session.execute(text("SELECT 1"))

    return answers


def health_router(checks: Mapping[str, Check], *, timeout: float = CHECK_SECONDS) -> APIRouter:
    """Return the routes. ``timeout`` is in seconds, for each check; all run at once."""
    router = APIRouter(include_in_schema=False)

    @router.get("/health")
    async def health() -> Response:
        missing = degraded()
        if missing:  # still 200: a process that does without something is not to be killed for it
            return MsgspecResponse({"status": "degraded", "degraded": missing})
        return MsgspecResponse({"status": "alive"})

    @router.get("/ready")
    async def ready() -> Response:
        results = await asyncio.gather(*(_run(check, timeout) for check in checks.values()))
        ok = all(result["ok"] for result in results)
        body = {
            "status": "ready" if ok else "not_ready",
            "checks": dict(zip(checks, results, strict=True)),
        }
        return MsgspecResponse(body, status_code=200 if ok else 503)

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(render_metrics(), headers={"content-type": METRICS_MEDIA_TYPE})

    return router


async def _run(check: Check, timeout: float) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout):
            await check()
    except TimeoutError:
        return {"ok": False, "error": f"no answer within {timeout:g} s"}
    except Exception as error:
        # Whatever a part's library raises is that part not working; its text may hold a password.
        said = mask_text(str(error).strip().partition("\n")[0])[:_MESSAGE_LENGTH]
        return {"ok": False, "error": f"{type(error).__name__}: {said}".rstrip(": ")}
    return {"ok": True, "ms": round((time.perf_counter() - started) * 1000, 1)}
