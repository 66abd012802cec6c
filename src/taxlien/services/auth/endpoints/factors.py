"""Endpoints of second factors: authenticator apps, recovery codes, and the second half of a sign-in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.security.caller import CallerDep
from taxlien.services.auth import service
from taxlien.services.auth.schemas import (
    ProofBody,
    RecoveryCodesAnswer,
    SecondFactorBody,
    SignedInAnswer,
    TotpBegunAnswer,
    TotpCodeBody,
)
from taxlien.services.auth.service import Owner

from .doors import (
    AddressDep,
    DeviceDep,
    SessionDep,
    TransactionsDep,
    guard_cookies,
    new_router,
    sign_in_answer,
)

router = new_router()


def owner(caller: CallerDep, address: AddressDep) -> Owner:
    """Return who asks about their own account; the service checks that the sign-in has not ended."""
    return Owner(caller.user_id, caller.session_id, address)


OwnerDep = Annotated[Owner, Depends(owner)]


@router.post("/login/second-factor", response_model=SignedInAnswer)
async def complete_sign_in(
    body: SecondFactorBody, request: Request, session: SessionDep, device: DeviceDep
) -> MsgspecResponse:
    """Complete a sign-in with a second factor. A challenge takes five answers; each code works once."""
    if body.cookie:
        guard_cookies(request)
    if body.device_token is not None:
        device = device._replace(device_token=body.device_token)
    signed_in = await service.complete_sign_in(session, body.challenge, body.answer(), device)
    return sign_in_answer(signed_in, cookie=body.cookie)


@router.post("/totp")
async def begin_totp(
    transactions: TransactionsDep, owner: OwnerDep, body: ProofBody | None = None
) -> TotpBegunAnswer:
    """Begin to set up an authenticator app. To replace one, prove with a second factor."""
    begun = await service.begin_totp(transactions, owner, body.proof() if body else None)
    return TotpBegunAnswer.model_validate(begun._asdict())


@router.post("/totp/confirm")
async def confirm_totp(
    body: TotpCodeBody, session: SessionDep, owner: OwnerDep
) -> RecoveryCodesAnswer:
    """Take the app into use with its first code; the answer has ten recovery codes to keep."""
    codes = await service.confirm_totp(session, owner, body.code)
    return RecoveryCodesAnswer(recovery_codes=list(codes))


@router.delete("/totp", status_code=204)
async def disable_totp(
    transactions: TransactionsDep, owner: OwnerDep, body: ProofBody | None = None
) -> None:
    """Remove the authenticator app, with a fresh proof. Removing it again changes nothing."""
    await service.disable_totp(transactions, owner, body.proof() if body else None)


@router.post("/recovery-codes")
async def renew_recovery_codes(
    transactions: TransactionsDep, owner: OwnerDep, body: ProofBody | None = None
) -> RecoveryCodesAnswer:
    """Make ten new recovery codes in place of all earlier ones, with a fresh proof."""
    proof = body.proof() if body else None
    codes = await service.renew_recovery_codes(transactions, owner, proof)
    return RecoveryCodesAnswer(recovery_codes=list(codes))
