"""Sign the demo's people up."""

from __future__ import annotations

from collections.abc import Mapping

from taxlien.kit.database import Database
from taxlien.kit.settings import KitSettings
from taxlien.run.demo.people import DEMO_ACCOUNTS
from taxlien.services.auth import service as auth


async def load_demo_accounts(settings: KitSettings, secrets: Mapping[str, str]) -> int:
    """Make the accounts that are missing; return how many are there. Doing it again changes nothing."""
    database = Database(settings.database_url_for("auth"), service="auth", pool_size=1)
    try:
        async with database.session() as session:
            for account in DEMO_ACCOUNTS:
                await auth.ensure_account(
                    session,
                    account.email,
                    secrets[account.secret],
                    account.roles,
                    synthetic=True,
                )
    finally:
        await database.close()
    return len(DEMO_ACCOUNTS)
