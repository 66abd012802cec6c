"""What auth's endpoints share: transactions, who calls from where, cookies, and how refusals are said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from taxlien.kit.database import Session
from taxlien.kit.http.errors import Problem, problem_of, problem_response
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.http.sessions import SessionFactory, sessions_for
from taxlien.kit.security.caller import CallerDep
from taxlien.kit.telemetry.context import current_request
from taxlien.services.auth import service
from taxlien.services.auth.logic.device_names import name_of
from taxlien.services.auth.logic.refusals import CodedRefusal, LeavesTrace
from taxlien.services.auth.schemas import ChallengeAnswer, SignedInAnswer
from taxlien.services.auth.service import ChallengeRequired, DeviceFacts, SignedIn, Transactions
from taxlien.services.auth.settings import AuthSettings

REFRESH_COOKIE = "taxlien_refresh"
DEVICE_COOKIE = "taxlien_device"
COOKIE_PATH = "/v1/auth"
_DEVICE_DAYS = 400  # the longest that browsers keep a cookie
_DAY = 86_400


class ActiveCaller(NamedTuple):
    """A signed-in user and the sign-in that the access token belongs to."""

    user_id: UUID
    session_id: UUID
    roles: frozenset[str]


class AuthRoute(APIRoute):
    """Says refusals with their own code, and keeps every answer out of caches that it does not invite."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler FastAPI makes, with both done around it."""
        plain = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await plain(request)
            except LeavesTrace as refusal:  # an answer, not an error: the session commits
                response = problem_response(_problem(refusal), instance=request.url.path)
            except CodedRefusal as refusal:
                raise _problem(refusal) from None
            response.headers.setdefault("cache-control", "no-store")
            return response

        return handle


def _problem(refusal: CodedRefusal) -> Problem:
    problem = problem_of(refusal)
    problem.code = refusal.code
    return problem


def new_router() -> APIRouter:
    """Return a router for one part of auth's endpoints."""
    return APIRouter(prefix="/v1/auth", route_class=AuthRoute)


def transactions(factory: Annotated[SessionFactory, Depends(sessions_for("auth"))]) -> Transactions:
    """Return what opens a transaction that a ``LeavesTrace`` commits."""

    @asynccontextmanager
    async def transaction() -> AsyncIterator[Session]:
        refusal: LeavesTrace | None = None
        async with factory() as session:
            try:
                yield session
            except LeavesTrace as left:
                refusal = left
        if refusal is not None:
            raise refusal

    return transaction


TransactionsDep = Annotated[Transactions, Depends(transactions)]


async def _session(open_one: TransactionsDep) -> AsyncIterator[Session]:
    async with open_one() as session:
        yield session


SessionDep = Annotated[Session, Depends(_session, scope="function")]
"""One transaction for the endpoint, over before the answer is sent; a ``LeavesTrace`` commits it."""


async def active_caller(open_one: TransactionsDep, caller: CallerDep) -> ActiveCaller:
    """Return the caller, whose sign-in is active right now. Raises ``SessionEnded``."""
    async with open_one() as session:  # its own, and short: an endpoint may hash for a while
        session_id = await service.require_active(session, caller.session_id, caller.user_id)
    return ActiveCaller(caller.user_id, session_id, caller.roles)


ActiveCallerDep = Annotated[ActiveCaller, Depends(active_caller)]
"""A signed-in user whose sign-in was not ended, though the access token may still run."""


def client_address(request: Request) -> str:
    """Return the IP address a request comes from; ``x-forwarded-for`` counts only from the gateway."""
    peer = request.client.host if request.client else "unknown"
    if not current_request().gateway_secret:
        return peer
    said = request.headers.get("x-forwarded-for", "")
    hops = [hop.strip() for hop in said.split(",") if hop.strip()]
    ours = service.settings().trusted_hops
    return hops[-ours][:45] if len(hops) >= ours else peer


AddressDep = Annotated[str, Depends(client_address)]


def device_facts(request: Request, address: AddressDep) -> DeviceFacts:
    """Return what the request tells of its device; a token in the body goes before the cookie's."""
    user_agent = request.headers.get("user-agent", "")
    cookie = request.cookies.get(DEVICE_COOKIE)
    return DeviceFacts(user_agent, address, name_of(user_agent), cookie)


DeviceDep = Annotated[DeviceFacts, Depends(device_facts)]


def guard_cookies(request: Request) -> None:
    """Refuse a request that another site could have made the browser send.

    Cookies work only with a header that no form can set, and only from pages that the settings name
    where the browser tells the page. Raises ``Problem`` 403.
    """
    origin = request.headers.get("origin")
    allowed = service.settings().allowed_origins
    if request.headers.get("x-requested-with") != "taxlien":
        said = "Cookies need the header x-requested-with: taxlien."
        raise Problem(403, "cross_site_refused", said)
    if origin is not None and origin not in allowed:
        raise Problem(403, "cross_site_refused", "This page may not use cookies here.")


def sign_in_answer(outcome: SignedIn | ChallengeRequired, *, cookie: bool) -> MsgspecResponse:
    """Return the answer to a sign-in or to its first half. Call ``guard_cookies`` before ``cookie``."""
    if isinstance(outcome, ChallengeRequired):
        return MsgspecResponse(ChallengeAnswer.model_validate(outcome._asdict()))
    answer = SignedInAnswer.model_validate(outcome._asdict())
    if not cookie:
        return MsgspecResponse(answer)
    hidden = answer.model_copy(update={"refresh_token": None, "device_token": None})
    response = MsgspecResponse(hidden)
    settings: AuthSettings = service.settings()
    _set_cookie(response, REFRESH_COOKIE, outcome.refresh_token, settings.refresh_days)
    if outcome.device_token is not None:
        _set_cookie(response, DEVICE_COOKIE, outcome.device_token, _DEVICE_DAYS)
    return response


def drop_refresh_cookie(response: Response) -> None:
    """Make the browser forget the refresh token."""
    _set_cookie(response, REFRESH_COOKIE, "", 0)


def _set_cookie(response: Response, name: str, value: str, days: float) -> None:
    response.set_cookie(
        name,
        value,
        max_age=round(days * _DAY),
        path=COOKIE_PATH,
        secure=True,
        httponly=True,
        samesite="strict",
    )
