"""The other shape: each service in processes of its own, as a cluster runs them, doing the same walk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx2
import psycopg
import pytest
from psycopg import sql

from taxlien.kit.ids import new_id

READY_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(stack_environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Settings of a deployment: a database, a name space on the bus and an index folder of its own."""
    name = f"services_{new_id().hex}"
    owner = stack_environment["TAXLIEN_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return {
        **stack_environment,
        "TAXLIEN_HOME": str(tmp_path),
        "TAXLIEN_DATABASE_URL": urlunsplit(urlsplit(owner)._replace(path=f"/{name}")),
        "TAXLIEN_BUS_URL": f"{stack_environment['TAXLIEN_BUS_URL']}/{name}",
        "TAXLIEN_SEARCH_INDEX_PATH": str(tmp_path / "index"),
    }


def taxlien(settings: dict[str, str], *words: str) -> None:
    command = [sys.executable, "-m", "taxlien.run", *words]
    done = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def process(settings: dict[str, str], *words: str) -> Iterator[None]:
    running = subprocess.Popen(
        [sys.executable, "-m", "taxlien.run", "run", *words], env={**os.environ, **settings}
    )
    try:
        yield
    finally:
        running.terminate()
        running.wait(30)


def until(answered: str, wanted: str) -> str:
    """GET ``answered`` until ``wanted`` is in a 200 answer; return that."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            answer = httpx2.get(answered)
            if answer.status_code == 200 and wanted in answer.text:
                return answer.text
        except httpx2.TransportError:
            pass
        assert time.monotonic() < deadline, f"{answered} did not say {wanted}"
        time.sleep(0.1)


def test_each_service_in_its_own_process_does_the_same_walk(
    settings: dict[str, str], tmp_path: Path
) -> None:
    ports = {name: free_port() for name in ("liens", "search", "gateway")}
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    settings |= {
        "TAXLIEN_SEARCH_LIENS_URL": urls["liens"],
        "TAXLIEN_GATEWAY_SERVICE_URLS": json.dumps({n: urls[n] for n in ("liens", "search")}),
    }
    taxlien(settings, "migrate")
    file = tmp_path / "fl_polk" / "2018_results.csv"
    file.parent.mkdir()
    header = "ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID"
    file.write_text(f"{header}\n000001,0000001,01-02-03-000000-000010,007.50,1875.34,9\n")
    with ExitStack() as stack:
        for name, port in ports.items():
            words = ("--services", name, "--roles", "api", "--port", str(port))
            stack.enter_context(process(settings, *words))
        stack.enter_context(process(settings, "--services", "liens", "--roles", "relay"))
        stack.enter_context(process(settings, "--services", "search", "--roles", "worker"))
        taxlien(settings, "import", str(file), "--allow-rejects")
        found = until(f"{urls['search']}/v1/search?q=010203000000000010", '"1875.34"')
        assert json.loads(found)["total"] == 1
        lien = json.loads(found)["items"][0]["lien_id"]
        until(f"{urls['liens']}/v1/liens/{lien}/payoff?on=2019-06-01", '"2015.99"')
        merged = json.loads(until(f"{urls['gateway']}/openapi.json", "/v1/search"))
        assert "/v1/liens/payoff" in merged["paths"]
