"""The schema matches the models, and the database holds to what it says of accounts."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from taxlien.kit.migrations import pending_changes, upgrade
from taxlien.services.auth.models import metadata


async def test_migrations_make_what_the_models_describe(auth_database: Any) -> None:
    url = auth_database.database.engine.url
    assert await pending_changes("auth", url, metadata) == []


async def test_migrations_run_again_find_nothing_to_do(auth_database: Any) -> None:
    await upgrade(auth_database.database.engine.url, "auth")
    assert await auth_database.count("accounts") == 0


@pytest.mark.parametrize(
    "change",
    [
        "email = NULL",
        "status = 'erased'",
        "status = 'asleep'",
        "tier = 'gold'",
        "email_key = NULL",
    ],
)
async def test_account_that_contradicts_itself_is_refused_by_the_database(
    auth_database: Any, sign_up_verified: Any, change: str
) -> None:
    await sign_up_verified()
    with pytest.raises(DBAPIError, match="ck_accounts"):
        await auth_database.rows(f"UPDATE auth.accounts SET {change}")
