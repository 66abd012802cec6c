"""Tables of search. The index itself is not one of them: it can always be built anew."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CHAR, BigInteger, CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("search")

RebuildStatus = Literal["requested", "running", "done", "failed"]


class Row(DeclarativeBase):
    """Base of every table of search."""

    metadata = metadata


class Rebuild(Row):
    """One building of the index from the catalogue. At most one is requested or running."""

    __tablename__ = "rebuilds"
    __table_args__ = (
        CheckConstraint("status IN ('requested', 'running', 'done', 'failed')", name="status"),
        Index(
            "uq_rebuilds_unfinished",
            text("(true)"),
            unique=True,
            postgresql_where=text("status IN ('requested', 'running')"),
        ),
    )

    rebuild_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[RebuildStatus] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    liens: Mapped[int] = mapped_column(server_default=text("0"))
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Searched(Row):
    """How often a county was searched since that was last announced."""

    __tablename__ = "searched"

    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))
