"""Sources, their runs with the frontier of pages, and what waits for a person."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from .rows import NOW, ZERO, Big, Code, Key, Moment, Row

SourceStatus = Literal[
    "active",
    "stopped",  # it refused us: a person looks
    "quarantined",  # its last run is not believed: a person decides
    "paused",  # by a person
    "off",  # its terms do not allow collecting, or nobody has read them
]
RunStage = Literal["pages", "publishing", "over"]


class Source(Row):
    """One site, and how collecting it goes. ``figures`` are those of the last published run."""

    __tablename__ = "sources"
    __table_args__ = (
        CheckConstraint(
            "status IN ('active', 'stopped', 'quarantined', 'paused', 'off')", name="status"
        ),
        Index("ix_sources_due", "next_due_at", postgresql_where=text("status = 'active'")),
    )

    name: Mapped[Key] = mapped_column(primary_key=True)
    platform: Mapped[str]
    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"))
    legal_status: Mapped[str]
    site: Mapped[dict[str, Any]]
    shipped: Mapped[bool]
    status: Mapped[SourceStatus] = mapped_column(Text)
    reason: Mapped[str | None]
    robots: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("5"))
    next_due_at: Mapped[Moment] = mapped_column(server_default=NOW)
    failures: Mapped[int] = mapped_column(server_default=ZERO)
    last_run_at: Mapped[Moment | None]
    last_success_at: Mapped[Moment | None]
    rows: Mapped[Big] = mapped_column(server_default=ZERO)
    error_share: Mapped[float | None]
    figures: Mapped[dict[str, Any] | None]
    changed_at: Mapped[Moment] = mapped_column(server_default=NOW)


class Run(Row):
    """One run of a source. While ``open`` whoever holds the lease drives it on from ``stage``."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("number"),
        CheckConstraint("kind IN ('collect', 'reparse')", name="kind"),
        CheckConstraint(
            "state IN ('open', 'published', 'quarantined', 'stopped', 'failed', 'discarded')",
            name="state",
        ),
        CheckConstraint("stage IN ('pages', 'publishing', 'over')", name="stage"),
        Index(
            "uq_runs_open",
            "source",
            unique=True,
            postgresql_where=text("state IN ('open', 'quarantined')"),
        ),
        Index("ix_runs_source_started_at", "source", "started_at"),
        Index("ix_runs_working", "leased_until", postgresql_where=text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    source: Mapped[Key]
    kind: Mapped[str]
    state: Mapped[str]
    stage: Mapped[RunStage] = mapped_column(Text)
    partial: Mapped[bool]
    scope: Mapped[dict[str, Any]]
    parser_version: Mapped[str]
    figures: Mapped[dict[str, Any] | None]
    bytes_read: Mapped[Big] = mapped_column(server_default=ZERO)
    seconds: Mapped[float] = mapped_column(server_default=ZERO)
    changed: Mapped[int] = mapped_column(server_default=ZERO)
    gone: Mapped[int] = mapped_column(server_default=ZERO)
    unchanged_pages: Mapped[int] = mapped_column(server_default=ZERO)
    findings: Mapped[list[Any] | None]
    diff: Mapped[str | None]
    reason: Mapped[str | None]
    traceparent: Mapped[str | None]
    holder: Mapped[UUID | None]
    leased_until: Mapped[Moment | None]
    sent_at: Mapped[Moment | None]
    started_at: Mapped[Moment] = mapped_column(server_default=NOW)
    ended_at: Mapped[Moment | None]


class RunPage(Row):
    """A page of a run: to be fetched, or fetched and not yet published. Publishing deletes it."""

    __tablename__ = "run_pages"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'read', 'unchanged', 'failed')", name="state"),
        Index(
            "ix_run_pages_waiting",
            "run_id",
            "number",
            postgresql_where=text("state = 'waiting'"),
        ),
        Index(
            "ix_run_pages_done",
            "run_id",
            "number",
            postgresql_where=text("state IN ('read', 'unchanged')"),
        ),
        Index(
            "ix_run_pages_lists",
            "run_id",
            "number",
            postgresql_where=text(
                "state IN ('read', 'unchanged') AND memory -> 'lists' IS NOT NULL"
            ),
        ),
    )

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    request: Mapped[dict[str, Any]]
    raw_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(server_default=text("'waiting'"))
    due_at: Mapped[Moment] = mapped_column(server_default=NOW)
    holder: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=ZERO)
    error_kind: Mapped[str | None]
    error: Mapped[str | None]
    card: Mapped[dict[str, Any] | None]
    memory: Mapped[dict[str, Any] | None]


class OperationsTask(Row):
    """What a person has to look at. One is open of a kind and source at a time."""

    __tablename__ = "operations_tasks"
    __table_args__ = (
        Index(
            "uq_operations_tasks_open",
            "source",
            "kind",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    source: Mapped[Key]
    run_id: Mapped[UUID | None]
    summary: Mapped[str]
    detail: Mapped[dict[str, Any]]
    raised_at: Mapped[Moment] = mapped_column(server_default=NOW)
    resolved_at: Mapped[Moment | None]
    resolution: Mapped[str | None]


class Demand(Row):
    """How much a county was wanted on a day, by kind of wish. No user is in it."""

    __tablename__ = "demand"

    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"), primary_key=True)
    kind: Mapped[str] = mapped_column(Code, primary_key=True)
    amount: Mapped[float]
    day: Mapped[date] = mapped_column(primary_key=True)
    changed_at: Mapped[Moment] = mapped_column(server_default=NOW)
