"""``taxlien search`` and ``taxlien reindex`` in a terminal, against a server of this machine."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.document import document_of

Taxlien = Callable[..., subprocess.CompletedProcess[str]]
MAIN = "from taxlien.run.cli import main; main()"
SERVE = """
import sys
from granian.server.embed import Server
import asyncio
from taxlien.kit.http.app import create_app
from taxlien.services.search.endpoints import router
app = create_app(title="search", routers=[router])
asyncio.run(Server(app, address="127.0.0.1", port=int(sys.argv[1]), interface="asgi").serve())
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, make_lien) -> Iterator[str]:
    """The address of a process that serves a small index, which nobody changes."""
    index = tmp_path_factory.mktemp("served") / "index"
    liens = [
        make_lien(1, situs_address="3812 ARMSTRONG AV", face_amount=Decimal("1875.34")),
        make_lien(2, situs_address="9 OAK ST", bid_rate_pct=None, status="advertised"),
        make_lien(3, situs_address="[bold]5 OAK ST", face_amount=None, bid_rate_pct=None),
    ]

    async def fill() -> None:
        engine = TantivyEngine(index, heap_bytes=15_000_000, writer=True)
        await engine.upsert([document_of(lien) for lien in liens])
        await engine.rescore({liens[0].lien_id: 37})
        await engine.commit()
        await engine.close()

    asyncio.run(fill())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(port)],
        env={**os.environ, "TAXLIEN_SEARCH_INDEX_PATH": str(index)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while True:
        try:
            urlopen(f"{url}/health", timeout=5).close()
            break
        except (URLError, ConnectionError):
            assert server.poll() is None
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
    yield url
    server.kill()
    server.wait(timeout=10)


@pytest.fixture
def taxlien(tmp_path: Path) -> Taxlien:
    """Run the command line with a home of its own."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("TAXLIEN_")}
        home = {"TAXLIEN_HOME": str(tmp_path / "home"), "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, "-c", MAIN, *arguments],
            env={**kept, **home, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_table_shows_price_payoff_and_yield(gateway, taxlien) -> None:
    words = ("armstrong av", "--state", "FL", "--max-price", "2000", "--sort", "roi_desc",
             "--min-face", "1000", "--redeem-to", "2030-01-01", "--max-score", "37")  # fmt: skip
    done = taxlien("search", *words, TAXLIEN_GATEWAY_URL=gateway)
    assert done.returncode == 0, done.stderr
    [row] = [line for line in done.stdout.splitlines() if "ARMSTRONG" in line]
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


def test_narrow_terminal_gets_two_lines_a_lien_and_nothing_cut(gateway, taxlien) -> None:
    done = taxlien("search", "armstrong av", TAXLIEN_GATEWAY_URL=gateway, COLUMNS="80")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    at = next(i for i, line in enumerate(lines) if "3812 ARMSTRONG AV" in line)
    assert "1,875.34" in lines[at]
    assert "2,100.38" in lines[at]
    assert "24-29-09-000001" in "".join(line.split(" ")[1] for line in lines[at + 1 : at + 3])


def test_unknown_is_shown_as_unknown_and_markup_as_text(gateway, taxlien) -> None:
    done = taxlien("search", "oak", "--sort", "price_asc", TAXLIEN_GATEWAY_URL=gateway)
    first, second = [line for line in done.stdout.splitlines() if "OAK" in line]
    assert "18.00 max" in first
    assert "[bold]5 OAK ST" in second
    assert " 0.00" not in second
    assert "no rate" in second or "no amount" in second


def test_json_is_the_answer_as_it_came(gateway, taxlien) -> None:
    done = taxlien("search", "--json", TAXLIEN_GATEWAY_URL=gateway)
    assert json.loads(done.stdout)["total"] == 3


def test_nothing_found_is_said_in_words(gateway, taxlien) -> None:
    asked = ("zanzibar", "--class", "condominium", "--flag", "irs_lien")
    done = taxlien("search", *asked, TAXLIEN_GATEWAY_URL=gateway)
    assert done.returncode == 1
    assert "Not known of any lien yet: irs_lien." in done.stderr
    assert "No lien was found" in done.stderr


def test_refused_option_is_named(gateway, taxlien) -> None:
    done = taxlien("search", "--sort", "cheapest", TAXLIEN_GATEWAY_URL=gateway)
    assert done.returncode == 2
    assert done.stderr.startswith("sort: unknown")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["search", "reindex"])
def test_nothing_running_is_said_in_words(taxlien, command) -> None:
    done = taxlien(command)
    assert done.returncode == 3
    assert "taxlien up" in done.stderr
    assert "Traceback" not in done.stderr


def test_gateway_that_does_not_answer_is_said_in_words(taxlien) -> None:
    done = taxlien("search", "oak", TAXLIEN_GATEWAY_URL="http://127.0.0.1:9")
    assert done.returncode == 3
    assert "could not be reached" in done.stderr
    assert "Traceback" not in done.stderr
