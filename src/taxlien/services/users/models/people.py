"""Who people are to the product: profile, preferences, picture, and what they are uploading."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    Time,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("users")

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]
Version = Annotated[int, mapped_column(Integer, server_default=text("1"))]
OfUser = Annotated[UUID, mapped_column(ForeignKey("users.users.id"))]


class Row(DeclarativeBase):
    """Base of the models of this schema."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as declared
        str: Text,
        UUID: Uuid,
        int: Integer,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
    }


class User(Row):
    """A person. ``id`` is auth's user id. ``version`` counts changes of what the person edits.

    ``trial_end_date`` is set while a trial runs; ``trial_started_at`` stays: there is one trial a
    person. ``erased_at`` marks a row that is kept only so that nobody is made anew under its id.
    """

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint(
            "subscription_tier IN ('free', 'premium', 'enterprise')", name="subscription_tier"
        ),
        CheckConstraint(
            "kyc_status IN ('pending', 'submitted', 'in_review', 'approved', 'rejected', 'expired')",
            name="kyc_status",
        ),
        Index(
            "ix_users_trial_end_date",
            "trial_end_date",
            postgresql_where=text("trial_end_date IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    full_name: Mapped[str | None] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[Now]
    subscription_tier: Mapped[str] = mapped_column(String(20), server_default="free")
    trial_end_date: Mapped[Moment | None]
    kyc_status: Mapped[str] = mapped_column(String(20), server_default="pending")

    email_verified_at: Mapped[Moment | None]
    trial_started_at: Mapped[Moment | None]
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[Version]
    updated_at: Mapped[Now]
    erased_at: Mapped[Moment | None]


class UserPreferences(Row):
    """How a person wants to be met. Quiet hours are local times of ``time_zone``: both or neither."""

    __tablename__ = "user_preferences"
    __table_args__ = (
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_hours"),
    )

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(String(10), server_default="en")
    currency: Mapped[str] = mapped_column(String(3), server_default="USD")
    email_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    push_notifications: Mapped[bool] = mapped_column(server_default=text("true"))
    sms_notifications: Mapped[bool] = mapped_column(server_default=text("false"))
    time_zone: Mapped[str] = mapped_column(server_default="America/New_York")
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    version: Mapped[Version]
    updated_at: Mapped[Now]


class Avatar(Row):
    """A person's picture, made by us from what was sent. Keys name its two sizes in the object store."""

    __tablename__ = "avatars"

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    avatar_id: Mapped[UUID]
    large_key: Mapped[str]
    small_key: Mapped[str]
    sha256: Mapped[str]
    created_at: Mapped[Now]


class Upload(Row):
    """A place in quarantine that a person may put one file at until ``expires_at``."""

    __tablename__ = "uploads"
    __table_args__ = (CheckConstraint("purpose IN ('avatar', 'kyc_document')", name="purpose"),)

    upload_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    purpose: Mapped[str]
    document_kind: Mapped[str | None]
    object_key: Mapped[str]
    expires_at: Mapped[Moment]
    completed_at: Mapped[Moment | None]
    created_at: Mapped[Now]


class ObjectRemoval(Row):
    """A stored object that is to be gone from ``due_at`` on: written with what makes it useless."""

    __tablename__ = "object_removals"

    object_key: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[Moment] = mapped_column(index=True)
