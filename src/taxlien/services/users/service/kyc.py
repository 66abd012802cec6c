"""A person's own side of the check of identity: who they say to be, what shows it, handing it in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, cast
from uuid import UUID

import msgspec

from taxlien.interfaces.users import KycStatus, KycStatusChanged
from taxlien.kit.database import Session
from taxlien.kit.errors import Conflict, InvalidInput, NotFound
from taxlien.kit.ids import new_id
from taxlien.kit.outbox import emit
from taxlien.kit.security.identity import Caller
from taxlien.kit.security.sealing import Keyring
from taxlien.kit.settings import KitSettings, read_settings
from taxlien.services.users.adapters.pictures import document_type_of
from taxlien.services.users.adapters.uploads import Objects
from taxlien.services.users.logic import kyc as logic
from taxlien.services.users.logic.countries import country_of
from taxlien.services.users.logic.profile import full_name_of
from taxlien.services.users.models import KycCase, KycDocument, KycTransition, User
from taxlien.services.users.repository import identity as repository
from taxlien.services.users.repository import people
from taxlien.services.users.settings import UsersSettings

from . import uploads
from .audit import record as record_access

DETAILS_CONTEXT = "users.kyc_details"
DOCUMENT_CONTEXT = "users.kyc_document"
MOST_DOCUMENTS = 10


class CaseState(NamedTuple):
    """How a check stands, as its person may know it."""

    status: KycStatus
    case: KycCase | None
    details: logic.Details | None
    documents: Sequence[KycDocument]


def keyring() -> Keyring:
    """Return the keys of this process. Raises ``SettingsError``."""
    return Keyring.from_settings(read_settings(KitSettings))


async def my_kyc(session: Session, caller: Caller) -> CaseState:
    """Return how the caller's check stands. Raises ``NotFound`` without a profile."""
    user = await people.get_user(session, caller.user_id)
    if user is None:
        raise NotFound("There is no profile of this user.")
    case = await repository.latest_case(session, user.id)
    await record_access(session, actor=caller, subject=user.id, action="read.self", fields=("kyc",))
    if case is None:
        return CaseState(cast(KycStatus, user.kyc_status), None, None, ())
    documents = await repository.documents_of(session, case.case_id)
    return CaseState(cast(KycStatus, user.kyc_status), case, details_of(case), documents)


async def set_details(
    session: Session,
    caller: Caller,
    *,
    legal_name: str,
    birth_date: date,
    citizenship: str,
    residence: str,
) -> CaseState:
    """Write who the caller says to be; kept sealed. Begins a new case after a rejection or expiry.

    Raises ``InvalidInput``, ``NotFound``, and ``Conflict`` while a case is being looked at.
    """
    logic.check_age(birth_date, datetime.now(UTC).date())
    details = logic.Details(
        _legal_name(legal_name),
        birth_date,
        country_of("citizenship", citizenship),
        country_of("residence", residence),
    )
    user, case = await open_case(session, caller)
    seal_details(case, details, keyring())
    await record_access(
        session,
        actor=caller,
        subject=user.id,
        action="kyc.details_changed",
        fields=("legal_name", "birth_date", "citizenship", "residence"),
    )
    documents = await repository.documents_of(session, case.case_id)
    return CaseState("pending", case, details, documents)


async def begin_document(
    session: Session, caller: Caller, kind: logic.DocumentKind
) -> uploads.Place:
    """Open a place for a document. Raises ``Conflict`` while a case is being looked at."""
    await open_case(session, caller)
    limit = read_settings(UsersSettings).document_max_bytes
    return await uploads.begin(session, caller, "kyc_document", limit, kind)


async def add_document(session: Session, caller: Caller, upload_id: UUID) -> KycDocument:
    """Seal what was sent, keep it with the caller's case, and remove the plain file at once.

    Raises as ``uploads.receive``, ``InvalidInput`` for what is no PDF, JPEG or PNG, and ``Conflict``
    while a case is being looked at or has ten documents.
    """
    settings = read_settings(UsersSettings)
    user, case = await open_case(session, caller)
    if len(await repository.documents_of(session, case.case_id)) >= MOST_DOCUMENTS:
        raise Conflict(f"A case takes {MOST_DOCUMENTS} documents. Remove one first.")
    limit = settings.document_max_bytes
    sent = await uploads.receive(session, caller, upload_id, "kyc_document", limit)
    try:
        media_type = await asyncio.to_thread(
            document_type_of, sent.content, max_pixels=settings.document_max_pixels
        )
    except InvalidInput:
        await uploads.discard(sent.upload)
        raise
    keys = keyring()
    (object_key,) = uploads.made_of("kyc_document", upload_id)
    document = KycDocument(
        document_id=upload_id,
        case_id=case.case_id,
        user_id=user.id,
        kind=sent.upload.document_kind or "",
        media_type=media_type,
        size_bytes=len(sent.content),
        object_key=object_key,
        key_name=keys.current,
        created_at=datetime.now(UTC),
    )
    session.add(document)
    await session.flush()
    sealed = keys.seal(sent.content, f"{DOCUMENT_CONTEXT}:{document.document_id}")
    await Objects.from_environment().write(object_key, sealed, "application/octet-stream")
    await uploads.close(session, sent.upload, "kyc_document")
    await record_access(
        session,
        actor=caller,
        subject=user.id,
        action="kyc.document_added",
        fields=(document.kind,),
    )
    return document


