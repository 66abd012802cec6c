"""What the gateway shows, the merged description of the API and its page, and what it counts: requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from taxlien.kit.errors import NotFound
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy
from taxlien.kit.settings import KitSettings, SettingsError

from .adapters.descriptions import Descriptions, OwnDescription, RemoteDescriptions
from .adapters.page_files import PageFile, read_page_file
from .adapters.windows import CountsAway, SlidingWindows
from .logic.limits import Limit, headers_of, quota_of, with_overrides
from .logic.openapi import merge
from .logic.routes import is_public, matching
from .logic.security import secure
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
        self._policy = Policy.parse(reference_text("policy.txt"))
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._written = b""
        self._written_at: float | None = None

    async def as_json(self) -> bytes:
        """Return the OpenAPI document of everything the world can reach, as JSON."""
        now = self._clock()
        if self._written_at is None or now - self._written_at > self._keep_seconds:
            document = merge(await self._source.fetch(), shown=is_public)
            self._written = msgspec.json.encode(secure(document, self._policy))
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


class Room(NamedTuple):
    """Whether a request fits its quota, and the header fields that say so."""

    allowed: bool
    headers: list[tuple[bytes, bytes]]


class Limiter:
    """Decides for each request at the gateway whether its quota has room."""

    def __init__(self, windows: SlidingWindows, limits: Mapping[str, Limit]) -> None:
        self._windows = windows
        self._limits = limits

    async def admit(self, path: str, *, user_id: str, tier: str, address: str) -> Room | None:
        """Count a request for ``path``. None: nobody can count now, and the gateway goes by its own floor."""
        route = matching(path)
        kind = route.limit if route is not None else "default"
        quota = quota_of(kind, user_id=user_id, tier=tier, address=address)
        limit = self._limits[quota.name]
        try:
            verdict = await self._windows.count(quota.key, limit)
        except CountsAway:
            return None
        return Room(verdict.allowed, headers_of(quota.name, limit, verdict))

    async def close(self) -> None:
        """Close the connections."""
        await self._windows.close()


def open_limiter(kit: KitSettings, settings: GatewaySettings) -> Limiter | None:
    """Return the limiter, or None where there is no server to count in. Raises ``SettingsError``."""
    try:
        limits = with_overrides(settings.limits)
    except ValueError as error:
        raise SettingsError(f"TAXLIEN_GATEWAY_LIMITS is malformed: {error}") from None
    if kit.cache_url is None:
        return None
    return Limiter(SlidingWindows(kit.cache_url), limits)
