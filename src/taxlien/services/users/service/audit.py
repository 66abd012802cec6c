"""Who saw or changed what of whom: written beside every access, shown to people, verifiable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from taxlien.interfaces.auth import AccountAccessed
from taxlien.kit.database import Session
from taxlien.kit.telemetry.context import current_request
from taxlien.services.users.logic.chain import START, AuditRow, Break, Walk
from taxlien.services.users.repository import audit as repository


class Actor(Protocol):
    """Who acts: ``taxlien.kit.security.identity.Caller`` is one."""

    @property
    def user_id(self) -> UUID: ...

    @property
    def roles(self) -> frozenset[str]: ...


class Head(NamedTuple):
    """Where the log stood: the number of its last row, and that row's hash."""

    id: int
    hash: bytes


class Verification(NamedTuple):
    """What checking the log found: rows that hold, where it ends, and the first row that does not."""

    rows: int
    head: Head
    broken: Break | None


def who(actor_id: UUID | None, subject: UUID) -> Literal["yourself", "system", "staff"]:
    """Return who did something, as far as the person it is about may know."""
    if actor_id is None:
        return "system"
    return "yourself" if actor_id == subject else "staff"


async def record(
    session: Session,
    *,
    actor: Actor | None,
    subject: UUID,
    action: str,
    fields: tuple[str, ...] = (),
    reason: str | None = None,
) -> None:
    """Write that ``actor`` (None: the system) did ``action`` to ``fields`` of ``subject``.

    ``action`` is like ``profile.read``; ``fields`` are names, never values; ``reason`` is why, in words
    that name nobody. The row joins the chain when the session's transaction commits, and only then.
    """
    await repository.add_pending(
        session,
        actor_id=actor.user_id if actor else None,
        actor_roles=sorted(actor.roles) if actor else (),
        subject_id=subject,
        action=action,
        fields=fields,
        reason=reason,
        request_id=current_request().request_id or None,
    )


async def record_told(session: Session, event: AccountAccessed) -> None:
    """Write what another service tells of its own data; the row's time is when it was heard."""
    await repository.add_pending(
        session,
        actor_id=event.actor_id,
        actor_roles=event.actor_roles,
        subject_id=event.user_id,
        action=event.action,
        fields=event.fields,
        reason=None,
        request_id=event.request_id,
    )


async def record_with_proof(
    session: Session, *, actor: Actor | None, subject: UUID, action: str
) -> str:
    """Do as ``record`` and return the row's hash as hex. Other writers wait until the commit."""
    await record(session, actor=actor, subject=subject, action=action)
    await repository.chain_now(session)
    written = await repository.head(session)
    if written is None:
        raise RuntimeError("the audit log is empty after a row was added: its trigger is gone")
    return written.hash.hex()


async def access_log(
    session: Session, subject: UUID, *, before: int | None, limit: int
) -> list[AuditRow]:
    """Return a page of what happened to a person's data, latest first."""
    return await repository.entries_about(session, subject, before=before, limit=limit)


async def access_log_for_staff(
    session: Session, caller: Actor, subject: UUID, *, before: int | None, limit: int
) -> list[AuditRow]:
    """Return the same for who answers for it; looking is an access as well and leaves a row."""
    rows = await repository.entries_about(session, subject, before=before, limit=limit)
    await record(session, actor=caller, subject=subject, action="access_log.read")
    return rows


async def head(session: Session) -> Head | None:
    """Return where the log stands, or None while it is empty."""
    last = await repository.head(session)
    return Head(last.id, last.hash) if last else None


async def hashes_of(session: Session, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return the stored hashes of rows by number; rows that are not there are left out."""
    return await repository.hashes_of(session, numbers)


async def verify(session: Session, anchors: Iterable[Head] = (), *, since: int = 1) -> Verification:
    """Walk the chain from row ``since`` and stop at the first row that does not hold.

    ``anchors`` are heads that were stored elsewhere before: the rows they name must be there, so that
    a log whose end was cut off, or that was written anew as a whole, is noticed.
    """
    known = {anchor.id: anchor.hash for anchor in anchors}
    before = await repository.entry(session, since - 1) if since > 1 else None
    walk = Walk(since, before.hash if before else START)
    broken = Break(since - 1, "the row is missing") if since > 1 and before is None else None
    if broken is None:
        broken = await _first_break(walk, repository.entries_from(session, since), known)
    if broken is None and known and max(known) > walk.head_id:
        broken = Break(walk.head_id + 1, f"the end was cut off: row {max(known)} had been anchored")
    return Verification(walk.rows, Head(walk.head_id, walk.head_hash), broken)


async def _first_break(
    walk: Walk, rows: AsyncIterator[AuditRow], known: dict[int, bytes]
) -> Break | None:
    async for row in rows:
        broken = walk.step(row)
        if broken is None and known.get(row.id, row.hash) != row.hash:
            broken = Break(row.id, "the log was written anew: the anchored hash is another")
        if broken is not None:
            return broken
    return None
