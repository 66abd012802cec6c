"""Jobs of the service in processes of their own, which tests kill. Import the fixture in ``conftest``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from killed_workers import Worker, workers_of
from taxlien.kit.database import Database

WORKER = """
from taxlien.kit.database import Database
from taxlien.services.notifications import tasks

async def main(job, url):
    await getattr(tasks, job)(Database(url, service="notifications"), asyncio.Event())
"""


@pytest.fixture(scope="session")
def start_worker() -> Iterator[Callable[[str, Database], Worker]]:
    """``start_worker("send_messages", database)``: one of the service's jobs in a process of its own."""
    with workers_of(WORKER) as workers:
        yield lambda job, database: workers.start(
            job, database.engine.url.render_as_string(hide_password=False)
        )
