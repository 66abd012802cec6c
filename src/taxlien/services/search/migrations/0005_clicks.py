"""Which hits were opened, by hour, kind of question and position.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE search.clicks (
            hour timestamptz NOT NULL,
            kind text COLLATE "C" NOT NULL,
            position bigint NOT NULL,
            count bigint NOT NULL,
            CONSTRAINT pk_clicks PRIMARY KEY (hour, kind, position)
        )
        """
    )


def downgrade() -> None:
    op.drop_table("clicks", schema="search")
