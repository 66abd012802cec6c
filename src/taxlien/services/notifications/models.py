"""Tables of notifications: who can be written to, and what was or will be sent."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("notifications")

Status = Literal["held", "queued", "sending", "sent", "failed", "suppressed"]
_TIME = DateTime(timezone=True)
_NOW = text("now()")


class Row(DeclarativeBase):
    """Base of every table of notifications."""

    metadata = metadata


class Recipient(Row):
    """A user as someone to write to. With ``erased_at`` only the id is left, so that nobody writes."""

    __tablename__ = "recipients"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(Text)
    verified: Mapped[bool] = mapped_column(server_default=text("false"))
    language: Mapped[str | None] = mapped_column(Text)
    language_chosen: Mapped[bool] = mapped_column(server_default=text("false"))
    email_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    account_at: Mapped[datetime | None] = mapped_column(_TIME)
    preferences_at: Mapped[datetime | None] = mapped_column(_TIME)
    welcomed_at: Mapped[datetime | None] = mapped_column(_TIME)
    erased_at: Mapped[datetime | None] = mapped_column(_TIME)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Message(Row):
    """One message to one user. ``sealed`` holds address and parameters until it is sent.

    ``event_id`` is made from the content of the event it tells of: the same fact never makes two.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("event_id", "kind", "user_id"),
        CheckConstraint(
            "status IN ('held', 'queued', 'sending', 'sent', 'failed', 'suppressed')",
            name="status",
        ),
        CheckConstraint("channel IN ('email')", name="channel"),
        CheckConstraint(
            "(sealed IS NULL) = (status IN ('sent', 'failed', 'suppressed'))",
            name="sealed_until_done",
        ),
        Index(
            "ix_messages_due",
            "next_attempt_at",
            postgresql_where=text("status IN ('queued', 'sending')"),
        ),
        Index("ix_messages_user_id", "user_id"),
        Index("ix_messages_created_at", "created_at", postgresql_using="brin"),
    )

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column()
    user_id: Mapped[UUID] = mapped_column()
    kind: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text, server_default=text("'email'"))
    language: Mapped[str] = mapped_column(Text)
    status: Mapped[Status] = mapped_column(Text)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)
    expires_at: Mapped[datetime | None] = mapped_column(_TIME)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)
    sent_at: Mapped[datetime | None] = mapped_column(_TIME)
    error: Mapped[str | None] = mapped_column(Text)
