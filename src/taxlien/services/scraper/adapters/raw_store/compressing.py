"""Content made small and whole again, checked against its own hash."""

from __future__ import annotations

import hashlib

import zstandard

from .raw_store import RawPageDamaged


def compressed(content: bytes, level: int) -> bytes:
    """Return ``content`` as one Zstandard frame that says its size."""
    return zstandard.ZstdCompressor(level=level, write_content_size=True).compress(content)


def restored(frame: bytes, *, sha256: str, size: int) -> bytes:
    """Return the content of ``frame``. Raises ``RawPageDamaged`` where it is not the one promised."""
    if size == 0:
        content = b""
    else:
        try:
            told = zstandard.get_frame_parameters(frame).content_size
            content = zstandard.ZstdDecompressor().decompress(frame) if told == size else b""
        except zstandard.ZstdError as error:
            raise RawPageDamaged(f"{sha256}: {error}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise RawPageDamaged(sha256)
    return content
