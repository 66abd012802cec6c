"""Which liens are watched at all: asked of every lien of every import, so it must cost next to nothing."""

from __future__ import annotations

from collections.abc import Iterable

from taxlien.interfaces.liens import Lien

from .targets import auction_key, published_day


class WatchedKeys:
    """The keys of everything watched, and the counties they lie in.

    Most liens lie in a county where nobody watches anything: one look-up says so. A key of a watch
    that is gone may stay; whoever asks the database finds nobody behind it.
    """

    def __init__(self) -> None:
        self._counties: set[str] = set()
        self._keys: set[str] = set()

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, watched: Iterable[tuple[str, str]]) -> None:
        """Add pairs of a key and the county (FIPS) it lies in."""
        for key, fips in watched:
            self._keys.add(key)
            self._counties.add(fips)

    def concerns(self, lien: Lien) -> bool:
        """Say whether anything is watched in the lien's county."""
        return lien.county_fips in self._counties

    def own(self, lien: Lien) -> list[str]:
        """Return the keys by which the lien itself or its parcel is watched."""
        keys = (f"lien:{lien.lien_id}", f"parcel:{lien.county_fips}:{lien.parcel_key}")
        return [key for key in keys if key in self._keys]

    def wide(self, lien: Lien) -> list[str]:
        """Return the keys by which the lien's county or its published sale is watched."""
        keys = [f"county:{lien.county_fips}"]
        if (day := published_day(lien)) is not None:
            keys.append(auction_key(lien.county_fips, day))
        return [key for key in keys if key in self._keys]
