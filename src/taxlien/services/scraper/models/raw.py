"""Pages as they came: one row per fetch, one per content; the bytes lie in objects."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, Integer, LargeBinary, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from .rows import Row


class RawContent(Row):
    """A content that was seen. It is ``length`` bytes from ``start`` of an object, compressed.

    Contents kept together lie in one object: many small objects cost more than one large.
    """

    __tablename__ = "raw_contents"

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    object_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    start: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int] = mapped_column(Integer)


class RawPageRow(Row):
    """A page that was fetched. ``request`` is what asked for it; cookies are in neither column.

    ``verdict`` is as what the parser of its day read it.
    """

    __tablename__ = "raw_pages"
    __table_args__ = (
        Index("ix_raw_pages_source_key_fetched_at", "source", "key", "fetched_at"),
        Index("ix_raw_pages_fetched_at_id", "fetched_at", "id"),
        Index("ix_raw_pages_source_fetched_at_id", "source", "fetched_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    source: Mapped[str] = mapped_column(Text(collation="C"))
    key: Mapped[str] = mapped_column(Text(collation="C"))
    url: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB)
    fetched_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    parser_version: Mapped[str] = mapped_column(Text)
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    verdict: Mapped[str | None] = mapped_column(Text)
