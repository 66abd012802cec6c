"""The demo's liens are scored where its models were taught: no other process has to load these for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from taxlien.kit.database import Database
    from taxlien.services.ml.service.serving import Champions

_PAGE = 1_000


async def score(catalogue: Database, ml: Database, champions: Champions) -> int:
    """Keep the facts of the made-up liens of the catalogue and score them; returns how many.

    A page is one transaction, so no worker ever sees it waiting to be scored. Events of made-up liens are
    not followed (ADR 0130): one that comes later has no score before real models serve.
    """
    from taxlien.services.liens import service as liens
    from taxlien.services.ml import service
    from taxlien.services.ml.service import scoring

    after, count = UUID(int=0), 0
    while True:
        async with catalogue.session() as session:
            page = await liens.export(session, after, _PAGE)
        if not page:
            return count
        made_up = [lien for lien in page if lien.synthetic]
        async with ml.session() as session:
            await service.keep_facts(session, made_up)
            await scoring.score_some(session, champions)
        after, count = page[-1].lien_id, count + len(made_up)
