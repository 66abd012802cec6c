"""What is handed over of a person opens with its own context alone, and says nothing where it lies."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from taxlien.kit import personal_data
from taxlien.kit.blobs import Blobs
from taxlien.kit.ids import new_id
from taxlien.kit.settings import KitSettings, SettingsError

KEY = "TAXLIEN_SEALING_KEYS"
TABLES = {
    "watches": [
        {"label": "The house at the lake", "price": Decimal("12.30")},
        {"label": "Ωmega", "price": None},
    ],
    "owners": [{"user_id": new_id(), "since": datetime(2026, 11, 1, tzinfo=UTC)}],
    "empty": [],
}


def key_named(name: str) -> str:
    return f"{name}:" + base64.b64encode(name.encode().ljust(32, b".")).decode()


@pytest.fixture
def store(kit_settings: KitSettings, monkeypatch: pytest.MonkeyPatch) -> Blobs:
    """A part of the run's object store of its own, and a key."""
    own = f"{kit_settings.require('objects_url').rstrip('/')}/{new_id().hex}"
    monkeypatch.setenv("TAXLIEN_OBJECTS_URL", own)
    for name in ("objects_endpoint", "objects_access_key", "objects_secret_key"):
        monkeypatch.setenv(f"TAXLIEN_{name.upper()}", kit_settings.require(name))
    monkeypatch.setenv(KEY, key_named("first"))
    return Blobs.from_settings(kit_settings.model_copy(update={"objects_url": own}))


async def test_tables_come_back_whole_and_lie_unreadable(store: Blobs) -> None:
    part = await personal_data.hand_over(TABLES, "export:1:portfolio")
    assert part.rows == 3
    assert b"lake" not in await store.get(part.sha256)
    read = msgspec.json.decode(await personal_data.read(part.sha256, "export:1:portfolio"))
    assert read == msgspec.json.decode(msgspec.json.encode(TABLES))
    assert read["watches"][0] == {"label": "The house at the lake", "price": "12.30"}


async def test_a_part_done_again_is_another_object_and_both_open(store: Blobs) -> None:
    parts = [await personal_data.hand_over(TABLES, "export:2:search") for _ in range(2)]
    assert len({part.sha256 for part in parts}) == 2
    await personal_data.store(parts[0])
    bodies = [await personal_data.read(part.sha256, "export:2:search") for part in parts]
    assert bodies[0] == bodies[1]


async def test_a_sealed_part_has_its_name_before_it_is_stored(store: Blobs) -> None:
    part = await personal_data.seal(TABLES, "export:3:users")
    assert not await store.exists(part.sha256)
    await personal_data.store(part)
    assert await store.get(part.sha256) == part.content


async def test_another_context_a_lost_key_and_a_removed_part_are_unreadable(
    store: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = await personal_data.hand_over(TABLES, "export:4:auth")
    with pytest.raises(personal_data.PartUnreadable, match=r"^SealBroken$"):
        await personal_data.read(part.sha256, "export:4:users")
    monkeypatch.setenv(KEY, f"{key_named('second')},{key_named('first')}")
    await personal_data.read(part.sha256, "export:4:auth")
    monkeypatch.setenv(KEY, key_named("second"))
    with pytest.raises(personal_data.PartUnreadable, match=r"^SealBroken$"):
        await personal_data.read(part.sha256, "export:4:auth")
    await personal_data.remove(part.sha256)
    await personal_data.remove(part.sha256)
    with pytest.raises(personal_data.PartUnreadable, match=r"^BlobMissing$"):
        await personal_data.read(part.sha256, "export:4:auth")


@pytest.mark.usefixtures("store")
async def test_without_a_key_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    with pytest.raises(SettingsError, match=KEY):
        await personal_data.hand_over(TABLES, "export:5:auth")
