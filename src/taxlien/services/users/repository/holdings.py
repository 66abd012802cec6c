"""Everything kept of one person: read as rows to hand out, deleted to forget.

A test compares this with the models, so that a new table is handed out and erased, or says why not.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Table,
    Update,
    delete,
    func,
    select,
    text,
    update,
)

from taxlien.kit.database import Session
from taxlien.kit.ids import new_id
from taxlien.services.users.models import (
    AuditEntry,
    Avatar,
    Consent,
    Deletion,
    Export,
    KycCase,
    KycDocument,
    KycTransition,
    Screening,
    TaxResidency,
    Upload,
    User,
    UserPreferences,
)
from taxlien.services.users.models import Row as Model

Rows = list[dict[str, Any]]

# Left out of what is handed out: keys into our store, names of sealing keys, and who of our staff did
# something and in which words; the law forbids to tell of some checks (31 U.S.C. 5318(g)(2)).
_HIDDEN: dict[type[Model], frozenset[str]] = {
    User: frozenset({"erased_at"}),
    Avatar: frozenset({"sha256"}),
    Upload: frozenset({"object_key"}),
    KycCase: frozenset({"details_key", "hit", "cleared_matches"}),
    KycDocument: frozenset({"object_key", "key_name"}),
    KycTransition: frozenset({"actor_id", "reason"}),
    TaxResidency: frozenset({"tin_key"}),
    Export: frozenset({"object_key", "attempt_after", "deadline_at"}),
    Deletion: frozenset({"asked_at"}),
    AuditEntry: frozenset({"reason", "request_id", "previous_hash", "hash"}),
}


class Erased(NamedTuple):
    """What forgetting did: rows gone, keys of objects that are to go, tables whose rows law keeps."""

    rows: int
    object_keys: tuple[str, ...]
    kept: tuple[str, ...]


def whose(user_id: UUID) -> dict[type[Model], ColumnElement[bool]]:
    """Return the tables that hold something of a person, and which rows of each."""
    cases = select(KycCase.case_id).where(KycCase.user_id == user_id)
    return {
        User: User.id == user_id,
        UserPreferences: UserPreferences.user_id == user_id,
        Avatar: Avatar.user_id == user_id,
        Upload: Upload.user_id == user_id,
        KycCase: KycCase.user_id == user_id,
        KycDocument: KycDocument.user_id == user_id,
        KycTransition: KycTransition.case_id.in_(cases),
        TaxResidency: TaxResidency.user_id == user_id,
        Consent: Consent.user_id == user_id,
        Export: Export.user_id == user_id,
        Deletion: Deletion.user_id == user_id,
        AuditEntry: AuditEntry.subject_id == user_id,
    }


async def rows_of(session: Session, user_id: UUID) -> dict[str, Rows]:
    """Return every row kept of a person by table, without hidden columns; sealed values stay sealed."""
    found: dict[str, Rows] = {}
    for model, condition in whose(user_id).items():
        table = cast(Table, model.__table__)
        columns = [c for c in table.columns if c.name not in _HIDDEN.get(model, ())]
        rows = await session.execute(
            select(*columns).where(condition).order_by(*table.primary_key.columns)
        )
        found[table.name] = [dict(row) for row in rows.mappings()]
    return found


async def erase(session: Session, user_id: UUID) -> Erased:
    """Delete what is kept of a person. Decided checks of identity stay, without the person's details.

    Exports and consents are not touched here. The row in ``users`` stays, emptied, so that the id is
    never taken again.
    """
    keys = await _object_keys(session, user_id)
    decided = select(KycCase.case_id).where(
        KycCase.user_id == user_id, KycCase.decided_at.is_not(None)
    )
    undecided = select(KycCase.case_id).where(
        KycCase.user_id == user_id, KycCase.decided_at.is_(None)
    )
    rows = 0
    for statement in (
        delete(KycDocument).where(KycDocument.user_id == user_id),
        delete(Screening).where(Screening.case_id.in_(undecided)),
        delete(KycTransition).where(KycTransition.case_id.in_(undecided)),
        delete(KycCase).where(KycCase.user_id == user_id, KycCase.decided_at.is_(None)),
        delete(Upload).where(Upload.user_id == user_id),
        delete(Avatar).where(Avatar.user_id == user_id),
        delete(TaxResidency).where(TaxResidency.user_id == user_id),
        delete(UserPreferences).where(UserPreferences.user_id == user_id),
        _emptied(user_id),
    ):
        rows += await _count(session, statement)
    await _close_cases(session, user_id)
    # Answers to requests with an Idempotency-Key are kept for a day, under the user's id.
    await session.execute(
        text("DELETE FROM users.idempotency_keys WHERE starts_with(scope, :owner)"),
        {"owner": f"{user_id} "},
    )
    has_decisions = await session.scalar(select(decided.exists()))
    kept = ("kyc_cases", "kyc_transitions", "screenings") if has_decisions else ()
    return Erased(rows, tuple(keys), kept)


async def erase_decisions(session: Session, user_id: UUID) -> int:
    """Delete what the law made us keep of an erased person. Returns how many rows."""
    cases = select(KycCase.case_id).where(KycCase.user_id == user_id)
    rows = 0
    for statement in (
        delete(Screening).where(Screening.case_id.in_(cases)),
        delete(KycTransition).where(KycTransition.case_id.in_(cases)),
        delete(KycCase).where(KycCase.user_id == user_id),
    ):
        rows += await _count(session, statement)
    return rows


async def add_tombstone(session: Session, user_id: UUID) -> None:
    """Take an id that has no row: whoever signed up under it was forgotten before we heard of them."""
    session.add(User(id=user_id, email=_nobody(user_id), erased_at=func.now()))
    await session.flush()


async def _close_cases(session: Session, user_id: UUID) -> None:
    """End the cases that stay, with a row that says so, and empty them of the person's details."""
    open_cases = await session.scalars(
        select(KycCase).where(
            KycCase.user_id == user_id, KycCase.status.not_in(("rejected", "expired"))
        )
    )
    for case in open_cases:
        session.add(
            KycTransition(
                transition_id=new_id(),
                case_id=case.case_id,
                from_status=case.status,
                to_status="expired",
                action="erase",
            )
        )
        case.status = "expired"
    await session.flush()
    await session.execute(
        update(KycCase)
        .where(KycCase.user_id == user_id)
        .values(details=None, details_key=None, message=None)
        .execution_options(synchronize_session=False)
    )


