"""Objects that people send and see without passing through us: addresses that open one object, briefly.

Keys are ours alone: ``quarantine/`` is where a person may write, everything else is written by us.
Beside kit's content-addressed blobs, since here two people may have the same picture and one of them
may have it removed.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import Self

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.users.settings import UsersSettings


class ObjectMissing(LookupError):
    """Nothing is stored under this key."""


class ObjectTooLarge(Exception):
    """What is stored is larger than may be read; ``size`` is in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


class Objects:
    """The object store as users works with it. ``public`` signs addresses that browsers can reach."""

    def __init__(self, store: S3Store, public: S3Store) -> None:
        self._store = store
        self._public = public

    @classmethod
    def from_environment(cls) -> Self:
        """Return the store of this process. Raises ``SettingsError`` where the environment names none."""
        settings = read_settings(KitSettings)
        endpoint = settings.objects_endpoint or ""
        public = read_settings(UsersSettings).objects_public_endpoint or endpoint
        own = _store(endpoint, *_credentials(settings))
        return cls(own, own if public == endpoint else _store(public, *_credentials(settings)))

    async def address_to_put(self, key: str, seconds: int) -> str:
        """Return an address that one PUT of any content can be sent to for ``seconds``."""
        return str(await obstore.sign_async(self._public, "PUT", key, timedelta(seconds=seconds)))

    async def address_to_get(self, key: str, seconds: int) -> str:
        """Return an address that the object can be read at for ``seconds``."""
        return str(await obstore.sign_async(self._public, "GET", key, timedelta(seconds=seconds)))

    async def read(self, key: str, *, at_most: int) -> bytes:
        """Return an object. Raises ``ObjectMissing``, ``ObjectTooLarge`` before anything is read."""
        try:
            found = await obstore.get_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            raise ObjectMissing(key) from None
        if found.meta["size"] > at_most:
            raise ObjectTooLarge(found.meta["size"])
        return bytes(await found.bytes_async())

    async def write(self, key: str, content: bytes, media_type: str) -> None:
        """Store an object that says ``media_type`` of itself."""
        await obstore.put_async(
            self._store, key, content, attributes={"Content-Type": media_type}, use_multipart=False
        )

    async def remove(self, key: str) -> None:
        """Remove an object; it need not be there."""
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return

    async def keys(self, folder: str) -> list[str]:
        """Return the keys in a folder, in their order."""
        found: list[str] = []
        async for batch in obstore.list(self._store, prefix=folder):
            found += [item["path"] for item in batch]
        return sorted(found)


def _credentials(settings: KitSettings) -> tuple[str, str, str, str]:
    return (
        settings.require("objects_url"),
        settings.objects_region,
        settings.require("objects_access_key"),
        settings.require("objects_secret_key"),
    )


@lru_cache(maxsize=8)  # a store keeps its connections
def _store(endpoint: str, url: str, region: str, access_key: str, secret_key: str) -> S3Store:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return S3Store(
        bucket,
        prefix="/".join(part for part in (prefix.strip("/"), "users") if part),
        region=region,
        access_key_id=access_key,
        secret_access_key=secret_key,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "connect_timeout": "2s",
            "timeout": "30s",
        },
        retry_config={"max_retries": 3},
        config={"endpoint": endpoint} if endpoint else None,
    )
