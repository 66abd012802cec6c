"""People watch liens, parcels, counties and sales: each thing once, as many as their tier allows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.liens import Lien, parcel_key
from taxlien.interfaces.portfolio import WatchPace
from taxlien.interfaces.users import (
    TierAllowsLess,
    TierChanged,
    allowance_of,
    checked_pace,
)
from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.services.portfolio.adapters.lien_lookup import HttpLienLookup
from taxlien.services.portfolio.logic import targets
from taxlien.services.portfolio.logic.targets import Target, Wish, published_day
from taxlien.services.portfolio.models import Owner, Trigger, Watch
from taxlien.services.portfolio.repository import auctions, demand, triggers, watches

SHOWN = 50


class Board(NamedTuple):
    """A watch with what last happened to its thing, the latest first."""

    watch: Watch
    happened: Sequence[Trigger]


async def watch(session: Session, caller: Caller, wish: Wish) -> Watch:
    """Begin to watch something; what is watched already answers the watch there is, as it is.

    Raises ``InvalidInput`` naming the field, and ``TierAllowsLess`` above the limit, or for a pace that
    the tier has not. A lien must be in
    the catalogue; a parcel need not be, since its first lien may be yet to come.
    """
    targets.check_fields(wish)
    label = None if wish.label is None else targets.checked_label(wish.label)
    target, liens = await _looked_up(wish)
    owner = await _lock_owner(session, caller)
    found = await watches.by_key(session, caller.user_id, target.key)
    if found is not None:
        return found
    tier = owner.tier or caller.tier
    pace = checked_pace(wish.pace, tier) if wish.pace else targets.usual_pace_of(target, tier)
    await _check_count(session, caller, tier)
    made = Watch(
        watch_id=new_id(),
        user_id=caller.user_id,
        target=target.target,
        key=target.key,
        label=label or target.name,
        county_fips=target.county.fips,
        lien_id=target.lien_id,
        parcel_key=target.parcel_key,
        parcel_id=target.parcel_id,
        auction_on=target.auction_on,
        pace=pace,
        changed=await watches.next_version(session),
    )
    await watches.owned.add(session, made)
    await _remember(session, liens)
    await demand.mark_stale(session, [made.county_fips])
    return made


async def watched(
    session: Session, caller: Caller, *, before: UUID | None, limit: int
) -> Sequence[Watch]:
    """Return what the caller watches, the latest first."""
    return await watches.owned.page_of(session, caller.user_id, before=before, limit=limit)


async def board(session: Session, caller: Caller, watch_id: UUID) -> Board:
    """Return a watch of the caller with what last happened. Raises ``NotFound``."""
    found = await watches.owned.get(session, caller.user_id, watch_id)
    if found is None:
        raise _missing()
    return Board(found, await triggers.latest(session, found.number, SHOWN))


async def change_watch(
    session: Session,
    caller: Caller,
    watch_id: UUID,
    *,
    label: str | None = None,
    pace: WatchPace | None = None,
) -> Watch:
    """Change what is given. Raises ``NotFound``, ``InvalidInput``, ``TierAllowsLess``."""
    label = None if label is None else targets.checked_label(label)
    owner = await _lock_owner(session, caller)
    found = await _lock_watch(session, caller, watch_id)
    if label is not None:
        found.label = label
    if pace is not None:
        found.pace = checked_pace(pace, owner.tier or caller.tier)
    found.updated_at = datetime.now(UTC)
    await session.flush()
    return found


async def stop_watching(session: Session, caller: Caller, watch_id: UUID) -> None:
    """Delete a watch of the caller; one that was paused may take its place. Raises ``NotFound``."""
    owner = await _lock_owner(session, caller)
    found = await _lock_watch(session, caller, watch_id)
    await watches.owned.remove(session, found)
    await watches.next_version(session, removed=1)
    await demand.mark_stale(session, [found.county_fips])
    await _pause_above(session, caller.user_id, owner.tier or caller.tier)


async def follow_tier(session: Session, event: TierChanged) -> None:
    """Pause what is above the limit of a tier, the latest first, and wake what is below it again."""
    if await watches.set_tier(session, event.user_id, event.tier, event.at):
        await watches.lock_owner(session, event.user_id)
        await _pause_above(session, event.user_id, event.tier)


async def _looked_up(wish: Wish) -> tuple[Target, Sequence[Lien]]:
    """Return what is to be watched and the liens that are watched with it, as they are now."""
    match wish.target:
        case "county":
            return targets.county_target(targets.county_named(wish.county_fips)), ()
        case "auction":
            county = targets.county_named(wish.county_fips)
            day = wish.auction_on or targets.today_utc()
            return targets.auction_target(county, day, datetime.now(UTC)), ()
        case "parcel":
            return await _parcel(wish)
        case "lien":
            return await _lien(wish)


async def _lien(wish: Wish) -> tuple[Target, Sequence[Lien]]:
    lookup = HttpLienLookup.from_settings()
    try:
        lien = None if wish.lien_id is None else await lookup.lien(wish.lien_id)
    finally:
        await lookup.close()
    if lien is None:
        raise InvalidInput("lien_id", "no lien has this id")
    return targets.lien_target(lien), (lien,)


async def _parcel(wish: Wish) -> tuple[Target, Sequence[Lien]]:
    county = targets.county_named(wish.county_fips)
    parcel_id = targets.checked_parcel(wish.parcel_id or "")
    lookup = HttpLienLookup.from_settings()
    try:
        known = await lookup.parcel(county.fips, parcel_key(parcel_id))
    finally:
        await lookup.close()
    if known is None:
        return targets.parcel_target(county, parcel_id, parcel_key(parcel_id), None), ()
    target = targets.parcel_target(county, known.parcel_id, known.parcel_key, known.situs_address)
    return target, known.liens


async def _remember(session: Session, liens: Sequence[Lien]) -> None:
    """Keep liens as they are, so that their next change can be told, and the days they are sold on."""
    await triggers.remember(session, liens)
    today = targets.today_utc()
    days = {(lien.county_fips, published_day(lien)) for lien in liens}
    await auctions.learn(session, {(fips, day): None for fips, day in days if day and day >= today})


async def _lock_owner(session: Session, caller: Caller) -> Owner:
    """Lock the caller's row: two requests at once must not pass the limit together."""
    owner = await watches.lock_owner(session, caller.user_id)
    if owner.erased_at is not None:
        raise NotFound("This account was erased.")
    return owner


async def _lock_watch(session: Session, caller: Caller, watch_id: UUID) -> Watch:
    found = await watches.owned.lock(session, caller.user_id, watch_id)
    if found is None:
        raise _missing()
    return found


async def _check_count(session: Session, caller: Caller, tier: str) -> None:
    limit = allowance_of(tier).watchlist_liens
    if limit is not None and await watches.owned.count_of(session, caller.user_id) >= limit:
        raise TierAllowsLess(
            f"The {tier} tier watches {limit} things, and you have that many. "
            "Delete one, or choose another tier."
        )


async def _pause_above(session: Session, user_id: UUID, tier: str) -> None:
    limit = allowance_of(tier).watchlist_liens
    changed: list[Watch] = []
    for place, found in enumerate(await watches.owned.all_of(session, user_id)):
        paused = limit is not None and place >= limit
        if found.paused != paused:
            found.paused = paused
            changed.append(found)
    if changed:
        await session.flush()
        await demand.mark_stale(session, [found.county_fips for found in changed])


def _missing() -> NotFound:
    return NotFound("There is no such watch of yours.")
