"""``/v1/ml``: what the models in office say of cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from taxlien.interfaces.users import TierAllowsLess
from taxlien.kit.database import Session, describe
from taxlien.kit.http.errors import Problem
from taxlien.kit.http.ready import ReadyRoute, asked, ready
from taxlien.kit.http.responses import MsgspecResponse, to_json
from taxlien.kit.http.sessions import SessionFactory, session_for, sessions_for
from taxlien.kit.http.shortcuts import hand_on
from taxlien.kit.security.caller import CallerDep, caller_if_any
from taxlien.kit.telemetry import context

from . import schemas
from .service import allocating, flagging, offices, scoring, serving

SessionDep = Annotated[Session, Depends(session_for("ml"))]
SessionsDep = Annotated[SessionFactory, Depends(sessions_for("ml"))]
router = APIRouter(prefix="/v1/ml", tags=["ml"])
_log = structlog.get_logger("taxlien.ml")


@router.post("/predict/redemption", response_model=schemas.Predictions)
async def predict_redemption(body: schemas.Asked, session: SessionDep) -> Response:
    """How likely a lien is redeemed, and when: one case or up to a thousand.

    An answer is calibrated, and says from how many liens it was learned. Where too little is known it
    says `insufficient_data` with the nearest prior. A value that cannot be true is treated as missing and
    named in `problems`.
    """
    return await _predicted(body, session, "redemption")


@router.post("/predict/auction-price", response_model=schemas.Predictions)
async def predict_auction_price(body: schemas.Asked, session: SessionDep) -> Response:
    """What a lien goes for: a rate, a bid or a premium, by what is bid in its state.

    `interval` is meant to hold four of five outcomes. A property for which nobody bids goes for the lien:
    that is one of them, and `predicted_bid_if_sold` and `interval_if_sold` tell what it goes for if
    somebody does. Methods and states without data answer `insufficient_data` with the nearest evidence.
    """
    return await _predicted(body, session, "price")


@router.post("/score/risk", response_model=schemas.Predictions)
async def score_risk(body: schemas.Asked, session: SessionDep) -> Response:
    """How risky a lien is, 1 to 100: each point is about half a dollar expected to be lost of 100 laid out.

    Lost is principal that is never redeemed, and what waiting costs at 8 % a year; an unknown value counts
    as nothing to fall back on. `safety_score` is 101 less the score. Red flags are listed whatever the
    score; severe ones set its `floor`. What could not be looked at is named in `not_checked`.
    """
    return await _predicted(body, session, "risk")


@router.post("/optimize/portfolio", response_model=schemas.Portfolio)
async def optimize_portfolio(
    body: schemas.PortfolioAsked, sessions: SessionsDep, caller: CallerDep
) -> Response:
    """Which liens on offer to buy with a budget, and why these (enterprise; takes seconds).

    Futures of all candidates are drawn together from the redemption model and the state's law. A greedy
    choice, a mixed-integer program and, where one was taught, a learned policy choose; all are judged in
    futures that none of them chose in, and the best is served with the figures of the others. The same
    seed gives the same answer. Where nothing fits, `allocation` is empty and `why` says so. 403
    `tier_allows_less` below enterprise, 429 with `Retry-After` while many others are worked out.
    """
    wanted = body.wanted()
    with _saying_what_the_tier_allows():
        async with sessions() as session:
            market = await allocating.look(session, wanted, tier=caller.tier)
    return MsgspecResponse(await allocating.allocate(market, wanted))


@router.get("/scores/{lien_id}", response_model=schemas.Score)
async def get_score(lien_id: UUID, session: SessionDep) -> schemas.Score:
    """How risky a lien of the catalogue is, as search finds and sorts it, and which model said so when.

    `flags` are raised by what the catalogue knows of the lien; what stands behind a score (chances,
    evidence, the parcel's past) is told by `POST /v1/ml/score/risk`. 404 where the lien was never looked
    at. A lien that ended, or of whose state no outcome is known, has no score.
    """
    found = await scoring.score_of(session, lien_id)
    flags, not_checked = await flagging.flags_of_lien(session, lien_id)
    return schemas.Score(
        lien_id=lien_id,
        version=found.version,
        score=found.score,
        safety_score=None if found.score is None else 101 - found.score,
        p_unredeemed=found.p_unredeemed,
        model_version=found.model_version,
        scored_at=found.scored_at,
        flags=[schemas.RedFlag(**msgspec.structs.asdict(flag)) for flag in flags],
        not_checked=list(not_checked),
    )


@router.get("/models", response_model=schemas.Models)
async def list_models(session: SessionDep) -> schemas.Models:
    """Which versions are champion and challenger, since when and why; whether they still fit.

    `checks` are made once a day: drift of what a model is told, and of what it says beside what came of it.
    """
    return schemas.Models(
        models=[
            schemas.Model.model_validate(one, from_attributes=True)
            for one in await offices.offices(session)
        ]
    )


async def _predicted(body: schemas.Asked, session: Session, name: str) -> Response:
    one = body.model_dump(exclude={"cases", "reasons"}, exclude_none=True)
    contents = [one] if body.cases is None else body.cases
    caller = caller_if_any()
    told = await serving.predict(
        session, name, contents, body.reasons, caller.user_id if caller else None
    )
    return MsgspecResponse({"predictions": told})


@contextmanager
def _saying_what_the_tier_allows() -> Iterator[None]:
    try:
        yield
    except TierAllowsLess as error:
        raise Problem(403, "tier_allows_less", error.message) from None


_PLAIN: Mapping[str, tuple[str, ReadyRoute]] = {
    path: (name, ReadyRoute(path, "POST"))
    for path, name in (
        ("/v1/ml/predict/redemption", "redemption"),
        ("/v1/ml/predict/auction-price", "price"),
        ("/v1/ml/score/risk", "risk"),
    )
}
_LARGEST = 16_384
_MOST_PIECES = 8
_decode = msgspec.json.Decoder(dict[str, Any]).decode


async def answer_quickly(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a signed-in user's question about one case, where a model is at hand, before every layer.

    Whatever else is asked or fails goes the usual way, which would say the same: a test compares the bytes.
    """
    plain = _PLAIN.get(scope["path"])
    if plain is None or scope["method"] != "POST" or not _is_small_json(scope):
        await hand_on(scope, receive, send)
        return
    name, route = plain
    question = asked(scope)
    arrived = [await receive()]
    while arrived[-1].get("more_body") and len(arrived) < _MOST_PIECES:
        arrived.append(await receive())
    body = None if arrived[-1].get("more_body") else b"".join(m.get("body", b"") for m in arrived)
    with context.serving(question.context):
        caller = caller_if_any()
        told = await _told_of_one(name, body, caller.user_id) if body and caller else None
    if told is not None:
        await route.send(question, ready(told), send, log=True)
        return
    arrived.reverse()

    async def again() -> Message:
        return arrived.pop() if arrived else await receive()

    await hand_on(scope, again, send)


def _is_small_json(scope: Scope) -> bool:
    found = dict(scope["headers"])
    size = found.get(b"content-length", b"")
    return (
        found.get(b"content-type") == b"application/json"
        and b"content-encoding" not in found
        and size.isdigit()
        and int(size) <= _LARGEST
    )


async def _told_of_one(name: str, body: bytes, user_id: UUID) -> bytes | None:
    """Return the answer about the case in ``body``; None where the usual way has to give it."""
    try:
        case = _decode(body)
        if "cases" in case or not isinstance(reasons := case.pop("reasons", None), bool | None):
            return None
        told = await serving.predict_at_once(name, [case], reasons, user_id)
        return None if told is None else to_json({"predictions": told})
    except Exception:  # the documented endpoint judges it, names it and logs it
        return None


async def at_stop(app: FastAPI) -> None:
    """Write what this process noted of trials and did not write yet; without a database that is lost."""
    if not serving.is_noted():
        return
    try:
        async with app.state.databases["ml"].session() as session:
            await serving.keep_noted(session)
    except (
        Exception
    ) as error:  # whatever a server that is going away makes: others are to end as well
        _log.warning("noted_lost", error=describe(error))


shortcuts = {"/v1/ml": answer_quickly}
