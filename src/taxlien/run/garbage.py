"""Python's cycle collector in processes that stream millions of rows."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 200_000


@contextmanager
def few_collections() -> Iterator[None]:
    """Look for cycles seldom while this lasts, and never among what was imported before.

    Rows are freed by reference count; the usual threshold of 700 walks them again and again and took
    a tenth of an import's time. Cycles are still found, every 200,000 new containers.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
