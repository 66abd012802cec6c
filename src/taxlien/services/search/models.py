"""Tables of search. The index itself is not one of them: it can always be built anew."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.interfaces.search import AlertPace
from taxlien.kit.database import metadata_for
from taxlien.kit.owned_rows import OwnerRow
from taxlien.kit.versioned_set import SetVersion

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


class KindSearched(Row):
    """How often a kind of question was asked within an hour (UTC) since that was last announced."""

    __tablename__ = "kinds_searched"

    hour: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class Clicked(Row):
    """How often the hit at a position (from 1) was opened within an hour (UTC), since last announced."""

    __tablename__ = "clicks"

    hour: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)


class Owner(OwnerRow, Row):
    """Somebody who saves searches, or whose tier was told."""

    __tablename__ = "owners"


class SavedSearch(Row):
    """A question somebody keeps. ``parameters`` are those of ``GET /v1/search``, in one fixed form.

    ``number`` is its short name in memory and in ``matches``; ``changed`` the version of the set of
    queries that it last changed in; ``paused`` says that it is above what the owner's tier allows.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (
        CheckConstraint("pace IN ('instant', 'daily', 'weekly', 'off')", name="pace"),
        Index("ix_saved_searches_user_id", "user_id", "search_id"),
        Index("ix_saved_searches_changed", "changed"),
    )

    search_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("search.owners.user_id"))
    name: Mapped[str] = mapped_column(Text)
    parameters: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    pace: Mapped[AlertPace] = mapped_column(Text)
    paused: Mapped[bool] = mapped_column(server_default=text("false"))
    changed: Mapped[int] = mapped_column(BigInteger)
    share_sha256: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    shared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )


class Match(Row):
    """A lien that was announced to a saved search: once, whatever becomes of either."""

    __tablename__ = "matches"

    number: Mapped[int] = mapped_column(
        ForeignKey("search.saved_searches.number", ondelete="CASCADE"), primary_key=True
    )
    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    matched_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )


class Score(Row):
    """The latest risk score of a lien, 1 to 100 (null: unknown), for when the index is built anew.

    ``appointment`` and ``version`` (of the lien) tell which of two is newer, in this order.
    """

    __tablename__ = "scores"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 100", name="score"),)

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    appointment: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    score: Mapped[int | None] = mapped_column(SmallInteger)


class Move(Row):
    """A lien whose score came into the bounds of a saved search; ``before`` is what it was (null: unknown).
    It waits for the catalogue to tell the lien whole."""

    __tablename__ = "moves"

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    before: Mapped[int | None] = mapped_column(SmallInteger)


class QuerySet(SetVersion, Row):
    """The version of all saved queries together."""

    __tablename__ = "query_set"
