"""An import that dies in the middle leaves nothing behind, and running it again completes it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.tough

HEADER = (
    "SCHEDULE_NUMBER,CERTIFICATE_NUMBER,ISSUE_DATE,SUBTAX,REDEMPTION_DATE,TAX_YEAR,PRINCIPAL,"
    "INTEREST,PREMIUMBIDFEE,TREASURERDEEDFEE"
)
ROWS = 10_000
COMMAND = "import sys; from taxlien.run.cli import main; main()"
Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(catalogue: Any, stack_environment: dict[str, str], tmp_path: Path) -> Start:
    """``start()`` begins ``taxlien import`` of a large file in a process of its own."""
    path = tmp_path / "liens.csv"
    rows = (f"R{n:07d},{n},11/14/01,N,09/08/09,2000,{n}.66,1.25,0,0" for n in range(1, ROWS + 1))
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    url = catalogue.database.engine.url.set(drivername="postgresql")
    # Without a bus events wait in the outbox, where they can be counted.
    parts = {k: v for k, v in stack_environment.items() if k != "TAXLIEN_BUS_URL"}
    environment = {
        **os.environ,
        **parts,
        "TAXLIEN_LIENS_DATABASE_URL": url.render_as_string(hide_password=False),
        "TAXLIEN_HOME": str(tmp_path / "home"),
    }

    def run() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, "import", str(path)],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    return run


async def writing(catalogue: Any, owner_url: str) -> int:
    """Wait until an import writes in the catalogue's database; return its server process."""
    database = catalogue.database.engine.url.database
    deadline = time.monotonic() + 60
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        while time.monotonic() < deadline:
            found = await owner.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s AND query LIKE 'COPY%%'"
                " AND state = 'active'",
                [database],
            )
            if row := await found.fetchone():
                return int(row[0])
            await asyncio.sleep(0.01)
    pytest.fail("the import did not begin to write")


async def finish(process: subprocess.Popen[str]) -> str:
    output, _ = await asyncio.to_thread(process.communicate, timeout=120)
    assert process.returncode == 0, output
    return output


async def complete(catalogue: Any) -> bool:
    events = await catalogue.events()
    liens = await catalogue.count("liens")
    return len({event.lien.lien_id for event in events}) == len(events) == liens == ROWS


async def test_killed_import_leaves_nothing_and_completes_when_run_again(
    catalogue: Any, start: Start, kit_settings: Any
) -> None:
    owner_url = kit_settings.require("database_url").replace("+psycopg", "")
    process = start()
    await writing(catalogue, owner_url)
    process.kill()
    await asyncio.to_thread(process.communicate)
    for table in ("liens", "observations", "outbox", "imports"):
        assert await catalogue.count(table) == 0
    await finish(start())
    assert await complete(catalogue)


async def test_import_whose_server_process_dies_begins_again_by_itself(
    catalogue: Any, start: Start, kit_settings: Any
) -> None:
    owner_url = kit_settings.require("database_url").replace("+psycopg", "")
    process = start()
    server = await writing(catalogue, owner_url)
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute("SELECT pg_terminate_backend(%s)", [server])
    output = await finish(process)
    assert "waiting for the database" in output
    assert await complete(catalogue)
    assert await catalogue.count("imports") == 1
