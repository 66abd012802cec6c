"""Endpoints of passkeys: register, name, remove, sign in."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request

from taxlien.kit.http.responses import MsgspecResponse
from taxlien.services.auth import service
from taxlien.services.auth.schemas import (
    OptionsAnswer,
    PasskeyAnswer,
    PasskeyLoginBody,
    PasskeyOptionsBody,
    PasskeysAnswer,
    ProofBody,
    RegisteredAnswer,
    RegisterPasskeyBody,
    RenamePasskeyBody,
    SignedInAnswer,
)

from .doors import (
    ActiveCallerDep,
    DeviceDep,
    SessionDep,
    TransactionsDep,
    guard_cookies,
    new_router,
    sign_in_answer,
)
from .factors import OwnerDep

router = new_router()


@router.post("/passkeys/register/options")
async def registration_options(
    transactions: TransactionsDep, owner: OwnerDep, body: ProofBody | None = None
) -> OptionsAnswer:
    """Ask for what the browser needs to make a passkey. Prove who asks, or have signed in just now."""
    proof = body.proof() if body else None
    return OptionsAnswer(options=await service.registration_options(transactions, owner, proof))


@router.post("/passkeys/register", status_code=201)
async def register_passkey(
    body: RegisterPasskeyBody, session: SessionDep, owner: OwnerDep
) -> RegisteredAnswer:
    """Store the passkey that the browser made; an account without recovery codes gets ten."""
    made = await service.register_passkey(session, owner, body.credential, body.name)
    return RegisteredAnswer(
        passkey=PasskeyAnswer.model_validate(made.passkey._asdict()),
        recovery_codes=list(made.recovery_codes),
    )


@router.get("/passkeys")
async def list_passkeys(session: SessionDep, caller: ActiveCallerDep) -> PasskeysAnswer:
    """List the passkeys of the account."""
    found = await service.list_passkeys(session, caller.user_id)
    return PasskeysAnswer(passkeys=[PasskeyAnswer.model_validate(p._asdict()) for p in found])


@router.patch("/passkeys/{passkey_id}")
async def rename_passkey(
    passkey_id: UUID, body: RenamePasskeyBody, session: SessionDep, owner: OwnerDep
) -> PasskeyAnswer:
    """Give a passkey a name."""
    renamed = await service.rename_passkey(session, owner, passkey_id, body.name)
    return PasskeyAnswer.model_validate(renamed._asdict())


@router.delete("/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(
    passkey_id: UUID,
    transactions: TransactionsDep,
    owner: OwnerDep,
    body: ProofBody | None = None,
) -> None:
    """Remove a passkey, with a fresh proof. The only way to sign in is not removed."""
    proof = body.proof() if body else None
    await service.remove_passkey(transactions, owner, passkey_id, proof)


@router.post("/passkeys/proof/options")
async def proof_options(session: SessionDep, owner: OwnerDep) -> OptionsAnswer:
    """Ask for what the browser needs to prove with a passkey who asks for a sensitive change."""
    return OptionsAnswer(options=await service.proof_options(session, owner))


@router.post("/passkeys/login/options")
async def sign_in_options(
    session: SessionDep, body: PasskeyOptionsBody | None = None
) -> OptionsAnswer:
    """Ask for what the browser needs to sign in with a passkey, or to complete a sign-in with one."""
    challenge = body.challenge if body else None
    return OptionsAnswer(options=await service.sign_in_options(session, challenge))


@router.post("/passkeys/login", response_model=SignedInAnswer)
async def sign_in_with_passkey(
    body: PasskeyLoginBody, request: Request, session: SessionDep, device: DeviceDep
) -> MsgspecResponse:
    """Sign in with a passkey alone; no second factor is asked for."""
    if body.cookie:
        guard_cookies(request)
    if body.device_token is not None:
        device = device._replace(device_token=body.device_token)
    signed_in = await service.sign_in_with_passkey(session, body.credential, device)
    return sign_in_answer(signed_in, cookie=body.cookie)
