"""Which sites there are: those that ship, and those that a simulator on this machine plays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import structlog

from taxlien.kit.database import Database, Session
from taxlien.kit.errors import NotFound
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.adapters.platforms.registry import PLATFORMS, shipped_sites
from taxlien.services.scraper.adapters.simulator import simulated_sites
from taxlien.services.scraper.logic.pages import Scope
from taxlien.services.scraper.logic.sites import COLLECTABLE, Site, SiteError, site_of

_log = structlog.get_logger("taxlien.scraper")


class Synced(NamedTuple):
    """What a look at the sites changed."""

    known: int
    changed: int
    switched_off: int


async def sync_sources(database: Database) -> Synced:
    """Bring the sources up to the site files and the simulator. Raises ``SettingsError``, ``SiteError``.

    Without a simulator, or where it does not answer, what it played stays as it was known: another
    process may well know its address.
    """
    played = await simulated_sites(current.settings().simulator_url)
    async with database.session() as session:
        synced = await record_sites(session, shipped_sites(), shipped=True)
        if played is None:
            return synced
        more = await record_sites(session, played, shipped=False)
    return Synced(*(sum(pair) for pair in zip(synced, more, strict=True)))


async def knows_sources(session: Session) -> bool:
    """Tell whether the sites were ever read: those that ship, and those of a simulator if there is one."""
    if not await repository.sources.count(session, shipped=True):
        return False
    played = current.settings().simulator_url is not None
    return not played or bool(await repository.sources.count(session, shipped=False))


async def record_sites(session: Session, sites: Sequence[Site], *, shipped: bool) -> Synced:
    """Make ``sites`` the sources of this origin; others of it are switched off, never deleted."""
    readable = [site for site in sites if site.platform in PLATFORMS and _begins(site)]
    changed = await repository.sources.upsert(
        session, (_row(site, shipped=shipped) for site in readable)
    )
    reason = "there is no site file of it" if shipped else "the simulator does not play it"
    off = await repository.sources.switch_off_others(
        session, [site.source for site in readable], shipped=shipped, reason=reason
    )
    return Synced(len(readable), changed, off)


def _begins(site: Site) -> bool:
    """Tell whether a run of ``site`` could begin: one bad file must not keep the others from their turn."""
    try:
        PLATFORMS[site.platform].start(site, Scope(today=datetime.now(UTC).date()))
    except SiteError as error:
        _log.warning("site_refused", source=site.source, error=str(error))
        return False
    return True


def _row(site: Site, *, shipped: bool) -> dict[str, Any]:
    return {
        "name": site.source,
        "platform": site.platform,
        "county_fips": site.county_fips,
        "legal_status": site.legal_status,
        "site": msgspec.to_builtins(site),
        "shipped": shipped,
        "collectable": site.legal_status in COLLECTABLE,
    }


def site_in(row: repository.sources.SourceRow) -> Site:
    """Return the site of a kept source."""
    return site_of(row.site)


async def collectable_sites(session: Session) -> list[Site]:
    """Return every site that may be asked, by name."""
    return [site_in(row) for row in await repository.sources.all_of(session, collectable=True)]


async def source_named(
    session: Session, name: str, *, lock: bool = False
) -> repository.sources.SourceRow:
    """Return a source. Raises ``NotFound``."""
    row = await repository.sources.get(session, name, lock=lock)
    if row is None:
        raise NotFound(f"there is no source {name}")
    return row
