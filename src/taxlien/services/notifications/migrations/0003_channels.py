"""Channels beside mail: devices, phones and webhooks of users, what each was sent, and who must not be.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_UP = """
ALTER TABLE notifications.messages
    DROP CONSTRAINT uq_messages_event_id_kind_user_id,
    DROP CONSTRAINT ck_messages_channel,
    DROP CONSTRAINT ck_messages_sealed_until_done,
    ADD CONSTRAINT uq_messages_event_id_kind_user_id_channel
        UNIQUE (event_id, kind, user_id, channel),
    ADD CONSTRAINT ck_messages_channel CHECK (channel IN ('email', 'push', 'sms', 'webhook')),
    ADD CONSTRAINT ck_messages_sealed_until_done CHECK (
        status = 'failed' OR (sealed IS NULL) = (status IN ('sent', 'suppressed'))
    );
CREATE INDEX ix_messages_dead ON notifications.messages (message_id)
    WHERE status = 'failed' AND sealed IS NOT NULL;

CREATE TABLE notifications.devices (
    device_id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_sha256 bytea NOT NULL,
    platform text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    seen_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_devices PRIMARY KEY (device_id),
    CONSTRAINT uq_devices_token_sha256 UNIQUE (token_sha256),
    CONSTRAINT ck_devices_platform CHECK (platform IN ('android', 'ios', 'web'))
);
CREATE INDEX ix_devices_user_id ON notifications.devices (user_id);

CREATE TABLE notifications.phones (
    user_id uuid NOT NULL,
    sealed bytea NOT NULL,
    code_sha256 bytea,
    code_expires_at timestamptz,
    guesses integer DEFAULT 0 NOT NULL,
    codes integer DEFAULT 0 NOT NULL,
    first_code_at timestamptz DEFAULT now() NOT NULL,
    confirmed_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_phones PRIMARY KEY (user_id)
);

CREATE TABLE notifications.webhooks (
    webhook_id uuid NOT NULL,
    user_id uuid NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_webhooks PRIMARY KEY (webhook_id)
);
CREATE INDEX ix_webhooks_user_id ON notifications.webhooks (user_id);

CREATE TABLE notifications.deliveries (
    message_id uuid NOT NULL,
    target text NOT NULL,
    provider text NOT NULL,
    outcome text NOT NULL,
    reference text,
    at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_deliveries PRIMARY KEY (message_id, target),
    CONSTRAINT ck_deliveries_outcome CHECK (outcome IN ('taken', 'refused')),
    CONSTRAINT fk_deliveries_message_id_messages FOREIGN KEY (message_id)
        REFERENCES notifications.messages (message_id) ON DELETE CASCADE
);

CREATE TABLE notifications.suppressions (
    channel text NOT NULL,
    address_sha256 bytea NOT NULL,
    reason text NOT NULL,
    provider text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_suppressions PRIMARY KEY (channel, address_sha256),
    CONSTRAINT ck_suppressions_reason CHECK (reason IN ('bounce', 'complaint', 'unsubscribe'))
);

CREATE TABLE notifications.reports (
    provider text NOT NULL,
    report_id text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_reports PRIMARY KEY (provider, report_id)
);
CREATE INDEX ix_reports_created_at ON notifications.reports USING brin (created_at);
"""

_DOWN = """
DROP TABLE notifications.reports;
DROP TABLE notifications.suppressions;
DROP TABLE notifications.deliveries;
DROP TABLE notifications.webhooks;
DROP TABLE notifications.phones;
DROP TABLE notifications.devices;
DROP INDEX notifications.ix_messages_dead;
DELETE FROM notifications.messages WHERE channel <> 'email';
UPDATE notifications.messages SET sealed = NULL WHERE status = 'failed';
ALTER TABLE notifications.messages
    DROP CONSTRAINT uq_messages_event_id_kind_user_id_channel,
    DROP CONSTRAINT ck_messages_channel,
    DROP CONSTRAINT ck_messages_sealed_until_done,
    ADD CONSTRAINT uq_messages_event_id_kind_user_id UNIQUE (event_id, kind, user_id),
    ADD CONSTRAINT ck_messages_channel CHECK (channel IN ('email')),
    ADD CONSTRAINT ck_messages_sealed_until_done CHECK (
        (sealed IS NULL) = (status IN ('sent', 'failed', 'suppressed'))
    );
"""


def upgrade() -> None:
    op.execute(_UP)


def downgrade() -> None:
    op.execute(_DOWN)
