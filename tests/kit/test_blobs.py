"""Objects are stored once under their own hash, and come back whole, in part, or as missing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from taxlien.kit.blobs import BlobDamaged, BlobMissing, Blobs, Stored
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings, SettingsError

NOWHERE = "0" * 64


@pytest.fixture
def settings(kit_settings: KitSettings) -> KitSettings:
    own = f"{kit_settings.require('objects_url').rstrip('/')}/{new_id().hex}"
    return kit_settings.model_copy(update={"objects_url": own})


@pytest.fixture
def blobs(settings: KitSettings) -> Blobs:
    return Blobs.from_settings(settings)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"", b"x", b"\x00\xff" * 1000])
async def test_content_is_stored_once_under_its_hash(blobs: Blobs, content: bytes) -> None:
    name = sha256(content)
    assert await blobs.put_if_absent(content) == Stored(name, len(content), is_new=True)
    assert await blobs.put_if_absent(content) == Stored(name, len(content), is_new=False)
    assert await blobs.get(name) == content


@pytest.mark.parametrize("size", [0, 10, 12_000_000])
async def test_a_file_of_any_size_is_stored_and_streamed(
    blobs: Blobs, tmp_path: Path, size: int
) -> None:
    content = (new_id().bytes * (size // 16 + 1))[:size]
    file = tmp_path / "county.csv"
    file.write_bytes(content)
    name = sha256(content)
    assert await blobs.put_file(file) == Stored(name, size, is_new=True)
    assert await blobs.put_file(file) == Stored(name, size, is_new=False)
    pieces = [piece async for piece in blobs.stream(name)]
    assert b"".join(pieces) == content
    assert size < 1_000_000 or len(pieces) > 3


async def test_a_part_is_read_without_the_rest(blobs: Blobs) -> None:
    stored = await blobs.put_if_absent(b"0123456789")
    assert await blobs.get_range(stored.sha256, 2, 3) == b"234"
    assert await blobs.get_range(stored.sha256, 8, 100) == b"89"


async def test_what_is_not_there_is_missing(blobs: Blobs) -> None:
    assert not await blobs.exists(NOWHERE)
    with pytest.raises(BlobMissing):
        await blobs.get(NOWHERE)
    with pytest.raises(BlobMissing):
        await blobs.get_range(NOWHERE, 0, 1)
    with pytest.raises(BlobMissing):
        assert [piece async for piece in blobs.stream(NOWHERE)]
    await blobs.delete(NOWHERE)


async def test_deleted_content_is_gone(blobs: Blobs) -> None:
    stored = await blobs.put_if_absent(b"soon gone")
    assert await blobs.exists(stored.sha256)
    await blobs.delete(stored.sha256)
    assert not await blobs.exists(stored.sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, f"{'0' * 64}\n"])
async def test_a_name_that_is_no_hash_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case hex digits"):
        await blobs.get(name)


async def test_damage_is_noticed(blobs: Blobs, settings: KitSettings) -> None:
    stored = await blobs.put_if_absent(b"as it was")
    bucket, _, prefix = settings.require("objects_url").removeprefix("s3://").partition("/")
    store = S3Store(
        bucket,
        prefix=prefix,
        region=settings.objects_region,
        config={"endpoint": settings.require("objects_endpoint")},
        access_key_id=settings.require("objects_access_key"),
        secret_access_key=settings.require("objects_secret_key"),
        client_options={"allow_http": True},
    )
    name = stored.sha256
    await obstore.put_async(store, f"sha256/{name[:2]}/{name[2:4]}/{name}", b"as it is now")
    with pytest.raises(BlobDamaged):
        await blobs.get(name)
    with pytest.raises(BlobDamaged):
        assert [piece async for piece in blobs.stream(name)]


async def test_ping_passes_when_the_server_answers(blobs: Blobs) -> None:
    await blobs.ping()


def test_settings_that_name_no_store_are_refused_in_words() -> None:
    with pytest.raises(SettingsError, match="TAXLIEN_OBJECTS_URL is not set"):
        Blobs.from_settings(KitSettings(objects_url=None))
