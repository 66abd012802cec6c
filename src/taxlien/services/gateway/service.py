"""What the gateway shows: the merged description of the API, and the files of its documentation page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from taxlien.kit.errors import NotFound

from .adapters.descriptions import Descriptions, OwnDescription, RemoteDescriptions
from .adapters.page_files import PageFile, read_page_file
from .logic.openapi import merge
from .logic.routes import is_public
from .settings import GatewaySettings


class ApiDescription:
    """The merged document, kept for a while: services change it only when they are deployed."""

    def __init__(
        self,
        source: Descriptions,
        *,
        keep_seconds: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._written = b""
        self._written_at: float | None = None

    async def as_json(self) -> bytes:
        """Return the OpenAPI document of everything the world can reach, as JSON."""
        now = self._clock()
        if self._written_at is None or now - self._written_at > self._keep_seconds:
            self._written = msgspec.json.encode(merge(await self._source.fetch(), shown=is_public))
            self._written_at = now
        return self._written

    async def close(self) -> None:
        """Let go of the source's connections."""
        await self._source.close()


def open_description(
    describe_self: Callable[[], dict[str, Any]], settings: GatewaySettings
) -> ApiDescription:
    """Return the description of this process's app, or of the services that have addresses of their own."""
    source: Descriptions = OwnDescription(describe_self)
    if settings.service_urls:
        source = RemoteDescriptions(settings.service_urls, describe_self)
    return ApiDescription(source)


def documentation_file(name: str) -> PageFile:
    """Return a file of the documentation page. Raises ``NotFound`` for any other name."""
    file = read_page_file(name)
    if file is None:
        raise NotFound(f"The documentation has no file {name}.")
    return file
