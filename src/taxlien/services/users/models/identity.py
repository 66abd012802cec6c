"""Who people are to the law: checks of identity, screenings against lists, tax residency."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CHAR, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from .people import Moment, Now, OfUser, Row, Version


class KycCase(Row):
    """One attempt of a person to be checked; the one with the highest ``number`` counts.

    ``details`` holds name, birth date and countries, sealed with the key ``details_key``. ``hit`` says
    that a screening found somebody whom no reviewer ruled out; ``cleared_matches`` says by entry who
    did and why. ``message`` is what the person is told of the decision.
    """

    __tablename__ = "kyc_cases"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending', 'submitted', 'in_review', 'approved', 'rejected', 'expired')",
            name="status",
        ),
        Index("uq_kyc_cases_user_id_number", "user_id", "number", unique=True),
        Index(
            "ix_kyc_cases_waiting",
            "submitted_at",
            "case_id",
            postgresql_where=text("status IN ('submitted', 'in_review')"),
        ),
        CheckConstraint("(details IS NULL) = (details_key IS NULL)", name="details"),
        Index(
            "ix_kyc_cases_expires_at",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL"),
        ),
    )

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[OfUser]
    number: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="pending")
    details: Mapped[bytes | None]
    details_key: Mapped[str | None]
    hit: Mapped[bool] = mapped_column(server_default=text("false"))
    cleared_matches: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    message: Mapped[str | None]
    submitted_at: Mapped[Moment | None]
    decided_at: Mapped[Moment | None]
    expires_at: Mapped[Moment | None]
    created_at: Mapped[Now]


class KycDocument(Row):
    """A document of a case. The object is sealed; ``key_name`` is the key it was sealed with."""

    __tablename__ = "kyc_documents"
    __table_args__ = (
        CheckConstraint("kind IN ('passport', 'id_card', 'proof_of_address')", name="kind"),
    )

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("users.kyc_cases.case_id"), index=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    kind: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    object_key: Mapped[str]
    key_name: Mapped[str]
    created_at: Mapped[Now]


class KycTransition(Row):
    """A case moved. ``actor_id`` is None for the system. Rows are added, never changed."""

    __tablename__ = "kyc_transitions"

    transition_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("users.kyc_cases.case_id"), index=True)
    from_status: Mapped[str]
    to_status: Mapped[str]
    action: Mapped[str]
    actor_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    at: Mapped[Now]


class SanctionsList(Row):
    """A list that was loaded: what screenings name as their source. The one loaded last is current."""

    __tablename__ = "sanctions_lists"

    list_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(CHAR(64), unique=True)
    list_date: Mapped[date]
    entities: Mapped[int]
    loaded_at: Mapped[Now]


class Screening(Row):
    """What comparing a case with a list found; ``matches`` name the list's entries and the evidence."""

    __tablename__ = "screenings"
    __table_args__ = (
        CheckConstraint("outcome IN ('clear', 'hit')", name="outcome"),
        Index("uq_screenings_case_id_list_id", "case_id", "list_id", unique=True),
    )

    screening_id: Mapped[UUID] = mapped_column(primary_key=True)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("users.kyc_cases.case_id"))
    list_id: Mapped[UUID] = mapped_column(ForeignKey("users.sanctions_lists.list_id"))
    method: Mapped[str]
    outcome: Mapped[str]
    matches: Mapped[list[dict[str, Any]]]
    screened_at: Mapped[Now]


class TaxResidency(Row):
    """Where a person pays tax, under which form. The number is sealed, its last digits are too."""

    __tablename__ = "tax_residencies"
    __table_args__ = (
        CheckConstraint("form_kind IN ('W-9', 'W-8BEN', 'W-8BEN-E')", name="form_kind"),
        CheckConstraint("tin_kind IN ('ssn', 'itin', 'ein', 'foreign')", name="tin_kind"),
        CheckConstraint(
            "(tin IS NULL) = (tin_kind IS NULL) AND (tin IS NULL) = (tin_key IS NULL)", name="tin"
        ),
    )

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    country: Mapped[str] = mapped_column(CHAR(2))
    form_kind: Mapped[str]
    tin_kind: Mapped[str | None]
    tin: Mapped[bytes | None]
    tin_key: Mapped[str | None] = mapped_column(index=True)
    certified_at: Mapped[Moment]
    version: Mapped[Version]
    updated_at: Mapped[Now]
