"""Content encodings undone within a bound: a small answer that unpacks to gigabytes stops at the cap."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import zstandard

from .outcomes import Refused, Unreachable

ACCEPTED = "gzip, deflate, zstd"

_PIECE = 256 * 1024
_SIP = 16  # bytes of Zstandard taken at once: every four may stand for 128 KiB
_WINDOW = 8 * 1024 * 1024  # the largest that RFC 9659 lets a server use


def decoded(content: bytes, encoding: str | None, limit: int) -> bytes:
    """Return ``content`` without its encoding, at most ``limit`` bytes of it.

    Raises ``Refused`` where it would be more or the encoding is not one we asked for, ``Unreachable``
    where it is damaged or cut off.
    """
    names = [name.strip().lower() for name in (encoding or "").split(",")]
    names = [name for name in names if name not in {"", "identity"}]
    if not names or not content:
        return content
    if len(names) > 1 or names[0] not in _DECODERS:
        raise Refused(f"content encoding {', '.join(names)} is not one we asked for")
    result = bytearray()
    try:
        for piece in _DECODERS[names[0]](content):
            result += piece
            if len(result) > limit:
                raise Refused(f"more than {limit} bytes when unpacked")
    except (zlib.error, zstandard.ZstdError) as error:
        raise Unreachable(f"damaged {names[0]} content: {error}") from None
    return bytes(result)


def _gzip(content: bytes) -> Iterator[bytes]:
    """Yield the members of a gzip file, piece by piece; padding after the last is no member."""
    rest = content
    while rest.startswith(b"\x1f\x8b") or rest is content:
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        yield from _inflated(unpacking, rest)
        rest = unpacking.unused_data


def _deflate(content: bytes) -> Iterator[bytes]:
    """Yield what is in zlib's wrapping, or without it, as some servers send."""
    try:
        zlib.decompressobj().decompress(content, 1)
        unpacking = zlib.decompressobj()
    except zlib.error:
        unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    yield from _inflated(unpacking, content)


def _inflated(unpacking: zlib._Decompress, content: bytes) -> Iterator[bytes]:
    waiting = content
    while not unpacking.eof:
        piece = unpacking.decompress(waiting, _PIECE)
        waiting = unpacking.unconsumed_tail
        if piece:
            yield piece
        elif not waiting and not unpacking.eof:
            raise Unreachable("compressed content ends too early")


def _zstd(content: bytes) -> Iterator[bytes]:
    """Yield the frames of ``content``, piece by piece."""
    unpacking = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    rest = content
    while rest:
        frame = unpacking.decompressobj(read_across_frames=False)
        for start in range(0, len(rest), _SIP):
            yield frame.decompress(rest[start : start + _SIP])
            if frame.eof:
                rest = frame.unused_data + rest[start + _SIP :]
                break
        else:
            raise Unreachable("compressed content ends too early")


_DECODERS = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
