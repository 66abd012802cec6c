"""What was stored is still there: after a restart, and after the death of the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import nats
import obstore
import psycopg
import pytest
from obstore.store import S3Store
from redis.asyncio import Redis

from taxlien.run.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.tough]

Environment = Mapping[str, str]
COUNT = 60


async def write_rows(environment: Environment) -> None:
    async with await psycopg.AsyncConnection.connect(environment["TAXLIEN_DATABASE_URL"]) as c:
        await c.execute("CREATE TABLE kept AS SELECT g AS n FROM generate_series(1, %s) g", [COUNT])


async def read_rows(environment: Environment) -> int:
    async with await psycopg.AsyncConnection.connect(environment["TAXLIEN_DATABASE_URL"]) as c:
        found = await (await c.execute("SELECT count(*) FROM kept")).fetchone()
    return found[0] if found else 0


async def write_keys(environment: Environment) -> None:
    async with Redis.from_url(environment["TAXLIEN_CACHE_URL"]) as client:
        for number in range(COUNT):
            await client.set(f"kept:{number}", number)
        await client.waitaof(1, 0, 10_000)  # the append-only file is written every second


async def read_keys(environment: Environment) -> int:
    async with Redis.from_url(environment["TAXLIEN_CACHE_URL"]) as client:
        return int(await client.dbsize())


async def write_messages(environment: Environment) -> None:
    client = await nats.connect(environment["TAXLIEN_BUS_URL"])
    stream = client.jetstream()
    await stream.add_stream(name="kept", subjects=["kept.>"])
    for number in range(COUNT):
        await stream.publish(f"kept.{number % 4}", str(number).encode())
    await client.close()


async def read_messages(environment: Environment) -> int:
    client = await nats.connect(environment["TAXLIEN_BUS_URL"])
    found = await client.jetstream().stream_info("kept")
    await client.close()
    return int(found.state.messages)


def store(environment: Environment) -> S3Store:
    return S3Store(
        environment["TAXLIEN_OBJECTS_URL"].removeprefix("s3://"),
        endpoint=environment["TAXLIEN_OBJECTS_ENDPOINT"],
        access_key_id=environment["TAXLIEN_OBJECTS_ACCESS_KEY"],
        secret_access_key=environment["TAXLIEN_OBJECTS_SECRET_KEY"],
        region="us-east-1",
        client_options={"allow_http": True},
    )


async def write_objects(environment: Environment) -> None:
    for number in range(COUNT):
        await obstore.put_async(store(environment), f"kept/{number}", bytes([number]) * 20_000)


async def read_objects(environment: Environment) -> int:
    whole = 0
    for number in range(COUNT):
        found = await obstore.get_async(store(environment), f"kept/{number}")
        whole += bytes(await found.bytes_async()) == bytes([number]) * 20_000
    return whole


Write = Callable[[Environment], Awaitable[None]]
Read = Callable[[Environment], Awaitable[int]]
STORES: dict[str, tuple[Write, Read]] = {
    "postgres": (write_rows, read_rows),
    "valkey": (write_keys, read_keys),
    "nats": (write_messages, read_messages),
    "objects": (write_objects, read_objects),
}


@pytest.fixture
async def filled(home: Path, make_stack: Callable[..., Stack]) -> Stack:
    stack = make_stack(home)
    await stack.start()
    for write, _ in STORES.values():
        await write(stack.environment())
    return stack


async def counts(stack: Stack) -> dict[str, int]:
    return {name: await read(stack.environment()) for name, (_, read) in STORES.items()}


async def test_data_survives_a_restart_on_other_ports(
    filled: Stack, home: Path, make_stack: Callable[..., Stack]
) -> None:
    before = filled.environment()
    await filled.stop()
    (home / "ports.json").unlink()
    again = make_stack(home)
    await again.start()
    assert await counts(again) == dict.fromkeys(STORES, COUNT)
    assert again.environment()["TAXLIEN_DATABASE_URL"] != before["TAXLIEN_DATABASE_URL"]


async def test_every_killed_server_comes_back_with_its_data_and_address(
    filled: Stack, kill: Callable[[Stack, str], Awaitable[None]]
) -> None:
    before = filled.environment()
    for name in STORES:
        await kill(filled, name)
    assert await counts(filled) == dict.fromkeys(STORES, COUNT)
    assert filled.environment() == before
