"""Who looks after the product, and is told what needs a person.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE notifications.recipients
    ADD administrator boolean DEFAULT false NOT NULL,
    ADD roles_at timestamptz;
CREATE INDEX ix_recipients_administrators ON notifications.recipients (user_id) WHERE administrator;
"""

_DOWN = """
DROP INDEX notifications.ix_recipients_administrators;
ALTER TABLE notifications.recipients DROP administrator, DROP roles_at;
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute(_DOWN)
