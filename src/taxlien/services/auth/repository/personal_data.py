"""Which tables hold data about a person: what an export contains and an erasure deletes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Table, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute

from taxlien.kit.database import Session
from taxlien.services.auth.models import (
    Account,
    Device,
    LinkedIdentity,
    LoginChallenge,
    MailToken,
    OAuthTransaction,
    Passkey,
    PasskeyCeremony,
    RecoveryCode,
    RefreshToken,
    Row,
    SignIn,
    SignInAttempt,
    TotpSecret,
)


class PersonalTable(NamedTuple):
    """``hidden`` are columns that no export shows: hashes and sealed secrets."""

    model: type[Row]
    owner: InstrumentedAttribute[Any]
    hidden: frozenset[str] = frozenset()


TABLES: list[PersonalTable] = [
    PersonalTable(LoginChallenge, LoginChallenge.user_id, frozenset({"challenge_sha256"})),
    PersonalTable(MailToken, MailToken.user_id, frozenset({"token_sha256", "password_hash"})),
    PersonalTable(SignIn, SignIn.user_id),
    PersonalTable(Device, Device.user_id, frozenset({"token_sha256"})),
    PersonalTable(TotpSecret, TotpSecret.user_id, frozenset({"secret", "pending_secret"})),
    PersonalTable(RecoveryCode, RecoveryCode.user_id, frozenset({"code_hash"})),
    PersonalTable(Passkey, Passkey.user_id, frozenset({"credential_id", "public_key"})),
    PersonalTable(PasskeyCeremony, PasskeyCeremony.user_id, frozenset({"challenge_hash"})),
    PersonalTable(LinkedIdentity, LinkedIdentity.user_id),
    PersonalTable(
        OAuthTransaction,
        OAuthTransaction.user_id,
        frozenset({"state_hash", "browser_hash", "code_hash", "identity"}),
    ),
]
"""Every table with a ``user_id`` but the accounts, in the order they can be deleted in."""

_ACCOUNT_HIDDEN = frozenset({"password_hash", "email_key"})


async def personal_rows(session: Session, user_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Return what is stored about a person, by table, without secrets. Times are UTC."""
    accounts = PersonalTable(Account, Account.user_id, _ACCOUNT_HIDDEN)
    return {
        _table(table).name: await _rows(session, table, user_id) for table in (accounts, *TABLES)
    }


async def erase_personal_data(
    session: Session, user_id: UUID, subjects: tuple[str, ...], now: datetime
) -> int:
    """Delete what is stored about a person and blank the account. Returns how many rows went.

    ``subjects`` are the names that failed attempts were counted under.
    """
    rows = 0
    sign_ins = select(SignIn.session_id).where(SignIn.user_id == user_id)
    statements = [
        delete(RefreshToken).where(RefreshToken.session_id.in_(sign_ins)),
        *(delete(table.model).where(_is_of(table, user_id)) for table in TABLES),
        delete(SignInAttempt).where(SignInAttempt.subject.in_(subjects)),
    ]
    for statement in statements:
        rows += cast(CursorResult[Any], await session.execute(statement)).rowcount
    blank: dict[str, object] = {
        "email": None,
        "email_key": None,
        "password_hash": None,
        "email_verified_at": None,
        "roles": [],
        "tier": "free",
        "language": "en",
        "status": "erased",
        "password_changed_at": None,
        "erase_after": None,
        "erased_at": now,
    }
    blanked = await session.execute(
        update(Account).where(Account.user_id == user_id, Account.status != "erased").values(blank)
    )
    return rows + cast(CursorResult[Any], blanked).rowcount


async def _rows(session: Session, table: PersonalTable, user_id: UUID) -> list[dict[str, Any]]:
    columns = [c for c in _table(table).columns if c.name not in table.hidden]
    found = await session.execute(select(*columns).where(_is_of(table, user_id)))
    return [dict(row._mapping) for row in found]


def _is_of(table: PersonalTable, user_id: UUID) -> ColumnElement[bool]:
    return cast(ColumnElement[bool], table.owner == user_id)


def _table(table: PersonalTable) -> Table:
    return cast(Table, table.model.__table__)
