"""Where the API descriptions of the services come from: this process, or each service over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import structlog

from taxlien.kit.http.app import DESCRIPTION_PATH
from taxlien.kit.http.client import ServiceClient
from taxlien.kit.http.errors import CallFailed

log = structlog.get_logger(__name__)

Json = dict[str, Any]


class Descriptions(Protocol):
    """The OpenAPI documents of all services, by service."""

    async def fetch(self) -> dict[str, Json]:
        """Return the documents of the services that answer now."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


class OwnDescription:
    """All services are routers of one app, which describes them together."""

    def __init__(self, describe: Callable[[], Json]) -> None:
        self._describe = describe

    async def fetch(self) -> dict[str, Json]:
        return {"app": self._describe()}

    async def close(self) -> None:
        return None


class RemoteDescriptions:
    """Each service describes itself under an address of its own, and the gateway itself."""

    def __init__(self, service_urls: Mapping[str, str], describe_self: Callable[[], Json]) -> None:
        self._clients = {name: ServiceClient(name, url) for name, url in service_urls.items()}
        self._describe_self = describe_self

    async def fetch(self) -> dict[str, Json]:
        answers = await asyncio.gather(*(self._ask(name) for name in self._clients))
        found = {
            name: answer
            for name, answer in zip(self._clients, answers, strict=True)
            if answer is not None
        }
        return {"gateway": self._describe_self(), **found}

    async def close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients.values()))

    async def _ask(self, name: str) -> Json | None:
        try:
            document: Json = await self._clients[name].get_json(DESCRIPTION_PATH, kind=Json)
        except CallFailed as error:
            log.warning("description_missing", target=name, error=error.detail)
            return None
        return document
