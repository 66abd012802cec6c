"""What somebody may take along of what they watched, and how they are forgotten here."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from taxlien.interfaces.users import (
    EXPORT_CONTEXT,
    UserDataErased,
    UserDataExported,
    UserErasureDue,
    UserExportRequested,
)
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit
from taxlien.services.portfolio.adapters import personal_data
from taxlien.services.portfolio.models import Watch
from taxlien.services.portfolio.repository import auctions, demand, triggers, watches

SERVICE = "portfolio"
_TAKEN_ALONG = (
    *("watch_id", "target", "label", "county_fips", "lien_id", "parcel_id", "auction_on"),
    *("muted", "paused", "created_at", "updated_at"),
)


async def export_user(session: Session, event: UserExportRequested) -> None:
    """Put what is kept of a user into the object store, sealed, and say where it is."""
    neared = await auctions.neared_of(session, event.user_id)
    part: dict[str, list[dict[str, object]]] = {
        "watches": [_row(found) for found in await watches.all_of(session, event.user_id)],
        "triggers": [told._asdict() for told in await triggers.all_of(session, event.user_id)],
        "sales_told": [
            {"county_fips": sale.county_fips, "auction_on": sale.auction_on, "at": sale.at}
            for sale in neared
        ],
    }
    context = f"{EXPORT_CONTEXT}:{event.export_id}:{SERVICE}"
    sealed = personal_data.keyring().seal(msgspec.json.encode(part), context)
    stored = await personal_data.blobs().put_if_absent(sealed)
    await emit(
        session,
        UserDataExported(
            user_id=event.user_id,
            at=datetime.now(UTC),
            export_id=event.export_id,
            service=SERVICE,
            sha256=stored.sha256,
            rows=sum(map(len, part.values())),
        ),
    )


async def erase_user(session: Session, event: UserErasureDue) -> None:
    """Forget what a user watched and was told. Only the id stays, so that nothing late returns.

    Safe to repeat: the second time there is nothing left, and the answer is given again.
    """
    owner = await watches.lock_owner(session, event.user_id)
    counties = {found.county_fips for found in await watches.all_of(session, event.user_id)}
    rows = await triggers.remove_all(session, event.user_id)
    rows += await auctions.forget_neared(session, event.user_id)
    removed = await watches.remove_all(session, event.user_id)
    if removed:
        await watches.next_version(session, removed=removed)
        await demand.mark_stale(session, counties)
    owner.tier = owner.tier_at = None
    owner.erased_at = owner.erased_at or datetime.now(UTC)
    await emit(
        session,
        UserDataErased(
            user_id=event.user_id,
            at=datetime.now(UTC),
            erasure_id=event.erasure_id,
            service=SERVICE,
            rows=rows + removed,
        ),
    )


def _row(watch: Watch) -> dict[str, object]:
    return {name: getattr(watch, name) for name in _TAKEN_ALONG}
