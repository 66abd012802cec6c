"""Accounts: who can sign in, with what, and what the rest of the product may let them do."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from taxlien.kit.database import metadata_for

metadata = metadata_for("auth")

Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]
"""A moment in UTC."""

Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=text("now()"))]
Words = Annotated[list[str], mapped_column(ARRAY(Text), server_default=text("'{}'"))]

AccountStatus = Literal["active", "disabled", "erased"]


class Row(DeclarativeBase):
    """Base of the models of this schema."""

    metadata = metadata
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as declared
        str: Text,
        UUID: Uuid,
        int: Integer,
        bytes: LargeBinary,
        dict[str, Any]: JSONB,
    }


class Account(Row):
    """One person or program that can sign in.

    ``email`` is as its owner writes it, ``email_key`` is what it is found by (``logic.emails``). An erased
    account keeps nothing but its id, so that the id is never given to somebody else.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'disabled', 'erased')", name="status"),
        CheckConstraint(
            "(status = 'erased') = (email IS NULL) AND (email IS NULL) = (email_key IS NULL)",
            name="erased",
        ),
        CheckConstraint("tier IN ('free', 'premium', 'enterprise')", name="tier"),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str | None]
    email_key: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    email_verified_at: Mapped[Moment | None]
    roles: Mapped[Words]
    tier: Mapped[str] = mapped_column(server_default=text("'free'"))
    language: Mapped[str] = mapped_column(server_default=text("'en'"))
    status: Mapped[AccountStatus] = mapped_column(Text, server_default=text("'active'"))
    synthetic: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Now]
    password_changed_at: Mapped[Moment | None]
    erase_after: Mapped[Moment | None]
    erased_at: Mapped[Moment | None]
