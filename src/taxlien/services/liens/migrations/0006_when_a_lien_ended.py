"""The day on which a deed or a void ended a lien, where its county says so."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE liens.liens ADD COLUMN ended_on date")


def downgrade() -> None:
    op.execute("ALTER TABLE liens.liens DROP COLUMN ended_on")
