"""A saved search is shared by a link: whoever has it sees name and question, and never whose they are."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import NotFound
from taxlien.kit.security.identity import Caller
from taxlien.services.search.models import SavedSearch
from taxlien.services.search.repository import saved as repository

from .saving import locked_search, save_search

_TOKEN_BYTES = 24
_LONGEST_TOKEN = 100


async def share_search(session: Session, caller: Caller, search_id: UUID) -> str:
    """Return the token of a new link; an earlier one stops working. Raises ``NotFound``.

    Only a digest is kept, so the token is shown this once.
    """
    search = await locked_search(session, caller, search_id)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    search.share_sha256 = _digest(token)
    search.shared_at = datetime.now(UTC)
    await session.flush()
    return token


async def stop_sharing(session: Session, caller: Caller, search_id: UUID) -> None:
    """Let the link of a search lead nowhere, where there is one. Raises ``NotFound``."""
    search = await locked_search(session, caller, search_id)
    search.share_sha256 = search.shared_at = None
    await session.flush()


async def shared_search(session: Session, token: str) -> SavedSearch:
    """Return what a link leads to. Raises ``NotFound`` for a link that is wrong or was taken back."""
    known = len(token) <= _LONGEST_TOKEN
    found = await repository.shared_by(session, _digest(token)) if known else None
    if found is None:
        raise NotFound("This link leads to no saved search: it may have been taken back.")
    return found


async def copy_shared(session: Session, caller: Caller, token: str) -> SavedSearch:
    """Save for the caller what a link leads to. Raises as ``shared_search`` and ``save_search`` do."""
    found = await shared_search(session, token)
    return await save_search(session, caller, found.name, found.parameters, None)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
