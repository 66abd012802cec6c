"""Every lien that appears or changes is held against what is watched; what it means is told once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.interfaces.portfolio import WatchTriggered
from taxlien.interfaces.users import pace_in_force
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit_many
from taxlien.kit.versioned_set import VersionedSet
from taxlien.services.portfolio.logic import changes
from taxlien.services.portfolio.logic.changes import Change, LienEvent, state_of
from taxlien.services.portfolio.logic.targets import published_day, today_utc
from taxlien.services.portfolio.logic.watched import WatchedKeys
from taxlien.services.portfolio.models import WatchSet
from taxlien.services.portfolio.repository import auctions, triggers, watches
from taxlien.services.portfolio.repository.watches import Watcher

WIDE_A_DAY = 25
"""Of how many liens a watch of a county or a sale is told on one day; the others are counted."""

_READ_AT_ONCE = 5_000
_TOLD_AT_ONCE = 1_000

Fact = tuple[int, UUID, int]
"""What is told once: number of the watch, lien, version of it."""


class _Heard(NamedTuple):
    """What one batch means: changes by the key they are watched by."""

    own: dict[str, list[Change]]
    wide: dict[str, list[Change]]


async def hear_liens(session: Session, events: Sequence[LienEvent]) -> int:
    """Tell what the liens of a batch mean to those who watch them; returns how many were told.

    Each fact is recorded in the transaction that tells it, so it is told once, whatever comes again.
    """
    keys = await _watched.up_to_date(session)
    if not keys:
        return 0
    concerned = [event for event in events if keys.concerns(event.lien)]
    if not concerned:
        return 0
    heard = _Heard(await _own(session, keys, concerned), _wide(keys, concerned))
    await _learn_sales(session, keys, concerned)
    return await _tell(session, heard)


async def nobody_watches(session: Session) -> bool:
    """Tell whether there is no watch that a lien could concern."""
    return not await _watched.up_to_date(session)


async def _own(
    session: Session, keys: WatchedKeys, events: Sequence[LienEvent]
) -> dict[str, list[Change]]:
    """Return changes of liens that are watched themselves or by their parcel, and remember the liens."""
    mine = [(event, found) for event in events if (found := keys.own(event.lien))]
    states = await triggers.lock_states(session, sorted({event.lien.lien_id for event, _ in mine}))
    newest: dict[UUID, Lien] = {}
    told: dict[str, list[Change]] = defaultdict(list)
    for event, found in mine:
        lien = event.lien
        before = states.get(lien.lien_id)
        if before is not None and lien.version <= before.version:
            continue
        change = changes.own_change(event, before)
        states[lien.lien_id], newest[lien.lien_id] = state_of(lien), lien
        if change is not None:
            for key in found:
                told[key].append(change)
    await triggers.remember(session, list(newest.values()))
    return told


def _wide(keys: WatchedKeys, events: Sequence[LienEvent]) -> dict[str, list[Change]]:
    """Return changes by watched county and sale."""
    told: dict[str, list[Change]] = defaultdict(list)
    for event in events:
        for key in keys.wide(event.lien):
            of_county = key.startswith("county:")
            change = changes.county_change(event) if of_county else changes.auction_change(event)
            if change is not None:
                told[key].append(change)
    return told


async def _learn_sales(session: Session, keys: WatchedKeys, events: Sequence[LienEvent]) -> None:
    """Keep the published days on which watched liens, and liens of watched counties, are sold."""
    today = today_utc()
    found = {
        (event.lien.county_fips, day)
        for event in events
        if (day := published_day(event.lien)) is not None
        and day >= today
        and (keys.wide(event.lien) or keys.own(event.lien))
    }
    await auctions.learn(session, dict.fromkeys(found))


async def _tell(session: Session, heard: _Heard) -> int:
    wanted = sorted(heard.own.keys() | heard.wide.keys())
    facts: dict[Fact, Change] = {}
    watchers: dict[int, Watcher] = {}
    untold: dict[int, int] = {}
    day = today_utc()
    for watcher in await watches.lock_watchers(session, wanted):
        watchers[watcher.number] = watcher
        found = heard.own.get(watcher.key)
        if found is None:
            left = WIDE_A_DAY - (watcher.told if watcher.told_on == day else 0)
            wide = heard.wide[watcher.key]
            found = wide[: max(left, 0)]
            untold[watcher.number] = len(wide) - len(found)
        facts |= {_fact(watcher, change): change for change in found}
    new = sorted(await triggers.record(session, facts))
    told = Counter(number for number, _, _ in new)
    counts = [(number, told[number], more) for number, more in untold.items()]
    await watches.count_told(session, day, counts)
    loud = [fact for fact in new if watchers[fact[0]].pace != "off"]
    for start in range(0, len(loud), _TOLD_AT_ONCE):
        some = loud[start : start + _TOLD_AT_ONCE]
        await emit_many(session, [_triggered(watchers[f[0]], facts[f]) for f in some])
    return len(loud)


def _fact(watcher: Watcher, change: Change) -> Fact:
    return watcher.number, change.lien.lien_id, change.lien.version


def _triggered(watcher: Watcher, change: Change) -> WatchTriggered:
    return WatchTriggered(
        user_id=watcher.user_id,
        watch_id=watcher.watch_id,
        target=watcher.target,
        label=watcher.label,
        pace=pace_in_force(watcher.pace, watcher.tier) if watcher.tier else watcher.pace,
        reason=change.reason,
        lien=change.lien,
        previous_status=change.previous_status,
        previous_price=change.previous_price,
        price=change.price,
        at=datetime.now(UTC),
    )


async def _read(session: Session, keys: WatchedKeys, version: int, after: int) -> int | None:
    read = await watches.keys_changed_after(session, version, after, _READ_AT_ONCE)
    keys.add((key, fips) for _, key, fips in read)
    return read[-1][0] if read else None


_watched = VersionedSet(WatchSet, WatchedKeys, _read)
