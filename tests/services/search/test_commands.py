"""``taxlien search`` and ``taxlien reindex`` in a terminal, against a server of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from commands_in_process import Ended, run_command
from listening import wait_for_port
from taxlien.kit.http.app import create_app
from taxlien.services.search import endpoints
from taxlien.services.search.adapters import current
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.document import document_of

Taxlien = Callable[..., Awaitable[Ended]]
MAIN = "from taxlien.run.cli import main; main()"


@pytest.fixture(scope="module")
async def gateway(tmp_path_factory: pytest.TempPathFactory, make_lien) -> AsyncIterator[str]:
    """The address of a server with a small index, which nobody changes."""
    index = tmp_path_factory.mktemp("served") / "index"
    liens = [
        make_lien(1, situs_address="3812 ARMSTRONG AV", face_amount=Decimal("1875.34")),
        make_lien(2, situs_address="9 OAK ST", bid_rate_pct=None, status="advertised"),
        make_lien(3, situs_address="[bold]5 OAK ST", face_amount=None, bid_rate_pct=None),
    ]
    engine = TantivyEngine(index, heap_bytes=15_000_000, writer=True)
    await engine.upsert([document_of(lien) for lien in liens])
    await engine.rescore({liens[0].lien_id: 37})
    await engine.commit()
    await engine.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = create_app(title="search", routers=[endpoints.router])
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False
    )
    await current.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAXLIEN_SEARCH_INDEX_PATH", str(index))
        serving = asyncio.create_task(server.serve())
        await wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(serving, 10)
        await current.close()


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """A home of its own, where nothing runs."""
    return {"TAXLIEN_HOME": str(tmp_path / "home"), "COLUMNS": "200"}


@pytest.fixture
def taxlien(settings: dict[str, str]) -> Taxlien:
    """``await taxlien("search", "oak")``: run the command line."""

    async def run(*arguments: str, **environment: str) -> Ended:
        return await run_command(*arguments, environment={**settings, **environment})

    return run


async def test_table_shows_price_payoff_and_yield(gateway, taxlien) -> None:
    words = ("armstrong av", "--state", "FL", "--max-price", "2000", "--sort", "roi_desc",
             "--min-face", "1000", "--redeem-to", "2030-01-01", "--max-score", "37")  # fmt: skip
    done = await taxlien("search", *words, TAXLIEN_GATEWAY_URL=gateway)
    assert done.status == 0, done.err
    [row] = [line for line in done.out.splitlines() if "ARMSTRONG" in line]
    cells = re.split(r"\s{2,}", row.strip())
    assert cells == [
        "Polk, FL",
        "24-29-09-000001",
        "3812 ARMSTRONG AV",
        "-",
        "2023",
        "sold",
        "1,875.34",
        "12.00",
        "2,100.38",
        "12.00",
        "risk 37",
    ]


async def test_narrow_terminal_gets_two_lines_a_lien_and_nothing_cut(gateway, taxlien) -> None:
    done = await taxlien("search", "armstrong av", TAXLIEN_GATEWAY_URL=gateway, COLUMNS="80")
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    at = next(i for i, line in enumerate(lines) if "3812 ARMSTRONG AV" in line)
    assert "1,875.34" in lines[at]
    assert "2,100.38" in lines[at]
    assert "24-29-09-000001" in "".join(line.split(" ")[1] for line in lines[at + 1 : at + 3])


async def test_unknown_is_shown_as_unknown_and_markup_as_text(gateway, taxlien) -> None:
    done = await taxlien("search", "oak", "--sort", "price_asc", TAXLIEN_GATEWAY_URL=gateway)
    first, second = [line for line in done.out.splitlines() if "OAK" in line]
    assert "18.00 max" in first
    assert "[bold]5 OAK ST" in second
    assert " 0.00" not in second
    assert "no rate" in second or "no amount" in second


async def test_json_is_the_answer_as_it_came(gateway, taxlien) -> None:
    done = await taxlien("search", "--json", TAXLIEN_GATEWAY_URL=gateway)
    assert json.loads(done.out)["total"] == 3


async def test_nothing_found_is_said_in_words(gateway, taxlien) -> None:
    asked = ("zanzibar", "--class", "condominium", "--flag", "irs_lien")
    done = await taxlien("search", *asked, TAXLIEN_GATEWAY_URL=gateway)
    assert done.status == 1
    assert "Not known of any lien yet: irs_lien." in done.err
    assert "No lien was found" in done.err


async def test_refused_option_is_named(gateway, taxlien) -> None:
    done = await taxlien("search", "--sort", "cheapest", TAXLIEN_GATEWAY_URL=gateway)
    assert done.status == 2
    assert done.err.startswith("sort: unknown")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", ["search", "reindex"])
async def test_nothing_running_is_said_in_words(taxlien, command) -> None:
    done = await taxlien(command)
    assert done.status == 3
    assert "taxlien up" in done.err
    assert "Traceback" not in done.err


def test_command_line_is_a_program_of_its_own(settings) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("TAXLIEN_")}
    command = [sys.executable, "-c", MAIN, "search"]
    done = subprocess.run(
        command, env={**kept, **settings}, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "taxlien up" in done.stderr


async def test_gateway_that_does_not_answer_is_said_in_words(taxlien) -> None:
    done = await taxlien("search", "oak", TAXLIEN_GATEWAY_URL="http://127.0.0.1:9")
    assert done.status == 3
    assert "could not be reached" in done.err
    assert "Traceback" not in done.err
