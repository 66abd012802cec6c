"""Bring a collected list from the objects to a file that can be read more than once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from taxlien.kit.blobs import Blobs


@asynccontextmanager
async def fetched(blobs: Blobs, sha256: str, file_name: str) -> AsyncIterator[Path]:
    """Yield the file, under its own name, for as long as the context lasts.

    Raises ``BlobMissing``, ``BlobDamaged``, or what the store raises while it is away.
    """
    with TemporaryDirectory(prefix="taxlien-list-") as folder:
        path = Path(folder) / (Path(file_name).name or "list")
        with path.open("wb") as file:
            async for piece in blobs.stream(sha256):
                file.write(piece)
        yield path
