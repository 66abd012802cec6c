"""Rotation of keys: what is sealed with an older key is sealed again with the current one."""

from __future__ import annotations

from typing import NamedTuple

from taxlien.kit.database import Session
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.users.adapters.uploads import ObjectMissing, Objects
from taxlien.services.users.models import KycDocument
from taxlien.services.users.repository import identity as repository
from taxlien.services.users.settings import UsersSettings

from .kyc import DETAILS_CONTEXT, DOCUMENT_CONTEXT
from .tax import CONTEXT as TIN_CONTEXT

_SEAL_BYTES = 1024


class Resealed(NamedTuple):
    """How many values were sealed again."""

    tins: int
    details: int
    documents: int


async def reseal(session: Session, limit: int = 100) -> Resealed:
    """Seal up to ``limit`` values of each kind again; ask again while any was. Raises ``SealBroken``."""
    keys = Keyring.from_settings(read_settings(KitSettings))
    tins = await repository.lock_old_tins(session, keys.current, limit)
    for row in tins:
        row.tin = _again(keys, row.tin or b"", f"{TIN_CONTEXT}:{row.user_id}")
        row.tin_key = keys.current
    cases = await repository.lock_old_details(session, keys.current, limit)
    for case in cases:
        case.details = _again(keys, case.details or b"", f"{DETAILS_CONTEXT}:{case.case_id}")
        case.details_key = keys.current
    documents = await repository.lock_old_documents(session, keys.current, limit)
    for document in documents:
        await _reseal_object(keys, document)
    await session.flush()
    return Resealed(len(tins), len(cases), len(documents))


async def keys_in_use(session: Session) -> dict[str, int]:
    """Return how many values each key seals: one that seals none can be taken off the ring."""
    return await repository.key_counts(session)


async def _reseal_object(keys: Keyring, document: KycDocument) -> None:
    """Overwrite in place: a sealed value says itself which key opens it, whatever the row says."""
    objects = Objects.from_environment()
    limit = read_settings(UsersSettings).document_max_bytes + _SEAL_BYTES
    context = f"{DOCUMENT_CONTEXT}:{document.document_id}"
    try:
        sealed = await objects.read(document.object_key, at_most=limit)
    except ObjectMissing:
        document.key_name = keys.current  # nothing is left that an older key would open
        return
    await objects.write(
        document.object_key, _again(keys, sealed, context), "application/octet-stream"
    )
    document.key_name = keys.current


def _again(keys: Keyring, sealed: bytes, context: str) -> bytes:
    return keys.seal(keys.open(sealed, context), context)
