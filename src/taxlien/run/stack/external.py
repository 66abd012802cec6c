"""Servers given by a URL: asked for an answer before anything is started, never started."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from taxlien.run.stack.errors import StackError

Check = Callable[[Mapping[str, str]], Awaitable[None]]
LIMIT = 10.0  # seconds


async def check(setting: str, settings: Mapping[str, str]) -> None:
    """Ask the server that ``setting`` names. Raises StackError in words that hide the password."""
    try:
        async with asyncio.timeout(LIMIT):
            await CHECKS[setting](settings)
    except TimeoutError:
        raise StackError(
            f"{setting} is set, but its server gives no answer in {LIMIT:.0f} s"
        ) from None
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        for value in settings.values():
            if "://" in value:
                reason = reason.replace(value, "the URL")
        raise StackError(f"{setting} is set, but its server does not answer: {reason}") from error


async def _database(settings: Mapping[str, str]) -> None:
    import psycopg

    url = settings["TAXLIEN_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as connection:
        await connection.execute("SELECT 1")


async def _cache(settings: Mapping[str, str]) -> None:
    from redis.asyncio import Redis

    async with Redis.from_url(settings["TAXLIEN_CACHE_URL"]) as client:
        await client.ping()


async def _bus(settings: Mapping[str, str]) -> None:
    from taxlien.kit.bus import connect_bus

    bus = connect_bus(settings["TAXLIEN_BUS_URL"])
    try:
        await bus.ping()
    finally:
        await bus.close()


async def _objects(settings: Mapping[str, str]) -> None:
    from datetime import timedelta
    from urllib.parse import urlsplit

    import obstore
    from obstore.exceptions import NotFoundError
    from obstore.store import S3Store

    endpoint = settings.get("TAXLIEN_OBJECTS_ENDPOINT")
    store = S3Store(
        urlsplit(settings["TAXLIEN_OBJECTS_URL"]).netloc,
        endpoint=endpoint,
        region=settings.get("TAXLIEN_OBJECTS_REGION", "us-east-1"),
        access_key_id=settings.get("TAXLIEN_OBJECTS_ACCESS_KEY"),
        secret_access_key=settings.get("TAXLIEN_OBJECTS_SECRET_KEY"),
        client_options={"allow_http": True},
        retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=5)},
    )
    try:
        await obstore.head_async(store, "readiness")
    except (NotFoundError, FileNotFoundError):
        return  # the server answered, and accepted the keys: the bucket is made when first used


async def _gateway(settings: Mapping[str, str]) -> None:
    import httpx2

    async with httpx2.AsyncClient() as client:
        await client.get(settings["TAXLIEN_GATEWAY_URL"])


async def _mail(settings: Mapping[str, str]) -> None:
    from urllib.parse import urlsplit

    parts = urlsplit(settings["TAXLIEN_NOTIFICATIONS_SMTP_URL"])
    usual = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}[parts.scheme]
    # A connection shows that the name and the port are right; greetings differ by the kind of TLS.
    _, writer = await asyncio.open_connection(parts.hostname, parts.port or usual)
    writer.close()


CHECKS: Mapping[str, Check] = {
    "TAXLIEN_DATABASE_URL": _database,
    "TAXLIEN_CACHE_URL": _cache,
    "TAXLIEN_BUS_URL": _bus,
    "TAXLIEN_OBJECTS_URL": _objects,
    "TAXLIEN_GATEWAY_URL": _gateway,
    "TAXLIEN_NOTIFICATIONS_SMTP_URL": _mail,
}
