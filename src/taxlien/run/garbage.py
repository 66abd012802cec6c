"""Python's cycle collector, and the C library's heap, in processes that stream millions of rows."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

YOUNG = 200_000
PAUSE = 5.0  # seconds between two looks of a long-lived process at what it could give back
PAUSES_A_COLLECTION = 6
"""A worker that mostly waits makes few containers: left to the threshold, each statement that it polls with
stays for hours as garbage in a cycle."""


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for cycles seldom while this lasts, and never among what was imported before.

    Rows are freed by reference count; the usual threshold of 700 walks them again and again and took
    a tenth of an import's time. Cycles are still found, every 200,000 new containers.

    What was imported is left alone afterwards, too: what comes is the end of the process, and to look
    through all of it once more was 0.6 s of a worker's end.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def give_back() -> None:
    """Return to the system what the C library holds free (glibc; elsewhere nothing). Some milliseconds.

    Large buffers that come and go leave holes which it would keep: 20 MB after 35 files in an import,
    45 MB in the worker beside it.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def between_files() -> None:
    """Find the cycles that a file left, and give back what held its rows."""
    gc.collect()
    give_back()


async def keep_giving_back(stop: asyncio.Event) -> None:
    """Give back now and then, in a thread beside the loop, until ``stop``."""
    for pause in count(1):
        try:
            await asyncio.wait_for(stop.wait(), PAUSE)
        except TimeoutError:
            if pause % PAUSES_A_COLLECTION == 0:
                gc.collect()  # 10 to 50 ms; here, so that nothing is finalised in a foreign thread
            await asyncio.to_thread(give_back)
        else:
            return
