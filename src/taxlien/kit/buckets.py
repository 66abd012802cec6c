"""S3 buckets as settings name them, opened in one way: short waits for a connection, few repetitions."""

from __future__ import annotations

from obstore.store import S3Store

from taxlien.kit.settings import KitSettings


def open_bucket(url: str, settings: KitSettings) -> S3Store:
    """Return ``s3://bucket/prefix`` at the server of the settings. Raises ``SettingsError``."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    endpoint = settings.objects_endpoint
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        region=settings.objects_region,
        access_key_id=settings.require("objects_access_key"),
        secret_access_key=settings.require("objects_secret_key"),
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
            "connect_timeout": "2s",
            "timeout": "60s",
        },
        retry_config={"max_retries": 3},
        config={"endpoint": endpoint} if endpoint else None,
    )
