"""What pages said: staged by a run that is under way, and as last published."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from .rows import NOW, Key, Moment, Row


class Page(Row):
    """A page as last published. ``memory`` is what an unchanged page need not be parsed again for.

    ``settled_sha256`` is the hash of what it says apart from what changes in every answer.
    """

    __tablename__ = "pages"

    source: Mapped[Key] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    content_sha256: Mapped[bytes]
    settled_sha256: Mapped[bytes | None]
    parser_version: Mapped[str]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    memory: Mapped[dict[str, Any]]
    run_id: Mapped[UUID]
    seen_at: Mapped[Moment]
    changed_at: Mapped[Moment]


class Staged(Row):
    """A fact that a run read and has not published."""

    __tablename__ = "staged"

    run_id: Mapped[UUID] = mapped_column(primary_key=True)
    page: Mapped[Key] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    sha256: Mapped[bytes]
    said: Mapped[dict[str, Any]]


class SaidFact(Row):
    """A fact as last published. With ``gone_at`` its page no longer says it; it is never deleted."""

    __tablename__ = "facts"
    __table_args__ = (Index("ix_facts_source_key", "source", "key"),)

    source: Mapped[Key] = mapped_column(primary_key=True)
    page: Mapped[Key] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[Key] = mapped_column(primary_key=True)
    sha256: Mapped[bytes]
    said: Mapped[dict[str, Any]]
    changed_at: Mapped[Moment] = mapped_column(server_default=NOW)
    gone_at: Mapped[Moment | None]
