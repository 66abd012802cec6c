"""Pages of a run that are pieces of lists are found without looking at all its pages.

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
        "CREATE INDEX ix_run_pages_lists ON scraper.run_pages (run_id, number)"
        " WHERE state IN ('read', 'unchanged') AND memory -> 'lists' IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX scraper.ix_run_pages_lists")
