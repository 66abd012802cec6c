"""How often counties were searched.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE search.searched (
            county_fips char(5) COLLATE "C" NOT NULL,
            count bigint NOT NULL,
            since timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_searched PRIMARY KEY (county_fips)
        )
        """
    )


def downgrade() -> None:
    op.drop_table("searched", schema="search")
