"""When something new of a county was last recorded, so that its parcels are compared again."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE liens.coverage ADD COLUMN grown_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE liens.coverage DROP COLUMN grown_at")
