"""Which platforms there are, and the sites of each that ship with the product."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from taxlien.services.scraper.logic.sites import Site, SiteError, parse_site

from . import (
    beacon,
    bid4assets,
    file_drop,
    floridapa,
    iasworld,
    lienhub,
    mygovonline,
    open_data,
    qpublic,
    realauction,
    realtaxlien,
)
from .platform import Platform

_FOLDER = Path(__file__).parent
PLATFORMS: dict[str, Platform] = {
    package.PLATFORM.name: package.PLATFORM
    for package in (
        beacon,
        bid4assets,
        file_drop,
        floridapa,
        iasworld,
        lienhub,
        mygovonline,
        open_data,
        qpublic,
        realauction,
        realtaxlien,
    )
}


class UnknownPlatform(LookupError):
    """There is no such platform; the message names those there are."""


class UnknownSite(LookupError):
    """The platform has no such site file; the message names those there are."""


def platform_of(name: str) -> Platform:
    """Return a platform by name. Raises ``UnknownPlatform``."""
    try:
        return PLATFORMS[name]
    except KeyError:
        known = ", ".join(sorted(PLATFORMS))
        raise UnknownPlatform(f"there is no platform {name}; there are {known}") from None


def shipped_site(platform: str, name: str) -> Site:
    """Return one site that ships. Raises ``UnknownPlatform``, ``UnknownSite`` and ``SiteError``."""
    platform_of(platform)
    path = _FOLDER / platform / "sites" / f"{name}.yml"
    if not path.is_file() or path.parent.parent.parent != _FOLDER:
        known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yml"))) or "none"
        raise UnknownSite(f"{platform} has no site {name}; there are {known}")
    return _read(path)


@cache
def shipped_sites() -> tuple[Site, ...]:
    """Return every site that ships, by platform and name. Raises ``SiteError`` naming the file."""
    return tuple(_sites())


def _sites() -> Iterator[Site]:
    for platform in sorted(PLATFORMS):
        for path in sorted((_FOLDER / platform / "sites").glob("*.yml")):
            yield _read(path)


def _read(path: Path) -> Site:
    try:
        return parse_site(path.read_text(encoding="utf-8"))
    except SiteError as error:
        raise SiteError(error.key, f"{path.parent.parent.name}/{path.name}: {error}") from error
