"""Being forgotten: asked for, slept on, done by every service, proved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from taxlien.interfaces.users import (
    PERSONAL_DATA_SERVICES,
    UserDataErased,
    UserDeletionCancelled,
    UserDeletionRequested,
    UserErased,
    UserErasureDue,
)
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.kit.settings import read_settings
from taxlien.services.users.models import Deletion
from taxlien.services.users.repository import consents, exports, holdings
from taxlien.services.users.repository import deletions as repository
from taxlien.services.users.repository.deletions import Answer
from taxlien.services.users.repository.people import lock_user, plan_removal
from taxlien.services.users.repository.removals import blob_key
from taxlien.services.users.settings import UsersSettings

from .audit import Actor, record, record_with_proof

OWN = "users"
AT_ONCE = 100
_YEAR = timedelta(days=366)
_KEPT_ALWAYS = ("audit_log", "deletions")

_log = structlog.get_logger("taxlien.users.deletions")


class DeletionState(NamedTuple):
    """How far a deletion came; ``waiting_for`` names services that did not answer yet."""

    deletion: Deletion
    answers: tuple[Answer, ...]
    waiting_for: tuple[str, ...]


async def request_deletion(session: Session, caller: Actor, confirm: str) -> Deletion:
    """Have the caller forgotten after the grace period; asked again, it stays as it is.

    ``confirm`` is the caller's own e-mail address. Raises ``InvalidInput`` where it is another,
    ``NotFound`` without a profile.
    """
    person = await repository.lock_person(session, caller.user_id)
    if person is None:
        raise NotFound("There is no profile of this user.")
    if confirm.strip().casefold() != person.email.casefold():
        raise InvalidInput("confirm", "is not the e-mail address of this account")
    current = await repository.current_of(session, caller.user_id)
    if current is not None:
        return current
    now = datetime.now(UTC)
    deletion = Deletion(
        erasure_id=new_id(),
        user_id=caller.user_id,
        status="waiting",
        requested_at=now,
        erase_after=now + timedelta(days=read_settings(UsersSettings).deletion_grace_days),
    )
    await repository.add(session, deletion)
    await record(session, actor=caller, subject=caller.user_id, action="deletion.requested")
    await emit(
        session,
        UserDeletionRequested(user_id=caller.user_id, at=now, erase_after=deletion.erase_after),
    )
    return deletion


async def cancel_deletion(session: Session, caller: Actor) -> Deletion:
    """Let the caller stay. Raises ``NotFound`` where nothing was asked, ``Conflict`` when it has begun."""
    deletion = await repository.current_of(session, caller.user_id)
    if deletion is None:
        raise NotFound("No deletion was asked for.")
    if deletion.status != "waiting":
        raise Conflict("The deletion has begun and cannot be taken back.")
    now = datetime.now(UTC)
    deletion.status, deletion.finished_at = "cancelled", now
    await session.flush()
    await record(session, actor=caller, subject=caller.user_id, action="deletion.cancelled")
    await emit(session, UserDeletionCancelled(user_id=caller.user_id, at=now))
    return deletion


async def deletion_of(session: Session, user_id: UUID) -> DeletionState:
    """Return how far a person's latest deletion came. Raises ``NotFound``."""
    deletion = await repository.latest_of(session, user_id)
    if deletion is None:
        raise NotFound("No deletion was asked for.")
    answers = await repository.answers_to(session, deletion.erasure_id)
    answered = {answer.service for answer in answers}
    waiting = deletion.status == "erasing"
    return DeletionState(
        deletion,
        tuple(answers),
        tuple(name for name in PERSONAL_DATA_SERVICES if waiting and name not in answered),
    )


async def deletion_for_staff(session: Session, caller: Actor, user_id: UUID) -> DeletionState:
    """Return the same for who looks after people, who leave a row in the audit log by it."""
    found = await deletion_of(session, user_id)
    await record(session, actor=caller, subject=user_id, action="deletion.read")
    return found


