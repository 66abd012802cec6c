"""What somebody may take along of their saved searches, and how they are forgotten here."""

from __future__ import annotations

from datetime import UTC, datetime

from taxlien.interfaces.users import (
    UserDataErased,
    UserDataExported,
    UserErasureDue,
    UserExportRequested,
    part_context,
)
from taxlien.kit import personal_data
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.search.models import SavedSearch
from taxlien.services.search.repository import matches, saved

SERVICE = "search"


async def export_user(session: Session, event: UserExportRequested) -> None:
    """Put what is kept of a user into the object store, sealed, and say where it is."""
    part = {
        "saved_searches": [
            _row(search) for search in await saved.owned.all_of(session, event.user_id)
        ],
        "matches": [
            {"search_id": search_id, "lien_id": lien_id, "matched_at": at}
            for search_id, lien_id, at in await matches.matches_of(session, event.user_id)
        ],
    }
    handed = await personal_data.hand_over(part, part_context(event.export_id, SERVICE))
    await emit(
        session,
        UserDataExported(
            **event.answer(SERVICE, datetime.now(UTC)), sha256=handed.sha256, rows=handed.rows
        ),
    )


async def erase_user(session: Session, event: UserErasureDue) -> None:
    """Forget a user's searches, links and matches. Only the id stays, so that nothing late returns.

    Safe to repeat: the second time there is nothing left, and the answer is given again.
    """
    owner = await saved.lock_owner(session, event.user_id)
    rows = await matches.remove_all(session, event.user_id)
    removed = await saved.owned.remove_all(session, event.user_id)
    if removed:
        await saved.next_version(session, removed=removed)
    owner.tier = owner.tier_at = None
    now = datetime.now(UTC)
    owner.erased_at = owner.erased_at or now
    await emit(session, UserDataErased(**event.answer(SERVICE, now), rows=rows + removed))


def _row(search: SavedSearch) -> dict[str, object]:
    return {
        "search_id": search.search_id,
        "name": search.name,
        "parameters": search.parameters,
        "pace": search.pace,
        "paused": search.paused,
        "shared_at": search.shared_at,
        "created_at": search.created_at,
        "updated_at": search.updated_at,
    }
