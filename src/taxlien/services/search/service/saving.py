"""People keep searches: as many as their tier allows, each with a name and how soon they hear of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from taxlien.interfaces.search import AlertPace
from taxlien.interfaces.users import (
    TierAllowsLess,
    TierChanged,
    allowance_of,
    checked_pace,
    usual_pace,
)
from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.security.identity import Caller
from taxlien.services.search.logic.saved import canonical, checked_name
from taxlien.services.search.models import Owner, SavedSearch
from taxlien.services.search.repository import saved as repository


async def save_search(
    session: Session,
    caller: Caller,
    name: str,
    query: Mapping[str, Sequence[str]],
    pace: AlertPace | None,
) -> SavedSearch:
    """Keep a search of the caller. Raises ``InvalidInput``, and ``TierAllowsLess`` above the limit.

    Liens that match already are no news; those that begin to match from now on are.
    """
    name, parameters = checked_name(name), canonical(query, datetime.now(UTC).date())
    owner = await _lock_owner(session, caller)
    tier = owner.tier or caller.tier
    await _check_count(session, caller, tier)
    search = SavedSearch(
        search_id=new_id(),
        user_id=caller.user_id,
        name=name,
        parameters=parameters,
        pace=checked_pace(pace, tier) if pace else usual_pace(tier),
        changed=await repository.next_version(session),
    )
    await repository.owned.add(session, search)
    return search


async def saved_search(session: Session, caller: Caller, search_id: UUID) -> SavedSearch:
    """Return a search of the caller. Raises ``NotFound``, for one of somebody else too."""
    found = await repository.owned.get(session, caller.user_id, search_id)
    if found is None:
        raise _missing()
    return found


async def saved_searches(
    session: Session, caller: Caller, *, before: UUID | None, limit: int
) -> Sequence[SavedSearch]:
    """Return searches of the caller, the latest first."""
    return await repository.owned.page_of(session, caller.user_id, before=before, limit=limit)


async def change_search(
    session: Session,
    caller: Caller,
    search_id: UUID,
    *,
    name: str | None = None,
    query: Mapping[str, Sequence[str]] | None = None,
    pace: AlertPace | None = None,
) -> SavedSearch:
    """Change what is given. Raises ``NotFound``, ``InvalidInput``, ``TierAllowsLess``.

    With another question, liens that meet it already are no news, as when it was saved.
    """
    name = None if name is None else checked_name(name)
    parameters = None if query is None else canonical(query, datetime.now(UTC).date())
    owner = await _lock_owner(session, caller)
    search = await locked_search(session, caller, search_id)
    if name is not None:
        search.name = name
    if pace is not None:
        search.pace = checked_pace(pace, owner.tier or caller.tier)
    if parameters is not None:
        search.parameters = parameters
    search.updated_at = datetime.now(UTC)
    search.changed = await repository.next_version(session)
    await session.flush()
    return search


async def delete_search(session: Session, caller: Caller, search_id: UUID) -> None:
    """Delete a search of the caller; one that was paused may take its place. Raises ``NotFound``."""
    owner = await _lock_owner(session, caller)
    search = await locked_search(session, caller, search_id)
    await repository.owned.remove(session, search)
    await repository.next_version(session, removed=1)
    await _pause_above(session, caller.user_id, owner.tier or caller.tier)


async def follow_tier(session: Session, event: TierChanged) -> None:
    """Pause what is above the limit of a tier, the latest first, and wake what is below it again."""
    if await repository.set_tier(session, event.user_id, event.tier, event.at):
        await repository.lock_owner(session, event.user_id)
        await _pause_above(session, event.user_id, event.tier)


async def locked_search(session: Session, caller: Caller, search_id: UUID) -> SavedSearch:
    """Return a search of the caller, locked. Raises ``NotFound``."""
    found = await repository.owned.lock(session, caller.user_id, search_id)
    if found is None:
        raise _missing()
    return found


async def _lock_owner(session: Session, caller: Caller) -> Owner:
    """Lock the caller's row: two requests at once must not pass the limit together."""
    owner = await repository.lock_owner(session, caller.user_id)
    if owner.erased_at is not None:
        raise NotFound("This account was erased.")
    return owner


async def _check_count(session: Session, caller: Caller, tier: str) -> None:
    limit = allowance_of(tier).saved_searches
    if limit is not None and await repository.owned.count_of(session, caller.user_id) >= limit:
        raise TierAllowsLess(
            f"The {tier} tier keeps {limit} saved searches, and you have that many. "
            "Delete one, or choose another tier."
        )


async def _pause_above(session: Session, user_id: UUID, tier: str) -> None:
    limit = allowance_of(tier).saved_searches
    changed: list[SavedSearch] = []
    for place, search in enumerate(await repository.owned.all_of(session, user_id)):
        paused = limit is not None and place >= limit
        if search.paused != paused:
            search.paused = paused
            changed.append(search)
    if changed:
        version = await repository.next_version(session)
        for search in changed:
            search.changed = version
        await session.flush()


def _missing() -> NotFound:
    return NotFound("There is no such saved search of yours.")
