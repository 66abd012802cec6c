"""S3 buckets as settings name them, opened in one way: short waits for a connection, few repetitions."""

from __future__ import annotations

from functools import lru_cache

from obstore.store import S3Store

from taxlien.kit.settings import KitSettings


def open_bucket(url: str, settings: KitSettings) -> S3Store:
    """Return ``s3://bucket/prefix`` at the server of the settings. Raises ``SettingsError``.

    Opening takes some milliseconds, for it reads whom to trust: one place is opened once in a process.
    """
    return _opened(
        url,
        settings.objects_endpoint,
        settings.objects_region,
        settings.require("objects_access_key"),
        settings.require("objects_secret_key"),
    )


@lru_cache(maxsize=16)
def _opened(url: str, endpoint: str | None, region: str, key: str, secret: str) -> S3Store:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        region=region,
        access_key_id=key,
        secret_access_key=secret,
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
            "connect_timeout": "2s",
            "timeout": "60s",
        },
        retry_config={"max_retries": 3},
        config={"endpoint": endpoint} if endpoint else None,
    )
