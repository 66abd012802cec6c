"""Encodings undone: whatever was packed comes back, and nothing beyond the bound does."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.scraper.adapters.fetching.decoding import decoded
from taxlien.services.scraper.adapters.fetching.outcomes import Refused, Unreachable


def raw_deflate(content: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(content) + packing.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "members": ("gzip", lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:])),
    "padded": ("x-gzip", lambda content: gzip.compress(content) + b"\0\0\0"),
    "deflate": ("deflate", zlib.compress),
    "raw deflate": ("Deflate", raw_deflate),
    "zstd": ("zstd", lambda content: zstandard.ZstdCompressor().compress(content)),
    "frames": (
        "zstd",
        lambda content: (
            zstandard.ZstdCompressor().compress(content[:9])
            + zstandard.ZstdCompressor().compress(content[9:])
        ),
    ),
    "identity": ("identity", bytes),
}


@pytest.mark.parametrize("name", PACKERS)
@given(content=st.binary(max_size=3000).map(lambda some: some * 50))
def test_what_was_packed_comes_back(name: str, content: bytes) -> None:
    encoding, pack = PACKERS[name]
    assert decoded(pack(content), encoding, 1_000_000) == content


@pytest.mark.parametrize("name", [name for name in PACKERS if name not in {"identity", "padded"}])
@given(data=st.data())
def test_what_is_cut_off_is_never_taken_for_whole(name: str, data: st.DataObject) -> None:
    encoding, pack = PACKERS[name]
    packed = pack(bytes(range(256)) * 3)
    cut = data.draw(st.integers(1, len(packed) - 1))
    try:
        found = decoded(packed[:cut], encoding, 10_000)
    except Unreachable:
        return
    # Two members are two whole files: the first of them stands for itself.
    assert name in {"members", "frames"}
    assert found == bytes(range(9))


@given(content=st.binary(max_size=300), encoding=st.sampled_from(["gzip", "deflate", "zstd"]))
def test_junk_raises_nothing_else(content: bytes, encoding: str) -> None:
    try:
        assert len(decoded(content, encoding, 1000)) <= 1000
    except (Refused, Unreachable):
        return


@pytest.mark.parametrize("name", [name for name in PACKERS if name != "identity"])
def test_the_bound_is_exact(name: str) -> None:
    encoding, pack = PACKERS[name]
    packed = pack(b"x" * 1000)
    assert len(decoded(packed, encoding, 1000)) == 1000
    with pytest.raises(Refused, match="more than 999 bytes when unpacked"):
        decoded(packed, encoding, 999)
