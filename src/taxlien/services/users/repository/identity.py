"""Every query on checks of identity, screenings, and tax residency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from taxlien.kit.database import Session
from taxlien.services.users.models import (
    KycCase,
    KycDocument,
    KycTransition,
    SanctionsList,
    Screening,
    TaxResidency,
)


async def latest_case(session: Session, user_id: UUID) -> KycCase | None:
    """Return the case of a person that counts."""
    return await session.scalar(
        select(KycCase)
        .where(KycCase.user_id == user_id)
        .order_by(KycCase.number.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


async def waiting_cases(
    session: Session, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[KycCase]:
    """Return a page of the cases that wait for a reviewer, the longest waiting first."""
    query = select(KycCase).where(KycCase.status.in_(("submitted", "in_review")))
    if after is not None:
        query = query.where(tuple_(KycCase.submitted_at, KycCase.case_id) > after)
    query = query.order_by(KycCase.submitted_at, KycCase.case_id).limit(limit)
    return (await session.scalars(query)).all()


async def ended_cases(session: Session, now: datetime, limit: int) -> Sequence[KycCase]:
    """Return approved cases whose time is over."""
    query = select(KycCase).where(KycCase.status == "approved", KycCase.expires_at <= now)
    return (await session.scalars(query.order_by(KycCase.expires_at).limit(limit))).all()


async def documents_of(session: Session, case_id: UUID) -> Sequence[KycDocument]:
    """Return the documents of a case, in the order they came."""
    query = select(KycDocument).where(KycDocument.case_id == case_id)
    return (await session.scalars(query.order_by(KycDocument.document_id))).all()


async def documents_of_user(session: Session, user_id: UUID) -> Sequence[KycDocument]:
    """Return the documents of all cases of a person, in the order they came."""
    query = select(KycDocument).where(KycDocument.user_id == user_id)
    return (await session.scalars(query.order_by(KycDocument.document_id))).all()


async def get_document(session: Session, user_id: UUID, document_id: UUID) -> KycDocument | None:
    """Return a document of a person."""
    return await session.scalar(
        select(KycDocument).where(
            KycDocument.document_id == document_id, KycDocument.user_id == user_id
        )
    )


async def remove_document(session: Session, document_id: UUID) -> None:
    """Remove a document's row."""
    await session.execute(delete(KycDocument).where(KycDocument.document_id == document_id))


async def transitions_of(session: Session, case_id: UUID) -> Sequence[KycTransition]:
    """Return how a case moved, in order."""
    query = select(KycTransition).where(KycTransition.case_id == case_id)
    return (await session.scalars(query.order_by(KycTransition.transition_id))).all()


async def current_list(session: Session) -> SanctionsList | None:
    """Return the list loaded last."""
    return await session.scalar(
        select(SanctionsList)
        .order_by(SanctionsList.loaded_at.desc(), SanctionsList.list_id.desc())
        .limit(1)
    )


async def list_by_sha256(session: Session, sha256: str) -> SanctionsList | None:
    """Return the list of this content."""
    return await session.scalar(select(SanctionsList).where(SanctionsList.sha256 == sha256))


async def screenings_of(
    session: Session, case_id: UUID
) -> Sequence[tuple[Screening, SanctionsList]]:
    """Return what screening a case found, with the list each names, latest first."""
    query = (
        select(Screening, SanctionsList)
        .join(SanctionsList, SanctionsList.list_id == Screening.list_id)
        .where(Screening.case_id == case_id)
        .order_by(Screening.screening_id.desc())
    )
    return [(row[0], row[1]) for row in await session.execute(query)]


async def screening_of(session: Session, case_id: UUID, list_id: UUID) -> Screening | None:
    """Return what screening a case with a list found."""
    return await session.scalar(
        select(Screening).where(Screening.case_id == case_id, Screening.list_id == list_id)
    )


async def add_screening(session: Session, **values: object) -> None:
    """Write what a screening found, unless the case was screened with the list before."""
    await session.execute(insert(Screening).values(**values).on_conflict_do_nothing())


async def unscreened_users(
    session: Session, list_id: UUID, statuses: Sequence[str], limit: int
) -> Sequence[UUID]:
    """Return people with a case in one of ``statuses`` that was not screened with a list yet."""
    screened = exists().where(Screening.case_id == KycCase.case_id, Screening.list_id == list_id)
    query = select(KycCase.user_id).where(
        KycCase.status.in_(statuses), KycCase.details.is_not(None), ~screened
    )
    return (await session.scalars(query.order_by(KycCase.case_id).limit(limit))).all()


async def get_residency(session: Session, user_id: UUID) -> TaxResidency | None:
    """Return where a person pays tax."""
    return await session.get(TaxResidency, user_id)


async def remove_residency(session: Session, user_id: UUID) -> bool:
    """Remove where a person pays tax. Returns whether there was something."""
    statement = delete(TaxResidency).where(TaxResidency.user_id == user_id)
    return await session.scalar(statement.returning(TaxResidency.user_id)) is not None


async def lock_old_tins(session: Session, current: str, limit: int) -> Sequence[TaxResidency]:
    """Return residencies whose number is sealed with another key than ``current``, locked."""
    query = select(TaxResidency).where(TaxResidency.tin_key != current).limit(limit)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def lock_old_details(session: Session, current: str, limit: int) -> Sequence[KycCase]:
    """Return cases whose details are sealed with another key than ``current``, locked."""
    query = select(KycCase).where(KycCase.details_key != current).limit(limit)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def lock_old_documents(session: Session, current: str, limit: int) -> Sequence[KycDocument]:
    """Return documents sealed with another key than ``current``, locked."""
    query = select(KycDocument).where(KycDocument.key_name != current).limit(limit)
    return (await session.scalars(query.with_for_update(skip_locked=True))).all()


async def key_counts(session: Session) -> dict[str, int]:
    """Return how many sealed values each key has: a key of none can be taken off the ring."""
    counts: dict[str, int] = {}
    for column in (TaxResidency.tin_key, KycCase.details_key, KycDocument.key_name):
        query = select(column, func.count()).where(column.is_not(None)).group_by(column)
        for name, count in await session.execute(query):
            counts[str(name)] = counts.get(str(name), 0) + count
    return counts
