"""Tables of notifications: who can be written to, and what was or will be sent."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    Text,
    Time,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("notifications")

Pace = Literal["instant", "daily", "weekly"]
Outcome = Literal["taken", "refused"]
Reason = Literal["bounce", "complaint", "unsubscribe"]
Status = Literal["held", "queued", "sending", "sent", "failed", "suppressed"]
_TIME = DateTime(timezone=True)
_NOW = text("now()")


class Row(DeclarativeBase):
    """Base of every table of notifications."""

    metadata = metadata


class Recipient(Row):
    """A user as someone to write to. With ``erased_at`` only the id is left, so that nobody writes."""

    __tablename__ = "recipients"
    __table_args__ = (
        Index("ix_recipients_administrators", "user_id", postgresql_where=text("administrator")),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(Text)
    verified: Mapped[bool] = mapped_column(server_default=text("false"))
    language: Mapped[str | None] = mapped_column(Text)
    language_chosen: Mapped[bool] = mapped_column(server_default=text("false"))
    email_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    push_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    sms_notifications: Mapped[bool] = mapped_column(server_default=text("false"))
    administrator: Mapped[bool] = mapped_column(server_default=text("false"))
    roles_at: Mapped[datetime | None] = mapped_column(_TIME)
    time_zone: Mapped[str | None] = mapped_column(Text)
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    mail_stopped_at: Mapped[datetime | None] = mapped_column(_TIME)
    account_at: Mapped[datetime | None] = mapped_column(_TIME)
    preferences_at: Mapped[datetime | None] = mapped_column(_TIME)
    welcomed_at: Mapped[datetime | None] = mapped_column(_TIME)
    erased_at: Mapped[datetime | None] = mapped_column(_TIME)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Message(Row):
    """One message to one user by one channel. ``sealed`` holds address and parameters until it is sent.

    One that failed and keeps them is a dead letter: it can be sent again by hand.

    ``event_id`` is made from the content of the event it tells of: the same fact never makes two.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("event_id", "kind", "user_id", "channel"),
        CheckConstraint(
            "status IN ('held', 'queued', 'sending', 'sent', 'failed', 'suppressed')",
            name="status",
        ),
        CheckConstraint("channel IN ('email', 'push', 'sms', 'webhook')", name="channel"),
        CheckConstraint(
            "status = 'failed' OR (sealed IS NULL) = (status IN ('sent', 'suppressed'))",
            name="sealed_until_done",
        ),
        Index(
            "ix_messages_dead",
            "message_id",
            postgresql_where=text("status = 'failed' AND sealed IS NOT NULL"),
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


class Choice(Row):
    """What a user chose for one kind by one channel; where there is no row, what is usual holds."""

    __tablename__ = "choices"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    wanted: Mapped[bool] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Gathered(Row):
    """One fact that waits to be told with others of its ``gathering``, and afterwards that it was told.

    ``item_id`` is made from what makes the fact this fact. ``sealed`` is what the message says of it.
    """

    __tablename__ = "gathered"
    __table_args__ = (
        CheckConstraint("pace IN ('instant', 'daily', 'weekly')", name="pace"),
        CheckConstraint("(sealed IS NULL) = (told_at IS NOT NULL)", name="sealed_until_told"),
        Index(
            "ix_gathered_waiting",
            "user_id",
            "kind",
            "gathering",
            "due_at",
            postgresql_where=text("told_at IS NULL"),
        ),
        Index("ix_gathered_due", "due_at", postgresql_where=text("told_at IS NULL")),
        Index("ix_gathered_user_id", "user_id"),
        Index("ix_gathered_created_at", "created_at", postgresql_using="brin"),
    )

    item_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column()
    kind: Mapped[str] = mapped_column(Text)
    gathering: Mapped[str] = mapped_column(Text)
    pace: Mapped[Pace] = mapped_column(Text)
    topic: Mapped[UUID] = mapped_column()
    rank: Mapped[Decimal | None] = mapped_column(Numeric)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    due_at: Mapped[datetime] = mapped_column(_TIME)
    told_at: Mapped[datetime | None] = mapped_column(_TIME)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Notice(Row):
    """One message in the product's own inbox. ``sealed`` is what it says, kept as long as the notice."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("event_id", "kind", "user_id"),
        Index("ix_notices_user_id", "user_id", "notice_id"),
        Index("ix_notices_unread", "user_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_notices_created_at", "created_at", postgresql_using="brin"),
    )

    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID] = mapped_column()
    user_id: Mapped[UUID] = mapped_column()
    kind: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)
    read_at: Mapped[datetime | None] = mapped_column(_TIME)


class Device(Row):
    """An installation of the app that push messages reach. ``sealed`` is its token with FCM."""

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint("token_sha256"),
        CheckConstraint("platform IN ('android', 'ios', 'web')", name="platform"),
        Index("ix_devices_user_id", "user_id"),
    )

    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column()
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    platform: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)
    seen_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Phone(Row):
    """A user's number for text messages; of use once they gave back the code that was sent to it."""

    __tablename__ = "phones"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    code_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expires_at: Mapped[datetime | None] = mapped_column(_TIME)
    guesses: Mapped[int] = mapped_column(server_default=text("0"))
    codes: Mapped[int] = mapped_column(server_default=text("0"))
    first_code_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)
    confirmed_at: Mapped[datetime | None] = mapped_column(_TIME)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Webhook(Row):
    """An address of a user's own that is told by HTTP. ``sealed`` is the address and its secret."""

    __tablename__ = "webhooks"
    __table_args__ = (Index("ix_webhooks_user_id", "user_id"),)

    webhook_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column()
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Delivery(Row):
    """How it ended with one target of a message, so that a later attempt leaves it alone.

    ``target`` is the channel, or the id of a device or webhook; ``reference`` the provider's own id.
    """

    __tablename__ = "deliveries"
    __table_args__ = (CheckConstraint("outcome IN ('taken', 'refused')", name="outcome"),)

    message_id: Mapped[UUID] = mapped_column(
        ForeignKey(Message.message_id, ondelete="CASCADE"), primary_key=True
    )
    target: Mapped[str] = mapped_column(Text, primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    outcome: Mapped[Outcome] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Suppression(Row):
    """An address that nothing optional is sent to any more, known by its hash alone."""

    __tablename__ = "suppressions"
    __table_args__ = (
        CheckConstraint("reason IN ('bounce', 'complaint', 'unsubscribe')", name="reason"),
    )

    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    address_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    reason: Mapped[Reason] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)


class Report(Row):
    """One report of a provider that was heard: it counts once, however often it is sent."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_created_at", "created_at", postgresql_using="brin"),)

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    report_id: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(_TIME, server_default=_NOW)
