"""Kit's tables, accounts, sign-ins, tokens sent by mail and the keys of access tokens.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from taxlien.kit.outbox import create_tables, drop_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "refresh_tokens",
    "sessions",
    "mail_tokens",
    "login_challenges",
    "devices",
    "signing_keys",
    "sign_in_attempts",
    "accounts",
)


def upgrade() -> None:
    create_tables(op)
    _create_accounts()
    _create_attempts()
    _create_keys()
    _create_devices()
    _create_tokens()
    _create_sessions()


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table, schema="auth")
    drop_tables(op)


def _moment(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _words(name: str) -> sa.Column[object]:
    kind = postgresql.ARRAY(sa.Text())
    return sa.Column(name, kind, server_default=sa.text("'{}'"), nullable=False)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_accounts")
    return sa.ForeignKeyConstraint(["user_id"], ["auth.accounts.user_id"], name=name)


def _index(table: str, *columns: str) -> None:
    name = op.f(f"ix_{table}_{'_'.join(columns)}")
    op.create_index(name, table, list(columns), schema="auth")


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_key", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        _moment("email_verified_at", nullable=True),
        _words("roles"),
        sa.Column("tier", sa.Text(), server_default=sa.text("'free'"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'en'"), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("synthetic", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _moment("created_at", now=True),
        _moment("password_changed_at", nullable=True),
        _moment("erase_after", nullable=True),
        _moment("erased_at", nullable=True),
        sa.CheckConstraint(
            "(status = 'erased') = (email IS NULL) AND (email IS NULL) = (email_key IS NULL)",
            name=op.f("ck_accounts_erased"),
        ),
        sa.CheckConstraint(
            "status IN ('active', 'disabled', 'erased')", name=op.f("ck_accounts_status")
        ),
        sa.CheckConstraint(
            "tier IN ('free', 'premium', 'enterprise')", name=op.f("ck_accounts_tier")
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email_key", name=op.f("uq_accounts_email_key")),
        schema="auth",
    )


def _create_attempts() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("attempt_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _moment("at", now=True),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_sign_in_attempts")),
        schema="auth",
    )
    _index("sign_in_attempts", "at")
    _index("sign_in_attempts", "subject", "at")


def _create_keys() -> None:
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("public_x", sa.Text(), nullable=False),
        sa.Column("sealed_private", sa.LargeBinary(), nullable=False),
        _moment("created_at", now=True),
        _moment("signs_from"),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
        schema="auth",
    )


def _create_devices() -> None:
    op.create_table(
        "devices",
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("last_address", sa.Text(), nullable=False),
        _moment("first_seen_at", now=True),
        _moment("last_seen_at", now=True),
        _owner("devices"),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_devices")),
        sa.UniqueConstraint(
            "user_id", "token_sha256", name=op.f("uq_devices_user_id_token_sha256")
        ),
        schema="auth",
    )


def _create_tokens() -> None:
    op.create_table(
        "login_challenges",
        sa.Column("challenge_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        _moment("created_at", now=True),
        _moment("expires_at"),
        _owner("login_challenges"),
        sa.PrimaryKeyConstraint("challenge_sha256", name=op.f("pk_login_challenges")),
        schema="auth",
    )
    op.create_table(
        "mail_tokens",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        _moment("created_at", now=True),
        _moment("expires_at"),
        sa.CheckConstraint(
            "purpose IN ('verify_email', 'reset_password')", name=op.f("ck_mail_tokens_purpose")
        ),
        _owner("mail_tokens"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_mail_tokens")),
        schema="auth",
    )
    for table in ("login_challenges", "mail_tokens"):
        _index(table, "expires_at")
        _index(table, "user_id")


def _create_sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        _words("methods"),
        _moment("created_at", now=True),
        _moment("last_used_at", now=True),
        _moment("expires_at"),
        _moment("revoked_at", nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["auth.devices.device_id"], name=op.f("fk_sessions_device_id_devices")
        ),
        _owner("sessions"),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_sessions")),
        schema="auth",
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        _moment("issued_at", now=True),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["auth.sessions.session_id"],
            name=op.f("fk_refresh_tokens_session_id_sessions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_refresh_tokens")),
        schema="auth",
    )
    for table, columns in (
        ("sessions", ("user_id", "device_id", "expires_at")),
        ("refresh_tokens", ("session_id", "expires_at")),
    ):
        for column in columns:
            _index(table, column)
