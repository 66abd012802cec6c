"""When a source last said again of a lien what it had said before, which makes no observation."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE liens.repetitions (
            lien_id uuid NOT NULL,
            source_id uuid NOT NULL,
            content_sha256 bytea NOT NULL,
            fetched_at timestamptz NOT NULL,
            CONSTRAINT pk_repetitions PRIMARY KEY (lien_id, source_id, content_sha256)
        )
        """
    )


def downgrade() -> None:
    op.execute("DROP TABLE liens.repetitions")
