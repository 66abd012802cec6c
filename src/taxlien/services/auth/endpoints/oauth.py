"""Endpoints of signing in at other providers: go there, come back, exchange, link, unlink."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from taxlien.kit.http.errors import Problem
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.security.caller import MaybeCallerDep
from taxlien.services.auth import service
from taxlien.services.auth.schemas import (
    ChallengeAnswer,
    DepartureAnswer,
    ExchangeBody,
    LinkBody,
    LinkedAnswer,
    ProviderAnswer,
    ProvidersAnswer,
    SignedInAnswer,
)
from taxlien.services.auth.service import Departure, Landing, Linked, Owner

from .doors import (
    AddressDep,
    DeviceDep,
    SessionDep,
    TransactionsDep,
    guard_cookies,
    new_router,
    sign_in_answer,
)
from .factors import OwnerDep

router = new_router()

Provider = Literal["google", "apple", "facebook"]
Language = Annotated[str, Query(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]

_COOKIE_SECONDS = 900  # a little longer than a sign-in may take
_LARGEST_FORM = 16_384
_FORM = "application/x-www-form-urlencoded"


def maybe_owner(caller: MaybeCallerDep, address: AddressDep) -> Owner | None:
    """Return who asks, None for a stranger."""
    return Owner(caller.user_id, caller.session_id, address) if caller else None


MaybeOwnerDep = Annotated[Owner | None, Depends(maybe_owner)]


@router.get("/oauth")
async def providers(session: SessionDep, owner: MaybeOwnerDep) -> ProvidersAnswer:
    """List the providers: which are set up here, and which are linked to the account that asks."""
    found = await service.providers(session, owner)
    return ProvidersAnswer(providers=[ProviderAnswer.model_validate(p._asdict()) for p in found])


@router.get("/oauth/{provider}/start", status_code=303, response_class=RedirectResponse)
async def depart(
    provider: Provider,
    transactions: TransactionsDep,
    return_to: Annotated[str | None, Query(max_length=2000)] = None,
    language: Language = "en",
) -> Response:
    """Send the browser to a provider. It comes back to ``return_to`` with a code in the fragment."""
    departure = await service.depart(transactions, provider, return_to, language)
    response = RedirectResponse(departure.url, status_code=303)
    _set_cookie(response, provider, departure)
    return response


@router.post("/oauth/{provider}/link", response_model=DepartureAnswer)
async def depart_to_link(
    provider: Provider, body: LinkBody, transactions: TransactionsDep, owner: OwnerDep
) -> Response:
    """Begin to link a provider to the account that asks: send the browser to the ``url``."""
    departure = await service.depart_to_link(
        transactions, owner, provider, body.return_to, body.proof()
    )
    response = JSONResponse(DepartureAnswer(url=departure.url).model_dump())
    _set_cookie(response, provider, departure)
    return response


@router.get("/oauth/{provider}/callback", status_code=303, response_class=RedirectResponse)
async def arrive(provider: Provider, request: Request, transactions: TransactionsDep) -> Response:
    """Where a provider sends the browser back to. Not for programs."""
    answer = dict(request.query_params)
    return _land(await service.arrive(transactions, provider, answer, request.cookies))


@router.post("/oauth/{provider}/callback", status_code=303, response_class=RedirectResponse)
async def arrive_by_form(
    provider: Provider, request: Request, transactions: TransactionsDep
) -> Response:
    """Where Apple makes the browser post a form to. Not for programs."""
    answer = await _form(request)
    return _land(await service.arrive(transactions, provider, answer, request.cookies))


@router.post("/oauth/exchange", response_model=SignedInAnswer | ChallengeAnswer | LinkedAnswer)
async def exchange(
    body: ExchangeBody,
    request: Request,
    transactions: TransactionsDep,
    device: DeviceDep,
    owner: MaybeOwnerDep,
) -> Response:
    """Exchange the code of the fragment for a sign-in, a challenge, or a link; from the same browser."""
    if body.cookie:
        guard_cookies(request)
    if body.device_token is not None:
        device = device._replace(device_token=body.device_token)
    outcome = await service.exchange(transactions, body.code, request.cookies, device, owner)
    if isinstance(outcome, Linked):
        return MsgspecResponse(LinkedAnswer(linked=outcome.provider))
    return sign_in_answer(outcome, cookie=body.cookie)


@router.delete("/oauth/{provider}", status_code=204)
async def unlink(provider: Provider, session: SessionDep, owner: OwnerDep) -> None:
    """Unlink a provider. The only way to sign in is not removed."""
    await service.unlink(session, owner, provider)


async def _form(request: Request) -> dict[str, str]:
    """Read the fields of a form. Raises ``Problem`` 413, 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Problem(415, "unsupported_media_type", f"This address takes {_FORM}.")
    body = await request.body()
    if len(body) > _LARGEST_FORM:
        raise Problem(413, "body_too_large", f"The form may have {_LARGEST_FORM} bytes.")
    return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))


def _set_cookie(response: Response, provider: Provider, departure: Departure) -> None:
    """Give the browser its secret. Apple's form comes from Apple's page: only "none" lets it bring that."""
    response.set_cookie(
        departure.cookie_name,
        departure.cookie_value,
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=True,
        httponly=True,
        samesite="none" if provider == "apple" else "lax",
    )


def _land(landing: Landing) -> Response:
    """Send the browser on; what is in a fragment reaches no server and no log."""
    said = {"code": landing.code} if landing.code else {"error": landing.error or "failed"}
    return RedirectResponse(f"{landing.return_to}#{urlencode(said)}", status_code=303)
