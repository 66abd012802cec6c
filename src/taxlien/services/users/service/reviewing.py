"""The reviewer's side of the check of identity: what waits, what it shows, and the decision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, cast
from uuid import UUID

from taxlien.interfaces.users import KycStatus
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, Forbidden, InvalidInput, NotFound
from taxlien.kit.security.identity import Caller
from taxlien.kit.settings import read_settings
from taxlien.services.users.adapters.uploads import ObjectMissing, Objects
from taxlien.services.users.logic import kyc as logic
from taxlien.services.users.models import (
    KycCase,
    KycDocument,
    KycTransition,
    SanctionsList,
    Screening,
    User,
)
from taxlien.services.users.repository import identity as repository
from taxlien.services.users.repository import people
from taxlien.services.users.settings import UsersSettings

from . import kyc, screening
from .audit import record as record_access

Decision = Literal["approve", "reject"]

_NO_CASE = "There is no check of this user."
_SEAL_BYTES = 1024  # what sealing may add to a document
_CASES_AT_ONCE = 100


class CaseFile(NamedTuple):
    """Everything a reviewer decides by. Where it is not whole, only the case's state may be shown."""

    case: KycCase
    is_whole: bool
    details: logic.Details | None
    documents: Sequence[KycDocument]
    transitions: Sequence[KycTransition]
    screenings: Sequence[tuple[Screening, SanctionsList]]


class Opened(NamedTuple):
    """A document as it was sent."""

    kind: str
    media_type: str
    content: bytes


async def submit(session: Session, caller: Caller) -> kyc.CaseState:
    """Hand the caller's case in. Somebody like a person on a list goes to a reviewer at once.

    Raises ``Conflict`` naming what is missing, or where the case was handed in before.
    """
    user, case = await kyc.open_case(session, caller)
    documents = await repository.documents_of(session, case.case_id)
    details = kyc.details_of(case)
    logic.check_complete(details, (document.kind for document in documents))
    case.submitted_at = datetime.now(UTC)
    await kyc.move(session, user, case, "submit", caller)
    await screening.screen(session, user, case)
    if case.hit:
        await kyc.move(session, user, case, "hit", None, "found on a list")
    return kyc.CaseState(cast(KycStatus, case.status), case, details, documents)


