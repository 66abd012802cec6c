"""What happened is found by its time, so that forgetting the oldest reads nothing else.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_triggers_at ON portfolio.triggers (at)")


def downgrade() -> None:
    op.execute("DROP INDEX portfolio.ix_triggers_at")