async def begin_due(session: Session, now: datetime) -> int:
    """Ask every service to forget whose time has come, at most 100 people. Returns how many."""
    due = await repository.claim_due(session, now, AT_ONCE)
    for deletion in due:
        deletion.status, deletion.asked_at = "erasing", now
        await record(session, actor=None, subject=deletion.user_id, action="deletion.begun")
        await _ask(session, deletion, now)
    await session.flush()
    return len(due)


async def ask_again(session: Session, now: datetime) -> int:
    """Ask again where services did not answer for a day, at most 100 people. Returns how many."""
    hours = read_settings(UsersSettings).erasure_reminder_hours
    overdue = await repository.claim_unanswered(session, now - timedelta(hours=hours), AT_ONCE)
    for deletion in overdue:
        answers = await repository.answers_to(session, deletion.erasure_id)
        missing = sorted(set(PERSONAL_DATA_SERVICES) - {answer.service for answer in answers})
        _log.error("erasure_overdue", erasure_id=str(deletion.erasure_id), missing=missing)
        deletion.asked_at = now
        await _ask(session, deletion, now)
    await session.flush()
    return len(overdue)


async def erase_own(session: Session, event: UserErasureDue) -> None:
    """Forget what users keeps of a person, and answer. Done twice it erases nothing more.

    Objects go after the commit, by their notes. The emptied row in ``users`` keeps the id taken.
    """
    now = datetime.now(UTC)
    person = await lock_user(session, event.user_id)  # always before the deletion: no deadlock
    deletion = await repository.lock(session, event.erasure_id)
    if deletion is None or deletion.user_id != event.user_id or deletion.status != "erasing":
        return
    if person is None:
        await holdings.add_tombstone(session, event.user_id)
    rows, archives, parts = await exports.forget_person(session, event.user_id)
    rows += await consents.forget_person(session, event.user_id)
    erased = await holdings.erase(session, event.user_id)
    keys = {*erased.object_keys, *archives, *(blob_key(sha256) for sha256 in parts)}
    if keys:
        await plan_removal(session, now, *sorted(keys))
    if erased.kept and deletion.kept_until is None:
        deletion.kept_until = now + read_settings(UsersSettings).decisions_kept_years * _YEAR
    await record(session, actor=None, subject=event.user_id, action="user.data_erased")
    await emit(
        session,
        UserDataErased(
            **event.answer(OWN, now),
            rows=rows + erased.rows,
            kept=(*_KEPT_ALWAYS, *erased.kept),
        ),
    )


async def take_answer(session: Session, event: UserDataErased) -> None:
    """Count a service's answer; the last one makes the erasure whole, with the proof."""
    deletion = await repository.lock(session, event.erasure_id)
    if deletion is None or deletion.user_id != event.user_id or deletion.status != "erasing":
        return
    await repository.add_answer(session, event.erasure_id, event.service, event.rows, event.kept)
    answers = await repository.answers_to(session, event.erasure_id)
    if not {answer.service for answer in answers}.issuperset(PERSONAL_DATA_SERVICES):
        return
    now = datetime.now(UTC)
    deletion.status, deletion.finished_at = "erased", now
    await session.flush()
    proof = await record_with_proof(
        session, actor=None, subject=event.user_id, action="user.erased"
    )
    deletion.proof = proof
    await emit(
        session,
        UserErased(user_id=event.user_id, at=now, erasure_id=event.erasure_id, proof=proof),
    )


async def forget_decisions(session: Session, now: datetime) -> int:
    """Delete decisions on identity that the law does not demand any more, at most 100 people's."""
    over = await repository.claim_kept(session, now, AT_ONCE)
    for deletion in over:
        await holdings.erase_decisions(session, deletion.user_id)
        deletion.kept_until = None
        await record(session, actor=None, subject=deletion.user_id, action="kyc.forgotten")
    await session.flush()
    return len(over)


async def _ask(session: Session, deletion: Deletion, now: datetime) -> None:
    await emit(
        session,
        UserErasureDue(user_id=deletion.user_id, at=now, erasure_id=deletion.erasure_id),
    )
