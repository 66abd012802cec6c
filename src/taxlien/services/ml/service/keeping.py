"""The facts of every lien are kept as the catalogue tells them, so that training asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.kit.database import Session
from taxlien.services.ml.repository import appointments, facts


async def keep_facts(session: Session, liens: Sequence[Lien]) -> None:
    """Keep what models need of ``liens``; of one that comes twice, its highest version."""
    newest: dict[UUID, Lien] = {}
    for lien in liens:
        known = newest.get(lien.lien_id)
        if known is None or known.version < lien.version:
            newest[lien.lien_id] = lien
    await facts.upsert(session, list(newest.values()))


async def nobody_asks(session: Session) -> bool:
    """Tell whether no model of real liens is in office: the first training reads the catalogue, and
    until then an import need not pay for facts that nobody asks for."""
    return not await appointments.is_anybody(session)
