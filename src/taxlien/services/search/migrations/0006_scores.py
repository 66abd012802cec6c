"""The latest risk score of each lien, so that an index built anew has it.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE search.scores (
            lien_id uuid NOT NULL,
            appointment bigint NOT NULL,
            version integer NOT NULL,
            score smallint,
            CONSTRAINT pk_scores PRIMARY KEY (lien_id),
            CONSTRAINT ck_scores_score CHECK (score BETWEEN 1 AND 100)
        )
        """
    )


def downgrade() -> None:
    op.drop_table("scores", schema="search")