async def waiting(
    session: Session, caller: Caller, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[KycCase]:
    """Return a page of the cases that wait for a decision, the longest waiting first."""
    found = await repository.waiting_cases(session, after, limit)
    for case in found:
        await record_access(
            session, actor=caller, subject=case.user_id, action="kyc.listed", fields=("kyc_status",)
        )
    return found


async def case_of(session: Session, caller: Caller, user_id: UUID) -> CaseFile:
    """Return the case of somebody: whole for an admin, its state alone for others.

    Raises ``NotFound``.
    """
    case = await repository.latest_case(session, user_id)
    if case is None:
        raise NotFound(_NO_CASE)
    if not caller.has("admin"):
        await record_access(
            session, actor=caller, subject=user_id, action="kyc.read", fields=("kyc_status",)
        )
        return CaseFile(case, False, None, (), (), ())
    await record_access(
        session,
        actor=caller,
        subject=user_id,
        action="kyc.read",
        fields=("kyc_status", "details", "documents", "screenings"),
    )
    return CaseFile(
        case,
        True,
        kyc.details_of(case),
        await repository.documents_of(session, case.case_id),
        await repository.transitions_of(session, case.case_id),
        await repository.screenings_of(session, case.case_id),
    )


async def documents_of(session: Session, caller: Caller, user_id: UUID) -> Sequence[KycDocument]:
    """Return the documents somebody ever handed in, without their content."""
    await record_access(
        session, actor=caller, subject=user_id, action="kyc.documents_listed", fields=("documents",)
    )
    return await repository.documents_of_user(session, user_id)


async def open_document(
    session: Session, caller: Caller, user_id: UUID, document_id: UUID
) -> Opened:
    """Return a document's content. Raises ``NotFound``, and ``SealBroken`` where it was tampered with."""
    document = await repository.get_document(session, user_id, document_id)
    if document is None:
        raise NotFound("There is no such document.")
    await record_access(
        session,
        actor=caller,
        subject=user_id,
        action="kyc.document_read",
        fields=(document.kind,),
    )
    limit = read_settings(UsersSettings).document_max_bytes + _SEAL_BYTES
    try:
        sealed = await Objects.from_environment().read(document.object_key, at_most=limit)
    except ObjectMissing:
        raise NotFound("The document is no longer kept.") from None
    plain = kyc.keyring().open(sealed, f"{kyc.DOCUMENT_CONTEXT}:{document_id}")
    return Opened(document.kind, document.media_type, plain)


async def take(session: Session, caller: Caller, user_id: UUID) -> KycCase:
    """Begin to look at a case. Raises ``NotFound``, ``Forbidden`` for one's own, ``Conflict``."""
    user, case = await _to_review(session, caller, user_id)
    await kyc.move(session, user, case, "take", caller)
    return case


async def decide(
    session: Session,
    caller: Caller,
    user_id: UUID,
    decision: Decision,
    *,
    reason: str,
    message: str | None = None,
    cleared_matches: Collection[str] = (),
) -> KycCase:
    """Approve or reject a case. ``reason`` is for us, ``message`` for the person.

    To approve, the case must have been compared with the current list, and ``cleared_matches`` must name
    every entry found that is somebody else. Raises ``NotFound``, ``Forbidden`` for one's own case,
    ``InvalidInput`` for entries that were not found, ``Conflict`` where it cannot be decided so.
    """
    user, case = await _to_review(session, caller, user_id)
    now = datetime.now(UTC)
    if decision == "approve":
        await _clear(session, user, case, caller, reason, cleared_matches)
        case.expires_at = now + timedelta(days=read_settings(UsersSettings).kyc_valid_days)
    case.decided_at = now
    case.message = message
    await kyc.move(session, user, case, decision, caller, reason)
    return case


async def expire_cases(session: Session, now: datetime) -> int:
    """End approvals whose time is over, at most 100. Returns how many: ask again while it is not 0."""
    over = await repository.ended_cases(session, now, _CASES_AT_ONCE)
    for found in sorted(over, key=lambda case: case.user_id):
        user = await people.lock_user(session, found.user_id)
        case = await repository.latest_case(session, found.user_id)
        if user is None or user.erased_at is not None:
            found.expires_at = None  # kept for the law alone, and nobody is told of it
        elif case is not None and case.status == "approved":
            await kyc.move(session, user, case, "expire", None)
    await session.flush()
    return len(over)


async def _to_review(session: Session, caller: Caller, user_id: UUID) -> tuple[User, KycCase]:
    if caller.user_id == user_id:
        raise Forbidden("Nobody decides about themselves.")
    user = await people.lock_user(session, user_id)
    case = await repository.latest_case(session, user_id)
    if user is None or case is None:
        raise NotFound(_NO_CASE)
    return user, case


async def _clear(
    session: Session,
    user: User,
    case: KycCase,
    caller: Caller,
    reason: str,
    cleared: Collection[str],
) -> None:
    found = await screening.screen(session, user, case)
    if found is None:
        raise Conflict("No list of sanctions is loaded: nobody can be approved.")
    matches = screening.match_ids(found)
    unknown = sorted(set(cleared) - set(matches))
    if unknown:
        raise InvalidInput("cleared_matches", f"names {unknown[0]}, which was not found")
    ruling = {"by": str(caller.user_id), "at": datetime.now(UTC).isoformat(), "reason": reason}
    case.cleared_matches = {**case.cleared_matches, **dict.fromkeys(cleared, ruling)}
    left = logic.unsettled(matches, case.cleared_matches)
    if left:
        raise Conflict(f"Found on a list and not ruled out: {', '.join(left)}.")
    case.hit = False
