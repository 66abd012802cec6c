"""Liens whose risk score came into the bounds of a saved search, until that is announced.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE search.moves (
            lien_id uuid NOT NULL,
            before smallint,
            CONSTRAINT pk_moves PRIMARY KEY (lien_id)
        )
        """
    )


def downgrade() -> None:
    op.drop_table("moves", schema="search")
