"""The schema is what the models say, and holds the columns that the product's requirements name."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from taxlien.kit.migrations import pending_changes
from taxlien.services.users.models import metadata

REQUIRED = {
    "users": {
        "id": "uuid",
        "email": "character varying(255)",
        "full_name": "character varying(255)",
        "phone": "character varying(20)",
        "created_at": "timestamp with time zone",
        "subscription_tier": "character varying(20)",
        "trial_end_date": "timestamp with time zone",
        "kyc_status": "character varying(20)",
    },
    "user_preferences": {
        "user_id": "uuid",
        "language": "character varying(10)",
        "currency": "character varying(3)",
        "email_notifications": "boolean",
        "push_notifications": "boolean",
    },
}


async def test_migrations_make_what_the_models_describe(people: Any) -> None:
    url = people.database.engine.url
    assert await pending_changes("users", url, metadata) == []


@pytest.mark.parametrize("table", REQUIRED)
async def test_required_columns_have_their_names_and_types(people: Any, table: str) -> None:
    rows = await people.rows(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass('users.' || :table) AND attnum > 0",
        table=table,
    )
    found = dict(rows)
    assert {name: found.get(name) for name in REQUIRED[table]} == REQUIRED[table]


async def test_defaults_are_those_required(people: Any) -> None:
    async with people.database.session() as session:
        user_id = await session.scalar(
            text(
                "INSERT INTO users.users (id, email) VALUES (gen_random_uuid(), 'a@example.org')"
                " RETURNING id"
            )
        )
        await session.execute(
            text("INSERT INTO users.user_preferences (user_id) VALUES (:id)"), {"id": user_id}
        )
    [made] = await people.rows(
        "SELECT subscription_tier, kyc_status, language, currency, email_notifications,"
        " push_notifications, created_at IS NOT NULL, trial_end_date"
        " FROM users.users JOIN users.user_preferences ON user_id = id"
    )
    assert made == ("free", "pending", "en", "USD", True, True, True, None)
