"""How users want to be told, and what waits to be told together.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE notifications.recipients
    ADD push_notifications boolean DEFAULT true NOT NULL,
    ADD sms_notifications boolean DEFAULT false NOT NULL,
    ADD time_zone text,
    ADD quiet_from time,
    ADD quiet_until time,
    ADD mail_stopped_at timestamptz;

CREATE TABLE notifications.choices (
    user_id uuid NOT NULL,
    kind text NOT NULL,
    channel text NOT NULL,
    wanted boolean NOT NULL,
    changed_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_choices PRIMARY KEY (user_id, kind, channel)
);

CREATE TABLE notifications.gathered (
    item_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    gathering text NOT NULL,
    pace text NOT NULL,
    topic uuid NOT NULL,
    rank numeric,
    sealed bytea,
    due_at timestamptz NOT NULL,
    told_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_gathered PRIMARY KEY (item_id),
    CONSTRAINT ck_gathered_pace CHECK (pace IN ('instant', 'daily', 'weekly')),
    CONSTRAINT ck_gathered_sealed_until_told CHECK ((sealed IS NULL) = (told_at IS NOT NULL))
);
CREATE INDEX ix_gathered_waiting ON notifications.gathered (user_id, kind, gathering, due_at)
    WHERE told_at IS NULL;
CREATE INDEX ix_gathered_due ON notifications.gathered (due_at) WHERE told_at IS NULL;
CREATE INDEX ix_gathered_user_id ON notifications.gathered (user_id);
CREATE INDEX ix_gathered_created_at ON notifications.gathered USING brin (created_at);

CREATE TABLE notifications.notices (
    notice_id uuid NOT NULL,
    event_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    read_at timestamptz,
    CONSTRAINT pk_notices PRIMARY KEY (notice_id),
    CONSTRAINT uq_notices_event_id_kind_user_id UNIQUE (event_id, kind, user_id)
);
CREATE INDEX ix_notices_user_id ON notifications.notices (user_id, notice_id);
CREATE INDEX ix_notices_unread ON notifications.notices (user_id) WHERE read_at IS NULL;
CREATE INDEX ix_notices_created_at ON notifications.notices USING brin (created_at);
"""

_DOWN = """
DROP TABLE notifications.notices;
DROP TABLE notifications.gathered;
DROP TABLE notifications.choices;
ALTER TABLE notifications.recipients
    DROP push_notifications,
    DROP sms_notifications,
    DROP time_zone,
    DROP quiet_from,
    DROP quiet_until,
    DROP mail_stopped_at;
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute(_DOWN)
