"""The catalogue of liens, read page by page from the liens service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien
from taxlien.kit.http.client import ServiceClient
from taxlien.kit.settings import SettingsError, read_settings
from taxlien.services.search.settings import SearchSettings

_PATH = "/internal/liens/export"
_NAMED = "/internal/liens/named"


class LienPage(msgspec.Struct):
    """One page of the export; ``next`` is the ``after`` of the page that follows."""

    items: list[Lien]
    next: UUID | None = None


class HttpLienCatalogue:
    """``LienCatalogue`` over HTTP."""

    def __init__(self, client: ServiceClient, *, page_size: int = 1000) -> None:
        self._client = client
        self._page_size = page_size

    @classmethod
    def from_settings(cls) -> HttpLienCatalogue:
        """Return the catalogue at ``TAXLIEN_SEARCH_LIENS_URL``. Raises ``SettingsError`` without it."""
        url = read_settings(SearchSettings).liens_url
        if url is None:
            raise SettingsError(
                "TAXLIEN_SEARCH_LIENS_URL is not set: address of the liens service, "
                "from which the index is rebuilt"
            )
        return cls(ServiceClient("liens", url))

    async def export_liens(self) -> AsyncIterator[list[Lien]]:
        """Yield every lien once, in pages ordered by id. Raises ``CallFailed`` as the client does."""
        after: UUID | None = None
        while True:
            params: dict[str, str | int] = {"limit": self._page_size}
            if after is not None:
                params["after"] = str(after)
            page: LienPage = await self._client.get_json(_PATH, params, kind=LienPage)
            if page.items:
                yield page.items
            if page.next is None:
                return
            after = page.next

    async def liens(self, lien_ids: Sequence[UUID]) -> list[Lien]:
        """Return the liens of at most 100 ids as they are now. Raises ``CallFailed``."""
        if not lien_ids:
            return []
        params = {"id": [str(lien_id) for lien_id in lien_ids]}
        page: LienPage = await self._client.get_json(_NAMED, params, kind=LienPage)
        return page.items

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
