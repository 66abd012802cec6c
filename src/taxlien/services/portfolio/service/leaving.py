"""What somebody may take along of what they watched, and how they are forgotten here."""

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
from taxlien.services.portfolio.models import Watch
from taxlien.services.portfolio.repository import auctions, demand, triggers, watches

SERVICE = "portfolio"
_TAKEN_ALONG = (
    *("watch_id", "target", "label", "county_fips", "lien_id", "parcel_id", "auction_on"),
    *("pace", "paused", "created_at", "updated_at"),
)


async def export_user(session: Session, event: UserExportRequested) -> None:
    """Put what is kept of a user into the object store, sealed, and say where it is."""
    neared = await auctions.neared_of(session, event.user_id)
    part: dict[str, list[dict[str, object]]] = {
        "watches": [_row(found) for found in await watches.owned.all_of(session, event.user_id)],
        "triggers": [told._asdict() for told in await triggers.all_of(session, event.user_id)],
        "sales_told": [
            {"county_fips": sale.county_fips, "auction_on": sale.auction_on, "at": sale.at}
            for sale in neared
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
    """Forget what a user watched and was told. Only the id stays, so that nothing late returns.

    Safe to repeat: the second time there is nothing left, and the answer is given again.
    """
    owner = await watches.lock_owner(session, event.user_id)
    counties = {found.county_fips for found in await watches.owned.all_of(session, event.user_id)}
    rows = await triggers.remove_all(session, event.user_id)
    rows += await auctions.forget_neared(session, event.user_id)
    removed = await watches.owned.remove_all(session, event.user_id)
    if removed:
        await watches.next_version(session, removed=removed)
        await demand.mark_stale(session, counties)
    owner.tier = owner.tier_at = None
    now = datetime.now(UTC)
    owner.erased_at = owner.erased_at or now
    await emit(session, UserDataErased(**event.answer(SERVICE, now), rows=rows + removed))


def _row(watch: Watch) -> dict[str, object]:
    return {name: getattr(watch, name) for name in _TAKEN_ALONG}
