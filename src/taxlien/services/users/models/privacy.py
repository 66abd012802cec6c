"""What was seen, agreed to, handed out and erased: the rows that answer for personal data."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Identity, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from .people import Moment, Now, Row

Names = Annotated[list[str], mapped_column(ARRAY(Text), server_default=text("'{}'"))]


class AuditEntry(Row):
    """A row of the audit log: who saw or changed which fields of whom. Append-only, chained by hashes.

    It holds no personal values, so it outlives the person it is about; hence no foreign keys.
    """

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject_id_id", "subject_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[Moment]
    actor_id: Mapped[UUID | None]
    actor_roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    subject_id: Mapped[UUID]
    action: Mapped[str]
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text))
    reason: Mapped[str | None]
    request_id: Mapped[str | None]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]


class PendingAudit(Row):
    """What a transaction will add to the audit log when it commits; a trigger moves it (docs/adr/0050)."""

    __tablename__ = "audit_pending"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[Moment] = mapped_column(server_default=text("clock_timestamp()"))
    actor_id: Mapped[UUID | None]
    actor_roles: Mapped[Names]
    subject_id: Mapped[UUID]
    action: Mapped[str]
    fields: Mapped[Names]
    reason: Mapped[str | None]
    request_id: Mapped[str | None]


class Consent(Row):
    """A person agreed to a version of a document for a purpose, or took it back. Rows are added only."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_user_id_purpose_number", "user_id", "purpose", "number"),)

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    user_id: Mapped[UUID]
    purpose: Mapped[str]
    document_version: Mapped[str]
    given: Mapped[bool]
    source: Mapped[str]
    at: Mapped[Now]


class Export(Row):
    """A person's wish for all their data. ``missing`` names services that did not answer in time.

    ``object_key`` names the sealed ZIP while there is one.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint(
            "status IN ('collecting', 'ready', 'partial', 'expired')",
            name="status",
        ),
        Index(
            "uq_exports_collecting",
            "user_id",
            unique=True,
            postgresql_where=text("status = 'collecting'"),
        ),
        Index("ix_exports_user_id_export_id", "user_id", "export_id"),
        Index(
            "ix_exports_expires_at",
            "expires_at",
            postgresql_where=text("status IN ('ready', 'partial')"),
        ),
    )

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(server_default="collecting")
    language: Mapped[str]
    requested_at: Mapped[Moment]
    deadline_at: Mapped[Moment]
    attempt_after: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    expires_at: Mapped[Moment | None]
    object_key: Mapped[str | None]
    size_bytes: Mapped[int | None]
    missing: Mapped[Names]


class ExportPart(Row):
    """What one service answered. ``sha256`` names a sealed object until the ZIP is made."""

    __tablename__ = "export_parts"

    export_id: Mapped[UUID] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str | None]
    rows: Mapped[int]
    arrived_at: Mapped[Now]


class Deletion(Row):
    """A person's wish to be forgotten, and how far it came. It stays, with ids and times only."""

    __tablename__ = "deletions"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'cancelled', 'erasing', 'erased')", name="status"),
        Index(
            "uq_deletions_user_id",
            "user_id",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
        Index(
            "ix_deletions_erase_after",
            "erase_after",
            postgresql_where=text("status = 'waiting'"),
        ),
        Index(
            "ix_deletions_kept_until",
            "kept_until",
            postgresql_where=text("kept_until IS NOT NULL"),
        ),
    )

    erasure_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(server_default="waiting")
    requested_at: Mapped[Moment]
    erase_after: Mapped[Moment]
    asked_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]
    kept_until: Mapped[Moment | None]
    proof: Mapped[str | None]


class ErasureAnswer(Row):
    """One service erased what it had; ``kept`` names what law makes it keep."""

    __tablename__ = "erasure_answers"

    erasure_id: Mapped[UUID] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(primary_key=True)
    rows: Mapped[int]
    kept: Mapped[Names]
    arrived_at: Mapped[Now]
