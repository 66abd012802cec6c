"""Shortcuts: plain apps for a path and below it, before every layer; everything else goes the usual way."""

from __future__ import annotations

import io

import httpx2
import pytest
from fastapi import APIRouter
from starlette.types import Receive, Scope, Send

from taxlien.kit.http.app import create_app
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs

router = APIRouter()


@router.get("/internal/slow")
async def slow() -> str:
    return "slow"


async def quick(scope: Scope, receive: Receive, send: Send) -> None:
    body = scope["app"].state.word.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/internal/quick", "quick"),
        ("/internal/quick/v1/things", "quick"),
        ("/internal/slow", '"slow"'),
        ("/internal/quicker", None),
        ("/v1/internal/quick", None),
    ],
)
async def test_a_path_and_what_is_below_it_take_the_shortcut(path: str, word: str | None) -> None:
    app = create_app(
        title="t", routers=[router], state={"word": "quick"}, shortcuts={"/internal/quick": quick}
    )
    out = io.StringIO()
    configure_logs(KitSettings(), stream=out)
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get(path)
    assert answer.status_code == (404 if word is None else 200)
    if word is not None:
        assert answer.text == word
    by_shortcut = word == "quick"
    assert ("x-request-id" in answer.headers) is not by_shortcut
    assert ("request" in out.getvalue()) is not by_shortcut
