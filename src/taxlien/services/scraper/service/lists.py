"""Whole lists of a run: put together from raw pages, stored, and told of once."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec

from taxlien.interfaces.scraper import ListCollected
from taxlien.kit.blobs import Stored
from taxlien.kit.database import Database
from taxlien.kit.outbox import emit
from taxlien.services.scraper import repository
from taxlien.services.scraper.adapters import current
from taxlien.services.scraper.adapters.fetching.charsets import text_of
from taxlien.services.scraper.adapters.fetching.outcomes import Fetched
from taxlien.services.scraper.adapters.raw_store.raw_store import RawStore
from taxlien.services.scraper.logic.lists import ListPart, ListPlan, body_of, plan_lists

from .publishing import publish_pages
from .sources import site_in, source_named
from .visiting import Memory


async def publish_lists(database: Database, store: RawStore, run_id: UUID) -> bool:
    """Publish the lists of a run, if it has any left. Returns whether there were.

    A list of which no page changed is not told of again. The file is stored before the transaction
    that tells of it, by its hash: done twice it is the same.
    """
    async with database.session() as session:
        pages = await repository.frontier.memories(session, run_id)
        run = await repository.runs.get(session, run_id)
    if not pages or run is None:
        return False
    memories = {key: msgspec.convert(memory, Memory) for key, _, memory in pages}
    fresh = {key for key, changed, _ in pages if changed}
    plans = plan_lists((key, part) for key, one in memories.items() for part in one.lists)
    told = [plan for plan in plans if any(key in fresh for key, _ in plan.pages)]
    stored = [await _store(plan, memories, store) for plan in told]
    async with database.session() as session:
        taken = await repository.publishing.take_keys(session, run_id, list(memories))
        if not taken:
            return True
        site = site_in(await source_named(session, run.source))
        await publish_pages(session, run, site, taken)
        at = {page.key: page.card["fetched_at"] for page in taken}
        for plan, file in zip(told, stored, strict=True):
            last = max(at[key] for key, _ in plan.pages if key in at)
            await emit(
                session,
                ListCollected(
                    run_id=run_id,
                    source=site.card(),
                    url=plan.first.url,
                    file_name=plan.first.file_name,
                    fetched_at=datetime.fromisoformat(last).astimezone(UTC),
                    sha256=file.sha256,
                    size_bytes=file.size,
                    mapping=plan.first.mapping,
                    parameters=plan.first.parameters,
                ),
            )
        await repository.runs.add_changed(session, run_id, len(told))
    return True


async def _store(plan: ListPlan, memories: dict[str, Memory], store: RawStore) -> Stored:
    """Put a list's pages together in a temporary file and store it; memory holds one page at a time."""
    with tempfile.TemporaryDirectory(prefix="taxlien-list-") as folder:
        path = Path(folder) / "list"
        with path.open("wb") as file:
            for key, part in plan.pages:
                last = part is plan.pages[-1][1]
                body = await _body(part, memories[key], store, last=last)
                await asyncio.to_thread(file.write, body)
        return await current.blobs().put_file(path)


async def _body(part: ListPart, memory: Memory, store: RawStore, *, last: bool) -> bytes:
    assert memory.raw_id is not None, "a page of a list is kept before it is settled"
    raw = await store.get(UUID(memory.raw_id))
    content = await store.content(raw)
    fetched = Fetched(
        url=raw.facts.url,
        status=raw.facts.status,
        headers=raw.facts.headers,
        content=content,
        fetched_at=raw.facts.fetched_at,
    )
    return body_of(part, content, text_of(fetched), last=last)
