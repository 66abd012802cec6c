"""How risky each lien is, said by whom, and which liens wait to be scored.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CREATE = (
    """
    CREATE TABLE ml.scores (
        lien_id uuid NOT NULL,
        appointment bigint NOT NULL DEFAULT 0,
        scored_at timestamptz,
        p_unredeemed double precision,
        version integer,
        model_version integer,
        score smallint,
        CONSTRAINT pk_scores PRIMARY KEY (lien_id),
        CONSTRAINT ck_scores_score CHECK (score BETWEEN 1 AND 100)
    ) WITH (fillfactor = 80)
    """,
    "INSERT INTO ml.scores (lien_id) SELECT lien_id FROM ml.liens",
    "CREATE INDEX ix_scores_waiting ON ml.scores (appointment, lien_id)",
)


def upgrade() -> None:
    for statement in _CREATE:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("scores", schema="ml")
