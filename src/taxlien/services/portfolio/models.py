"""Tables of the portfolio: who watches what, what that looked like last, and what was told of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.interfaces.liens import LienStatus
from taxlien.interfaces.portfolio import WatchPace, WatchReason, WatchTarget
from taxlien.kit.database import metadata_for
from taxlien.kit.owned_rows import OwnerRow
from taxlien.kit.versioned_set import SetVersion

metadata = metadata_for("portfolio")

_NOW = text("now()")
_ZERO = text("0")
_FALSE = text("false")


class Row(DeclarativeBase):
    """Base of every table of the portfolio."""

    metadata = metadata


class Owner(OwnerRow, Row):
    """Somebody who watches, or whose tier was told."""

    __tablename__ = "owners"


class Watch(Row):
    """Something a user watches; ``key`` names it in one text, so that a user watches it once.

    ``number`` is its short name in memory and in ``triggers``; ``changed`` the version of all watches
    that it last changed in. ``pace`` off: its owner looks but is told nothing; ``paused``: it is above
    what the tier allows. On day ``told_on`` (UTC) ``told`` liens of a county or auction were told of;
    ``untold`` counts those that were too many on all days.
    """

    __tablename__ = "watches"
    __table_args__ = (
        CheckConstraint("target IN ('lien', 'parcel', 'county', 'auction')", name="target"),
        CheckConstraint("pace IN ('instant', 'daily', 'weekly', 'off')", name="pace"),
        UniqueConstraint("user_id", "key"),
        Index("ix_watches_key", "key"),
        Index("ix_watches_changed", "changed"),
        Index("ix_watches_county_fips", "county_fips"),
    )

    watch_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("portfolio.owners.user_id"))
    target: Mapped[WatchTarget] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"))
    lien_id: Mapped[UUID | None]
    parcel_key: Mapped[str | None] = mapped_column(Text)
    parcel_id: Mapped[str | None] = mapped_column(Text)
    auction_on: Mapped[date | None] = mapped_column(Date)
    pace: Mapped[WatchPace] = mapped_column(Text)
    paused: Mapped[bool] = mapped_column(server_default=_FALSE)
    changed: Mapped[int] = mapped_column(BigInteger)
    told_on: Mapped[date | None] = mapped_column(Date)
    told: Mapped[int] = mapped_column(Integer, server_default=_ZERO)
    untold: Mapped[int] = mapped_column(BigInteger, server_default=_ZERO)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class WatchedLien(Row):
    """A lien that is watched itself or by its parcel, as it was last heard of: what a change is from.

    ``price`` is US dollars by the published facts; ``sale_date`` a published day, not an assumed one.
    """

    __tablename__ = "watched_liens"
    __table_args__ = (Index("ix_watched_liens_place", "county_fips", "sale_date"),)

    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    status: Mapped[LienStatus] = mapped_column(Text)
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"))
    parcel_key: Mapped[str] = mapped_column(Text)
    sale_date: Mapped[date | None] = mapped_column(Date)


class Trigger(Row):
    """What happened to a watched thing: once for a watch, a lien and a version of it. US dollars."""

    __tablename__ = "triggers"
    __table_args__ = (Index("ix_triggers_at", "at"),)

    number: Mapped[int] = mapped_column(
        ForeignKey("portfolio.watches.number", ondelete="CASCADE"), primary_key=True
    )
    lien_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[WatchReason] = mapped_column(Text)
    status: Mapped[LienStatus] = mapped_column(Text)
    previous_status: Mapped[LienStatus | None] = mapped_column(Text)
    price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    previous_price: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class WatchSet(SetVersion, Row):
    """The version of all watches together."""

    __tablename__ = "watch_set"


class Auction(Row):
    """A published day on which a county sells; ``hour`` (HH:MM, local) where that is published."""

    __tablename__ = "auctions"
    __table_args__ = (Index("ix_auctions_auction_on", "auction_on"),)

    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"), primary_key=True)
    auction_on: Mapped[date] = mapped_column(Date, primary_key=True)
    hour: Mapped[str | None] = mapped_column(CHAR(5))
    heard_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class Neared(Row):
    """A sale that a user was told of before it begins: once, whatever is asked again."""

    __tablename__ = "neared"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("portfolio.owners.user_id"), primary_key=True)
    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"), primary_key=True)
    auction_on: Mapped[date] = mapped_column(Date, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=_NOW)


class Demand(Row):
    """How many people watch a county, as last announced; ``stale`` says that it may have changed."""

    __tablename__ = "demand"

    county_fips: Mapped[str] = mapped_column(CHAR(5, collation="C"), primary_key=True)
    announced: Mapped[int] = mapped_column(server_default=_ZERO)
    stale: Mapped[bool] = mapped_column(server_default=text("true"))
