"""Build the index of many liens as a rebuild does, in a process of its own, and say what it took.

python bench/million/rebuild.py FOLDER LIENS SEED
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from itertools import islice
from pathlib import Path

from generate import Generator

from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.settings import SearchSettings

CHUNK = 500


async def rebuild(folder: Path, count: int, seed: int) -> dict[str, float]:
    """Return seconds: of all, of drawing the liens, of pricing them; and the peak in megabytes."""
    engine = TantivyEngine(folder, heap_bytes=SearchSettings().writer_heap_bytes, writer=True)
    liens = Generator(seed).liens(count)
    gc.freeze()
    drawing = pricing = 0.0
    started = time.perf_counter()
    await engine.begin_rebuild()
    while True:
        at = time.perf_counter()
        rows = list(islice(liens, CHUNK))
        drawing += time.perf_counter() - at
        if not rows:
            break
        at = time.perf_counter()
        documents = [document_of(lien) for lien in rows]
        pricing += time.perf_counter() - at
        await engine.add_to_rebuild(documents)
    await engine.swap()
    took = time.perf_counter() - started
    found = await engine.count()
    await engine.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"liens": found, "all": took, "drawing": drawing, "pricing": pricing, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(rebuild(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))))
