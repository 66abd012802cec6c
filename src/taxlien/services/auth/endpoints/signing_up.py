"""Endpoints for those who have no account yet, or no way into it."""

from __future__ import annotations

from taxlien.services.auth import service
from taxlien.services.auth.schemas import (
    AcceptedAnswer,
    EmailBody,
    ResetPasswordBody,
    SignUpBody,
    VerifiedAnswer,
    VerifyEmailBody,
)

from .doors import AddressDep, SessionDep, TransactionsDep, new_router

router = new_router()


@router.post("/signup", status_code=202)
async def sign_up(
    body: SignUpBody, transactions: TransactionsDep, address: AddressDep
) -> AcceptedAnswer:
    """Make an account; a mail says how to go on. The answer never tells whether the address has one."""
    await service.sign_up(
        transactions,
        body.email,
        body.password,
        address,
        language=body.language,
        full_name=body.full_name,
    )
    return AcceptedAnswer(message="Open the mail that was sent to this address.")


@router.post("/verify-email")
async def verify_email(body: VerifyEmailBody, session: SessionDep) -> VerifiedAnswer:
    """Show that an address is yours with the token from the mail; it works once."""
    await service.verify_email(session, body.token)
    return VerifiedAnswer()


@router.post("/resend-verification", status_code=202)
async def resend_verification(
    body: EmailBody, transactions: TransactionsDep, address: AddressDep
) -> AcceptedAnswer:
    """Send the verification mail again, where an account waits for it."""
    await service.resend_verification(transactions, body.email, address)
    return AcceptedAnswer(message="If an account waits for this address, a mail is on its way.")


@router.post("/forgot-password", status_code=202)
async def forgot_password(
    body: EmailBody, transactions: TransactionsDep, address: AddressDep
) -> AcceptedAnswer:
    """Send a link to set a new password, where the address has an account."""
    await service.forgot_password(transactions, body.email, address)
    return AcceptedAnswer(message="If this address has an account, a mail is on its way.")


@router.post("/reset-password", status_code=204)
async def reset_password(body: ResetPasswordBody, transactions: TransactionsDep) -> None:
    """Set a new password with the token from the mail; every sign-in of the account ends."""
    await service.reset_password(transactions, body.token, body.new_password)
