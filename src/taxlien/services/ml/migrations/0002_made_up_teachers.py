"""An appointment tells whether made-up liens taught its version.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "appointments",
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="ml",
    )


def downgrade() -> None:
    op.drop_column("appointments", "synthetic", schema="ml")
