"""Objects that are to be gone: a note is written before an object is, and struck when a row names it.

So an object that a crash left behind is found and removed, and one that a transaction stopped naming
goes only after that transaction committed. Keys are of the users' own store, or ``blob:<sha256>`` for a
sealed object of kit's store that nobody else can have. ``people.plan_removal`` writes a note.
"""

from __future__ import annotations

from sqlalchemy import delete

from taxlien.kit.database import Session
from taxlien.services.users.models import ObjectRemoval

_BLOB = "blob:"


def blob_key(sha256: str) -> str:
    """Return the key under which a sealed object of kit's store is noted."""
    return f"{_BLOB}{sha256}"


def sha256_of(object_key: str) -> str | None:
    """Return the hash that a key of kit's store names, or None for a key of the users' own store."""
    return object_key.removeprefix(_BLOB) if object_key.startswith(_BLOB) else None


async def strike(session: Session, object_key: str) -> bool:
    """Keep an object after all. False where it was removed meanwhile."""
    struck = await session.scalar(
        delete(ObjectRemoval)
        .where(ObjectRemoval.object_key == object_key)
        .returning(ObjectRemoval.object_key)
    )
    return struck is not None
