"""A lien or a parcel, asked of the liens service when somebody begins to watch it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from taxlien.interfaces.liens import KnownParcel, Lien, LienLookup
from taxlien.kit.http.client import ServiceClient
from taxlien.kit.http.errors import CallFailed
from taxlien.kit.settings import SettingsError, read_settings
from taxlien.services.portfolio.settings import PortfolioSettings


class HttpLienLookup(LienLookup):
    """``LienLookup`` over HTTP."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    @classmethod
    def from_settings(cls) -> HttpLienLookup:
        """Return the lookup at ``TAXLIEN_PORTFOLIO_LIENS_URL``. Raises ``SettingsError`` without it."""
        url = read_settings(PortfolioSettings).liens_url
        if url is None:
            raise SettingsError(
                "TAXLIEN_PORTFOLIO_LIENS_URL is not set: address of the liens service, "
                "which says whether a lien that is to be watched exists"
            )
        return cls(ServiceClient("liens", url))

    async def lien(self, lien_id: UUID) -> Lien | None:
        """Return a lien, or None. Raises ``CallFailed`` as the client does."""
        found: Lien | None = await self._get(f"/v1/liens/{lien_id}", Lien)
        return found

    async def parcel(self, county_fips: str, parcel_id: str) -> KnownParcel | None:
        """Return a parcel, or None. ``parcel_id`` has no slash. Raises ``CallFailed`` as the client does."""
        path = f"/v1/liens/parcels/{county_fips}/{parcel_id}"
        found: KnownParcel | None = await self._get(path, KnownParcel)
        return found

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _get(self, path: str, kind: Any) -> Any:
        try:
            return await self._client.get_json(path, kind=kind)
        except CallFailed as error:
            if error.upstream_status == 404:
                return None
            raise
