"""Where people pay tax: the form they sign and a number that nobody sees whole again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple, cast
from uuid import UUID

from taxlien.kit.database import Session
from taxlien.kit.errors import InvalidInput, NotFound
from taxlien.kit.security.identity import Caller
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.users.logic import tins
from taxlien.services.users.logic.countries import country_of
from taxlien.services.users.models import TaxResidency
from taxlien.services.users.repository import identity as repository
from taxlien.services.users.repository import people

from .audit import record as record_access
from .versions import check_version

CONTEXT = "users.tin"
_FIELDS = ("country", "form_kind", "tin_last_four")


class Residency(NamedTuple):
    """Where somebody pays tax, as it may be shown: of the number, at most the last four characters."""

    country: str
    form_kind: tins.FormKind
    tin_kind: tins.TinKind | None
    tin_last_four: str | None
    certified_at: datetime
    version: int


async def my_residency(session: Session, caller: Caller) -> Residency:
    """Return where the caller pays tax. Raises ``NotFound``."""
    return await _shown(session, caller, caller.user_id, "read.self")


async def residency_of(session: Session, caller: Caller, user_id: UUID) -> Residency:
    """Return where somebody pays tax. Raises ``NotFound``."""
    return await _shown(session, caller, user_id, "tax_residency.read")


async def set_residency(
    session: Session,
    caller: Caller,
    *,
    country: str,
    form_kind: tins.FormKind,
    tin_kind: tins.TinKind | None,
    tin: str | None,
    expected: Collection[int] | None = None,
) -> Residency:
    """Write where the caller pays tax; the number is kept sealed. Writing it certifies it as of now.

    Raises ``InvalidInput``, ``NotFound`` without a profile, and ``ChangedMeanwhile``.
    """
    if (tin is None) != (tin_kind is None):
        raise InvalidInput("tin", "and tin_kind go together")
    code = country_of("country", country)
    tins.check_form(form_kind, code, tin_kind)
    plain = None if tin is None or tin_kind is None else tins.tin_of(tin_kind, tin)
    user = await people.lock_user(session, caller.user_id)
    if user is None or user.erased_at is not None:
        raise NotFound("There is no profile of this user.")
    found = await repository.get_residency(session, user.id)
    check_version(expected, found.version if found else 0)
    if found is None:
        found = TaxResidency(user_id=user.id, version=0)
        session.add(found)
    found.country, found.form_kind, found.tin_kind = code, form_kind, tin_kind
    found.certified_at = found.updated_at = datetime.now(UTC)
    found.version += 1
    keys = _keyring()
    found.tin = None if plain is None else keys.seal(plain.encode(), f"{CONTEXT}:{user.id}")
    found.tin_key = None if plain is None else keys.current
    await session.flush()
    await record_access(
        session,
        actor=caller,
        subject=user.id,
        action="tax_residency.changed",
        fields=("country", "form_kind", "tin"),
    )
    return _residency(found, keys)


async def remove_residency(session: Session, caller: Caller) -> None:
    """Remove where the caller pays tax. Raises ``NotFound``."""
    if not await repository.remove_residency(session, caller.user_id):
        raise NotFound("No tax residency was given.")
    await record_access(
        session,
        actor=caller,
        subject=caller.user_id,
        action="tax_residency.removed",
        fields=("country", "form_kind", "tin"),
    )


async def _shown(session: Session, caller: Caller, user_id: UUID, action: str) -> Residency:
    found = await repository.get_residency(session, user_id)
    if found is None:
        raise NotFound("No tax residency was given.")
    await record_access(session, actor=caller, subject=user_id, action=action, fields=_FIELDS)
    return _residency(found, _keyring())


def _residency(found: TaxResidency, keys: Keyring) -> Residency:
    plain = keys.open(found.tin, f"{CONTEXT}:{found.user_id}").decode() if found.tin else None
    return Residency(
        found.country,
        cast(tins.FormKind, found.form_kind),
        cast(tins.TinKind | None, found.tin_kind),
        None if plain is None else tins.last_four(plain),
        found.certified_at,
        found.version,
    )


def _keyring() -> Keyring:
    return Keyring.from_settings(read_settings(KitSettings))
