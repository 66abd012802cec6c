"""Stacks of their own for these tests: any free ports, folders that go away."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from taxlien.run.stack import EMBEDDED, Stack, State, Status
from taxlien.run.stack.processes import processes_of

ANY_PORT = {label: 0 for make in EMBEDDED.values() for label in make().usual_ports} | {
    "gateway": 0,
    "gateway-admin": 0,
}
PATIENCE = 60.0  # seconds; far more than anything takes here

Until = Callable[[Callable[[], object]], Awaitable[None]]
MakeStack = Callable[..., Stack]


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a short path, closed to other users, that does not exist yet."""
    folder = Path(tempfile.mkdtemp(prefix="tls-"))
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture
async def make_stack(until: Until) -> AsyncIterator[MakeStack]:
    """Return a way to make stacks that are stopped when the test ends, whatever happens."""
    made: list[Stack] = []

    def make(home: Path, *arguments: object, **options: object) -> Stack:
        options = {"ports": ANY_PORT, "settings": {}} | options
        stack = Stack(home, *arguments, **options)  # type: ignore[arg-type]
        made.append(stack)
        return stack

    yield make
    for stack in made:
        await stack.stop()
    for stack in made:
        if not stack.home.is_held():  # else another process runs it
            # Killed with its group, the second image of our code may take a moment to be gone.
            await until(lambda home=stack.home.root: not list(processes_of(home)))


@pytest.fixture
def until() -> Until:
    """Return a way to wait for something to become true, with a deadline."""

    async def wait(true: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - it looks at other processes
                await asyncio.sleep(0.02)

    return wait


@pytest.fixture
def status_of() -> Callable[[Stack, str], Status]:
    """Return a way to look at one part of a stack."""

    def look(stack: Stack, name: str) -> Status:
        return next(status for status in stack.status() if status.name == name)

    return look


@pytest.fixture
def kill(until: Until) -> Callable[[Stack, str], Awaitable[None]]:
    """Return a way to kill a part's process (SIGKILL) and wait until a new one answers."""

    async def kill_and_wait(stack: Stack, name: str) -> None:
        before = next(status for status in stack.status() if status.name == name)
        assert before.pid is not None
        psutil.Process(before.pid).kill()

        def is_back() -> bool:
            now = next(status for status in stack.status() if status.name == name)
            assert now.state is not State.FAILED, now.detail
            return now.restarts > before.restarts and now.state is State.READY

        await until(is_back)

    return kill_and_wait
