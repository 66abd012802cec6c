"""Publishing a chunk: the pages leave the run, their facts become the known ones, what changed is said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec

from taxlien.interfaces.scraper import PageCard, ScrapeObserved
from taxlien.kit.database import Session
from taxlien.kit.outbox import emit_many
from taxlien.services.scraper import repository
from taxlien.services.scraper.logic.facts import Fact, FactKind, decoded, event_parts
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.repository.publishing import TakenPage
from taxlien.services.scraper.repository.runs import RunRow

_encode = msgspec.json.Encoder().encode


async def publish_chunk(session: Session, run: RunRow, site: Site, count: int) -> int:
    """Publish at most ``count`` pages in the caller's transaction. Returns how many; 0 is the end."""
    pages = await repository.publishing.take(session, run.id, count)
    await publish_pages(session, run, site, pages)
    return len(pages)


async def publish_pages(
    session: Session, run: RunRow, site: Site, pages: Sequence[TakenPage]
) -> None:
    """Publish pages that were just taken out of the run: what they say anew goes out, once."""
    if not pages:
        return
    cards = {page.key: msgspec.convert(page.card, PageCard) for page in pages}
    read = [page.key for page in pages if not page.unchanged]
    changed: dict[str, list[Fact]] = defaultdict(list)
    said_already: set[tuple[str, str, str]] = set()
    if read:
        for page, kind, key, sha256, said in await repository.publishing.changed(
            session, run.id, run.source, read
        ):
            # Two pages of one chunk may say the very same: it is news once.
            if (kind, key, sha256) in said_already:
                continue
            said_already.add((kind, key, sha256))
            known = cast(FactKind, kind)
            fact = Fact(kind=known, key=key, sha256=sha256, observed=decoded(known, said))
            changed[page].append(fact)
        await repository.publishing.accept(session, run.id, run.source, read)
    await repository.pages.upsert(session, run.source, run.id, _rows(pages, cards))
    await repository.runs.add_changed(session, run.id, len(said_already))
    await emit_many(session, _events(run, site, cards, changed))


def _events(
    run: RunRow, site: Site, cards: dict[str, PageCard], changed: dict[str, list[Fact]]
) -> Iterator[ScrapeObserved]:
    source = site.card()
    for key, facts in changed.items():
        yield from event_parts(facts, run_id=run.id, source=source, page=cards[key])


def _rows(pages: Sequence[TakenPage], cards: dict[str, PageCard]) -> str:
    rows: list[dict[str, Any]] = [
        {
            "key": page.key,
            "content_sha256": cards[page.key].content_sha256,
            "settled_sha256": page.memory.get("settled_sha256"),
            "parser_version": cards[page.key].parser_version,
            "etag": page.memory.get("etag"),
            "last_modified": page.memory.get("last_modified"),
            "memory": page.memory,
            "seen_at": cards[page.key].fetched_at,
        }
        for page in pages
    ]
    return _encode(rows).decode()
