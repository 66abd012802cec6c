"""Import the lists that were collected: each once, whole or not at all, the latest winning."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from taxlien.interfaces.liens import ListImported, ListOutcome
from taxlien.interfaces.scraper import ListCollected
from taxlien.kit.blobs import Blobs
from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.services.liens import repository
from taxlien.services.liens.adapters.collected_list import fetched
from taxlien.services.liens.adapters.reading import ReadOptions, read_records
from taxlien.services.liens.adapters.shipped import load_mapping, mapping_names
from taxlien.services.liens.logic.records import Reject
from taxlien.services.liens.repository import PendingList

from .collecting import register_card
from .importing import FileFacts, FileOrigin, RefusedFile, import_file, record_refusal
from .places import county_lookup

_log = structlog.get_logger("taxlien.liens")

LEASE_SECONDS = 30.0
LONGEST_PAUSE = 600.0
MAX_ATTEMPTS = 12


async def accept_lists(session: Session, events: Sequence[ListCollected]) -> None:
    """Note that lists wait to be imported. One that is told again is noted once."""
    for event in events:
        source = await register_card(session, event.source)
        row = PendingList(
            id=new_id(),
            run_id=event.run_id,
            source_id=source.id,
            url=event.url,
            file_name=event.file_name,
            fetched_at=event.fetched_at,
            sha256=bytes.fromhex(event.sha256),
            size_bytes=event.size_bytes,
            mapping_name=event.mapping,
            parameters=event.parameters,
            attempts=0,
        )
        await repository.insert_pending(session, row)


async def claim_list(session: Session) -> PendingList | None:
    """Take the list that is due. Commit before it is imported: the attempt counts, whatever happens."""
    return await repository.claim_pending(session, LEASE_SECONDS)


async def import_list(session: Session, row: PendingList, path: Path) -> ListOutcome | None:
    """Import a claimed list that lies at ``path``, and announce it, in the session's transaction.

    Returns None where somebody else did it meanwhile. Raises ``RefusedFile``: roll back, and call
    ``refuse_list`` in a transaction of its own.
    """
    if not await repository.lock_pending(session, row.id):
        return None
    source = await repository.lock_source(session, row.source_id)
    if row.mapping_name not in mapping_names():
        raise RefusedFile([f"there is no mapping {row.mapping_name!r}"])
    mapping = load_mapping(row.mapping_name)
    last = await repository.last_taken(session, row)
    if last is not None and last[0] > row.fetched_at:
        return await _finish(session, row, "superseded", {})
    same = last is not None and last[1] == row.sha256
    if same and await repository.was_imported(session, row, str(mapping.version)):
        return await _finish(session, row, "unchanged", {})
    lookup = await county_lookup(session)
    options = ReadOptions(values=row.parameters, county_fips=lookup)
    report = await import_file(
        session,
        read_records(path, mapping, options=options),
        mapping,
        _facts(row),
        on_reject=_leave,
        origin=FileOrigin(source=source, url=row.url, fetched_at=row.fetched_at),
    )
    return await _finish(session, row, "imported", report.as_counts())


def _leave(reject: Reject) -> None:
    """Keep nothing of a rejected row: it may hold names. The report counts it."""


def _facts(row: PendingList) -> FileFacts:
    return FileFacts(name=row.file_name, sha256=row.sha256, size_bytes=row.size_bytes)


async def _finish(
    session: Session,
    row: PendingList,
    outcome: ListOutcome,
    counts: dict[str, int],
    reason: str | None = None,
) -> ListOutcome | None:
    """Write what became of a list and announce it; None where that was done before."""
    if not await repository.finish_pending(session, row.id, outcome, reason):
        return None
    card = await repository.source_by_id(session, row.source_id)
    event = ListImported(
        source=card.name,
        county_fips=card.county_fips,
        run_id=row.run_id,
        sha256=row.sha256.hex(),
        mapping=row.mapping_name,
        outcome=outcome,
        counts=counts,
        reason=reason,
    )
    await emit(session, event)
    _log.info("list_dealt_with", source=card.name, outcome=outcome, reason=reason, **counts)
    return outcome


async def refuse_list(session: Session, row: PendingList, reason: str) -> None:
    """Note that a list cannot be taken, for its source's coverage too, and announce it."""
    if not await repository.lock_pending(session, row.id):
        return
    source = await repository.lock_source(session, row.source_id)
    now = datetime.now(UTC)
    if row.mapping_name in mapping_names():
        origin = FileOrigin(source=source, url=row.url, fetched_at=row.fetched_at)
        mapping = load_mapping(row.mapping_name)
        await record_refusal(session, mapping, _facts(row), reason, started_at=now, origin=origin)
    await repository.note_refusal(session, row.source_id, run_id=row.run_id, at=now, reason=reason)
    await _finish(session, row, "refused", {}, reason)


async def postpone_list(session: Session, row: PendingList, reason: str) -> None:
    """Let a list wait after a failure, longer each time; after ``MAX_ATTEMPTS`` it is refused."""
    if row.attempts >= MAX_ATTEMPTS:
        await refuse_list(session, row, f"given up after {row.attempts} attempts: {reason}")
        return
    pause = min(LONGEST_PAUSE, 2.0**row.attempts)
    await repository.postpone_pending(session, row.id, reason, pause)


def list_file(blobs: Blobs, row: PendingList) -> AbstractAsyncContextManager[Path]:
    """Return the context in which the list lies in a file. It raises as ``adapters.collected_list``."""
    return fetched(blobs, row.sha256.hex(), row.file_name)
