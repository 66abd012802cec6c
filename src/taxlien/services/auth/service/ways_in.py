"""The ways there are to sign in to an account: one must always be left."""

from __future__ import annotations

from uuid import UUID

from taxlien.kit.database import Session
from taxlien.services.auth import repository
from taxlien.services.auth.models import Account, Provider


async def has_another_way(
    session: Session,
    account: Account,
    *,
    but_passkey: UUID | None = None,
    but_provider: Provider | None = None,
) -> bool:
    """Say whether ``account`` can still be signed in to without these.

    Ask it with the account locked, or two removals at once could each rely on the other's.
    """
    if account.password_hash is not None:
        return True
    if any(
        p.passkey_id != but_passkey for p in await repository.passkeys_of(session, account.user_id)
    ):
        return True
    identities = await repository.identities_of(session, account.user_id)
    return any(identity.provider != but_provider for identity in identities)