async def remove_document(session: Session, caller: Caller, document_id: UUID) -> None:
    """Remove a document of the caller's open case. Raises ``NotFound``, ``Conflict``."""
    user, case = await open_case(session, caller)
    document = await repository.get_document(session, user.id, document_id)
    if document is None or document.case_id != case.case_id:
        raise NotFound("There is no such document.")
    await repository.remove_document(session, document_id)
    await people.plan_removal(session, datetime.now(UTC), document.object_key)
    await record_access(
        session,
        actor=caller,
        subject=user.id,
        action="kyc.document_removed",
        fields=(document.kind,),
    )


async def open_case(session: Session, caller: Caller) -> tuple[User, KycCase]:
    """Return the caller, locked, and the case that can still be changed: a new one where none is.

    Raises ``NotFound`` without a profile, ``Conflict`` while a case is looked at or holds.
    """
    user = await people.lock_user(session, caller.user_id)
    if user is None or user.erased_at is not None:
        raise NotFound("There is no profile of this user.")
    case = await repository.latest_case(session, user.id)
    if case is not None and case.status == "pending":
        return user, case
    if case is not None and case.status not in logic.RESTARTABLE:
        raise Conflict(f"Your check is {case.status.replace('_', ' ')}; nothing can be changed.")
    number = 1 if case is None else case.number + 1
    begun = KycCase(
        case_id=new_id(),
        user_id=user.id,
        number=number,
        status="pending",
        hit=False,
        cleared_matches={} if case is None else dict(case.cleared_matches),
        created_at=datetime.now(UTC),
    )
    session.add(begun)
    await session.flush()
    await _tell(session, user, "pending")
    return user, begun


async def move(
    session: Session,
    user: User,
    case: KycCase,
    action: logic.Action,
    actor: Caller | None,
    reason: str | None = None,
) -> None:
    """Move a case, write down who did it, and tell it. Raises ``Conflict`` where it cannot move so."""
    before = cast(KycStatus, case.status)
    case.status = logic.advance(before, action)
    session.add(
        KycTransition(
            transition_id=new_id(),
            case_id=case.case_id,
            from_status=before,
            to_status=case.status,
            action=action,
            actor_id=actor.user_id if actor else None,
            reason=reason,
        )
    )
    await session.flush()
    await _tell(session, user, case.status)
    await record_access(
        session, actor=actor, subject=user.id, action=f"kyc.{action}", fields=("kyc_status",)
    )


async def _tell(session: Session, user: User, status: KycStatus) -> None:
    previous = cast(KycStatus, user.kyc_status)
    if previous == status:
        return
    user.kyc_status = status
    user.version += 1
    user.updated_at = datetime.now(UTC)
    await emit(
        session,
        KycStatusChanged(
            user_id=user.id, at=user.updated_at, status=status, previous_status=previous
        ),
    )


def seal_details(case: KycCase, details: logic.Details, keys: Keyring) -> None:
    """Put details into a case, sealed."""
    plain = msgspec.json.encode(details._asdict())
    case.details = keys.seal(plain, f"{DETAILS_CONTEXT}:{case.case_id}")
    case.details_key = keys.current


def details_of(case: KycCase) -> logic.Details | None:
    """Open the details of a case. Raises ``SealBroken``."""
    if case.details is None:
        return None
    plain = keyring().open(case.details, f"{DETAILS_CONTEXT}:{case.case_id}")
    found = msgspec.json.decode(plain)
    return logic.Details(
        found["legal_name"],
        date.fromisoformat(found["birth_date"]),
        found["citizenship"],
        found["residence"],
    )


def _legal_name(text: str) -> str:
    try:
        return full_name_of(text)
    except InvalidInput as error:
        raise InvalidInput("legal_name", error.message) from None
