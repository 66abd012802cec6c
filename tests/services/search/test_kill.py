"""A writer that is killed at any moment leaves an index that opens and has all it had committed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.query import SearchQuery

WRITER = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
import msgspec
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.document import LienDocument

def document(n):
    return LienDocument(
        lien_id=UUID(int=n), version=1, address=f"{n} OAK ST", place="", numbers="",
        parcel_key=str(n), state="MD", county="MD|24510|Baltimore city", status="sold",
        kind="certificate", property_type=None, year=2024, price=n, rate=None, roi=None,
        auction_day=None, item=msgspec.json.encode({"n": n}))

async def main(root, first, rebuild):
    engine = TantivyEngine(Path(root), heap_bytes=15_000_000, writer=True)
    n = first
    if rebuild:
        await engine.begin_rebuild()
    while True:
        if rebuild:
            await engine.add_to_rebuild([document(i) for i in range(200)])
        await engine.upsert([document(i) for i in range(n, n + 50)])
        await engine.commit()
        n += 50
        print(n, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "rebuild"))
"""


def generations(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.is_dir()]


def killed_after(root: Path, first: int, commits: int, pause: float, what: str) -> int:
    """Write from number ``first`` on, and kill -9 after so many commits; returns the last number told."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(root), str(first), what],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    told = first
    for _ in range(commits):
        line = writer.stdout.readline()
        assert line, "the writer ended by itself"
        told = int(line)
    try:
        writer.wait(timeout=pause)  # a moment into the next write
    except subprocess.TimeoutExpired:
        writer.send_signal(signal.SIGKILL)
    assert writer.wait(timeout=10) == -signal.SIGKILL
    told = max([told, *map(int, writer.stdout.read().split())])
    writer.stdout.close()
    return told


@pytest.mark.tough
@pytest.mark.parametrize("what", ["events", "rebuild"])
async def test_killed_writer_leaves_all_it_committed(index_path: Path, what: str) -> None:
    chance = random.Random(what)
    told = 0
    for _ in range(5):
        told = killed_after(index_path, told, chance.randrange(1, 6), chance.uniform(0, 0.05), what)
        reader = TantivyEngine(index_path, heap_bytes=15_000_000)
        assert await reader.count() >= told
        await reader.close()
        # The next writer starts behind what was told, as redelivered events would have it.
        told = max(0, told - 20)
    engine = TantivyEngine(index_path, heap_bytes=15_000_000, writer=True)
    hits = await engine.search(SearchQuery(limit=10_000, sort="price_asc"))
    numbers = [msgspec.json.decode(raw)["n"] for raw in hits.items]
    assert numbers == list(range(len(numbers))), "a lien is missing or doubled"
    assert len(numbers) >= told
    await engine.close()
    assert len(generations(index_path)) == 1, "a rebuild that never ended was left on disk"


async def test_old_generation_goes_when_its_last_reader_went(index_path, make_document) -> None:
    engine = TantivyEngine(index_path, heap_bytes=15_000_000, writer=True)
    await engine.upsert([make_document(1)])
    await engine.commit()
    reader = TantivyEngine(index_path, heap_bytes=15_000_000)
    assert await reader.count() == 1
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(1), make_document(2)])
    await engine.swap()
    assert len(generations(index_path)) == 2
    await reader.close()
    await engine.upsert([make_document(3)])
    await engine.commit()
    assert len(generations(index_path)) == 1
    assert await engine.count() == 3
    await engine.close()


async def test_damaged_index_is_replaced_by_an_empty_one_that_asks_to_be_filled(
    index_path, make_document
) -> None:
    engine = TantivyEngine(index_path, heap_bytes=15_000_000, writer=True)
    await engine.begin_rebuild()
    await engine.add_to_rebuild([make_document(1)])
    await engine.swap()
    await engine.close()
    assert not engine.needs_rebuild
    [generation] = generations(index_path)
    (generation / "meta.json").write_text("{")
    broken = TantivyEngine(index_path, heap_bytes=15_000_000)
    assert await broken.count() == 0
    await broken.close()
    repaired = TantivyEngine(index_path, heap_bytes=15_000_000, writer=True)
    assert repaired.needs_rebuild
    await repaired.upsert([make_document(2)])
    await repaired.commit()
    assert await repaired.count() == 1
    await repaired.close()
