"""Kit's tables, recipients and messages.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from taxlien.kit.outbox import create_tables, drop_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SCHEMA = "notifications"


def _time(name: str, *, default: bool = False, nullable: bool = True) -> sa.Column[object]:
    server_default = sa.text("now()") if default else None
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=server_default, nullable=nullable
    )


def upgrade() -> None:
    create_tables(op)
    op.create_table(
        "recipients",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("language_chosen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "email_notifications", sa.Boolean(), server_default=sa.text("true"), nullable=False
        ),
        _time("account_at"),
        _time("preferences_at"),
        _time("welcomed_at"),
        _time("erased_at"),
        _time("created_at", default=True, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_recipients")),
        schema=SCHEMA,
    )
    _create_messages()


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), server_default=sa.text("'email'"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _time("next_attempt_at", default=True, nullable=False),
        _time("expires_at"),
        _time("created_at", default=True, nullable=False),
        _time("sent_at"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('held', 'queued', 'sending', 'sent', 'failed', 'suppressed')",
            name=op.f("ck_messages_status"),
        ),
        sa.CheckConstraint("channel IN ('email')", name=op.f("ck_messages_channel")),
        sa.CheckConstraint(
            "(sealed IS NULL) = (status IN ('sent', 'failed', 'suppressed'))",
            name=op.f("ck_messages_sealed_until_done"),
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "event_id", "kind", "user_id", name=op.f("uq_messages_event_id_kind_user_id")
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_messages_due",
        "messages",
        ["next_attempt_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("status IN ('queued', 'sending')"),
    )
    op.create_index("ix_messages_user_id", "messages", ["user_id"], schema=SCHEMA)
    op.create_index(
        "ix_messages_created_at", "messages", ["created_at"], schema=SCHEMA, postgresql_using="brin"
    )


def downgrade() -> None:
    op.drop_table("messages", schema=SCHEMA)
    op.drop_table("recipients", schema=SCHEMA)
    drop_tables(op)
