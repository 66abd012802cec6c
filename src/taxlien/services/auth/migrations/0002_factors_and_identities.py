"""Second factors, passkeys, identities of other providers and sign-ins there.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "oauth_transactions",
    "linked_identities",
    "passkey_ceremonies",
    "passkeys",
    "recovery_codes",
    "totp_secrets",
)
_PROVIDERS = "provider IN ('google', 'apple', 'facebook')"


def upgrade() -> None:
    _create_codes()
    _create_passkeys()
    _create_identities()


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table, schema="auth")


def _moment(name: str, *, now: bool = False, nullable: bool = False) -> sa.Column[object]:
    default = sa.text("now()") if now else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_accounts")
    return sa.ForeignKeyConstraint(["user_id"], ["auth.accounts.user_id"], name=name)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], schema="auth")


def _create_codes() -> None:
    table = "totp_secrets"
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        _moment("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), server_default=sa.text("-1"), nullable=False),
        sa.Column("pending_secret", sa.LargeBinary(), nullable=True),
        _moment("pending_until", nullable=True),
        _check(table, "confirmed", "(secret IS NULL) = (confirmed_at IS NULL)"),
        _check(table, "pending", "(pending_secret IS NULL) = (pending_until IS NULL)"),
        _check(table, "holds_a_secret", "secret IS NOT NULL OR pending_secret IS NOT NULL"),
        _owner(table),
        sa.PrimaryKeyConstraint("user_id", name=op.f(f"pk_{table}")),
        schema="auth",
    )
    table = "recovery_codes"
    op.create_table(
        table,
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        _moment("created_at", now=True),
        _moment("used_at", nullable=True),
        _owner(table),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f(f"pk_{table}")),
        schema="auth",
    )


def _create_passkeys() -> None:
    table = "passkeys"
    op.create_table(
        table,
        sa.Column("passkey_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("aaguid", sa.Text(), nullable=False),
        sa.Column(
            "transports",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _moment("created_at", now=True),
        _moment("last_used_at", nullable=True),
        _owner(table),
        sa.PrimaryKeyConstraint("passkey_id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("credential_id", name=op.f(f"uq_{table}_credential_id")),
        schema="auth",
    )
    _index(table, "user_id")
    table = "passkey_ceremonies"
    purposes = "purpose IN ('register', 'sign_in', 'second_factor', 'proof')"
    op.create_table(
        table,
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        _moment("expires_at"),
        _check(table, "purpose", purposes),
        _check(table, "user", "(purpose = 'sign_in') = (user_id IS NULL)"),
        _owner(table),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f(f"pk_{table}")),
        schema="auth",
    )
    _index(table, "expires_at")
    _index(table, "user_id")


def _create_identities() -> None:
    table = "linked_identities"
    op.create_table(
        table,
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        _moment("linked_at", now=True),
        _moment("last_used_at", now=True),
        _check(table, "provider", _PROVIDERS),
        _owner(table),
        sa.PrimaryKeyConstraint("provider", "subject", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("user_id", "provider", name=op.f(f"uq_{table}_user_id_provider")),
        schema="auth",
    )
    table = "oauth_transactions"
    op.create_table(
        table,
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("return_to", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        _moment("answered_at", nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        _moment("expires_at"),
        _check(table, "provider", _PROVIDERS),
        _check(table, "result", "(code_hash IS NULL) = (identity IS NULL)"),
        _owner(table),
        sa.PrimaryKeyConstraint("state_hash", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("code_hash", name=op.f(f"uq_{table}_code_hash")),
        schema="auth",
    )
    _index(table, "expires_at")
    _index(table, "user_id")