def _emptied(user_id: UUID) -> Update:
    return (
        update(User)
        .where(User.id == user_id, User.erased_at.is_(None))
        .values(
            email=_nobody(user_id),
            full_name=None,
            phone=None,
            subscription_tier="free",
            trial_end_date=None,
            trial_started_at=None,
            kyc_status="pending",
            email_verified_at=None,
            version=User.version + 1,
            updated_at=func.now(),
            erased_at=func.now(),
        )
    )


def _nobody(user_id: UUID) -> str:
    """Return an address that nobody can have: .invalid never resolves (RFC 2606)."""
    return f"{user_id}@erased.invalid"


async def _object_keys(session: Session, user_id: UUID) -> list[str]:
    """Return keys of stored objects; what is in quarantine has the note it got when it was begun."""
    keys: list[str] = []
    for query in (
        select(Avatar.large_key).where(Avatar.user_id == user_id),
        select(Avatar.small_key).where(Avatar.user_id == user_id),
        select(KycDocument.object_key).where(KycDocument.user_id == user_id),
    ):
        keys += await session.scalars(query)
    return keys


async def _count(session: Session, statement: Delete | Update) -> int:
    result: CursorResult[Any] = await session.execute(  # type: ignore[assignment]
        statement.execution_options(synchronize_session=False)
    )
    return result.rowcount
