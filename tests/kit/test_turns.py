"""Those who can wait begin when the others rest, when they have waited long, or never again."""

from __future__ import annotations

import asyncio

from taxlien.kit.turns import Turns

NEVER = asyncio.Event()


async def test_nobody_waits_for_nobody() -> None:
    async with asyncio.timeout(30):
        await Turns(rest=60, longest=60).wait(NEVER)


async def test_work_of_others_is_waited_for_and_then_their_rest() -> None:
    turns = Turns(rest=0.01, longest=60)
    with turns.first():
        waiting = asyncio.create_task(turns.wait(NEVER))
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
    async with asyncio.timeout(30):
        await waiting


async def test_after_the_longest_wait_it_begins_though_others_work() -> None:
    turns = Turns(rest=0.01, longest=0.05)
    async with asyncio.timeout(30):
        with turns.first():
            await turns.wait(NEVER)


async def test_who_is_to_stop_waits_no_longer() -> None:
    turns, stop = Turns(rest=60, longest=60), asyncio.Event()
    with turns.first():
        waiting = asyncio.create_task(turns.wait(stop))
        await asyncio.sleep(0)
        stop.set()
        async with asyncio.timeout(30):
            await waiting
