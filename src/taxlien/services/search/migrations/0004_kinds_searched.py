"""How often kinds of questions were asked, by hour.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE search.kinds_searched (
            hour timestamptz NOT NULL,
            kind text COLLATE "C" NOT NULL,
            count bigint NOT NULL,
            CONSTRAINT pk_kinds_searched PRIMARY KEY (hour, kind)
        )
        """
    )


def downgrade() -> None:
    op.drop_table("kinds_searched", schema="search")
