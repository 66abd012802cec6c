"""What pages say apart from their tokens, and as what every kept page was read.

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
    op.execute("ALTER TABLE scraper.pages ADD COLUMN settled_sha256 bytea")
    op.execute("ALTER TABLE scraper.raw_pages ADD COLUMN verdict text")


def downgrade() -> None:
    op.execute("ALTER TABLE scraper.raw_pages DROP COLUMN verdict")
    op.execute("ALTER TABLE scraper.pages DROP COLUMN settled_sha256")
