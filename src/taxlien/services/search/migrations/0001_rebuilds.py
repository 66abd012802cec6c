"""Kit's tables, and the rebuilds of the index.

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


def upgrade() -> None:
    create_tables(op)
    op.create_table(
        "rebuilds",
        sa.Column("rebuild_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("liens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "requested_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('requested', 'running', 'done', 'failed')", name=op.f("ck_rebuilds_status")
        ),
        sa.PrimaryKeyConstraint("rebuild_id", name=op.f("pk_rebuilds")),
        schema="search",
    )
    op.create_index(
        "uq_rebuilds_unfinished",
        "rebuilds",
        [sa.literal_column("(true)")],
        unique=True,
        schema="search",
        postgresql_where=sa.text("status IN ('requested', 'running')"),
    )


def downgrade() -> None:
    op.drop_table("rebuilds", schema="search")
    drop_tables(op)
