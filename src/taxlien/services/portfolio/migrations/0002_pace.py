"""How soon each watch is told: until now at once, and of whole counties once a week.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UPGRADE = (
    "ALTER TABLE portfolio.watches ADD COLUMN pace text",
    """
    UPDATE portfolio.watches SET pace = CASE
        WHEN muted THEN 'off' WHEN target = 'county' THEN 'weekly' ELSE 'instant' END
    """,
    """
    ALTER TABLE portfolio.watches
        ALTER COLUMN pace SET NOT NULL,
        ADD CONSTRAINT ck_watches_pace CHECK (pace IN ('instant', 'daily', 'weekly', 'off')),
        DROP COLUMN muted
    """,
)
_DOWNGRADE = (
    "ALTER TABLE portfolio.watches ADD COLUMN muted boolean NOT NULL DEFAULT false",
    "UPDATE portfolio.watches SET muted = pace = 'off'",
    "ALTER TABLE portfolio.watches DROP COLUMN pace",
)


def upgrade() -> None:
    for statement in _UPGRADE:
        op.execute(statement)


def downgrade() -> None:
    for statement in _DOWNGRADE:
        op.execute(statement)
