"""Endpoints that give, renew and end sign-ins."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from taxlien.kit.http.errors import Problem
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.security.caller import MaybeCallerDep
from taxlien.services.auth import service
from taxlien.services.auth.schemas import (
    ChallengeAnswer,
    ChangePasswordBody,
    KeySetAnswer,
    LoginBody,
    LogoutBody,
    RefreshBody,
    SignedInAnswer,
)

from .doors import (
    REFRESH_COOKIE,
    ActiveCallerDep,
    AddressDep,
    DeviceDep,
    SessionDep,
    TransactionsDep,
    drop_refresh_cookie,
    guard_cookies,
    new_router,
    sign_in_answer,
)

router = new_router()


@router.post("/login", response_model=SignedInAnswer | ChallengeAnswer)
async def log_in(
    body: LoginBody, request: Request, transactions: TransactionsDep, device: DeviceDep
) -> MsgspecResponse:
    """Sign in with a password; an account with a second factor gets a challenge for it."""
    if body.cookie:
        guard_cookies(request)
    if body.device_token is not None:
        device = device._replace(device_token=body.device_token)
    outcome = await service.log_in(transactions, body.email, body.password, device)
    return sign_in_answer(outcome, cookie=body.cookie)


@router.post("/refresh", response_model=SignedInAnswer)
async def refresh(
    request: Request, session: SessionDep, device: DeviceDep, body: RefreshBody | None = None
) -> MsgspecResponse:
    """Exchange a refresh token for a new pair. One that was used before ends its sign-in.

    What came by cookie goes back by cookie.
    """
    given = body or RefreshBody()
    token, by_cookie = _token_of(request, given.refresh_token)
    if token is None:
        raise Problem(401, "refresh_refused", "There is no refresh token in this request.")
    if given.cookie:
        guard_cookies(request)
    signed_in = await service.refresh(session, token, device)
    return sign_in_answer(signed_in, cookie=by_cookie or given.cookie)


@router.post("/logout", status_code=204)
async def log_out(
    request: Request,
    session: SessionDep,
    caller: MaybeCallerDep,
    body: LogoutBody | None = None,
) -> Response:
    """End one sign-in: that of the refresh token, or of the access token. Ended ones stay ended."""
    token, by_cookie = _token_of(request, body.refresh_token if body else None)
    response = Response(status_code=204)
    if token is not None:
        await service.log_out(session, token)
    elif caller is not None and caller.session_id is not None:
        await service.end_sessions(session, [caller.session_id], "logout")
    if by_cookie:
        drop_refresh_cookie(response)
    return response


@router.post("/logout-all", status_code=204)
async def log_out_everywhere(session: SessionDep, caller: ActiveCallerDep) -> Response:
    """End every sign-in of the account, this one too."""
    await service.end_all_sessions(session, caller.user_id, "logout everywhere")
    response = Response(status_code=204)
    drop_refresh_cookie(response)
    return response


@router.post("/change-password", status_code=204)
async def change_password(
    body: ChangePasswordBody,
    caller: ActiveCallerDep,
    transactions: TransactionsDep,
    address: AddressDep,
) -> None:
    """Set a new password by the one of now; every other sign-in ends."""
    await service.change_password(
        transactions,
        caller.user_id,
        caller.session_id,
        body.current_password,
        body.new_password,
        address,
    )


@router.get("/.well-known/jwks.json")
async def key_set(session: SessionDep, response: Response) -> KeySetAnswer:
    """Return the public keys of access tokens. The next one is among them before it signs."""
    response.headers["cache-control"] = "public, max-age=300"
    return KeySetAnswer.model_validate(await service.key_set(session))


def _token_of(request: Request, in_body: str | None) -> tuple[str | None, bool]:
    """Return the refresh token and whether a cookie brought it. Raises ``Problem`` 403."""
    if in_body is not None:
        return in_body, False
    cookie = request.cookies.get(REFRESH_COOKIE)
    if not cookie:
        return None, False
    guard_cookies(request)
    return cookie, True
