"""``/v1/ml``: what the models in office say of cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from taxlien.kit.database import Session
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.http.sessions import session_for

from . import schemas
from .service import serving

SessionDep = Annotated[Session, Depends(session_for("ml"))]
router = APIRouter(prefix="/v1/ml", tags=["ml"])


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

    `interval` is meant to hold four of five outcomes. Methods and states without data answer
    `insufficient_data` with the nearest evidence.
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


@router.get("/models", response_model=schemas.Models)
async def list_models(session: SessionDep) -> schemas.Models:
    """Which versions are champion and challenger, since when and why."""
    found = await serving.models(session)
    return schemas.Models(
        models=[
            schemas.Model.model_validate(
                {name: getattr(one, name) for name in schemas.Model.model_fields}
            )
            for one in found
        ]
    )


async def _predicted(body: schemas.Asked, session: Session, name: str) -> Response:
    one = body.model_dump(exclude={"cases"}, exclude_none=True)
    contents = [one] if body.cases is None else body.cases
    return MsgspecResponse({"predictions": await serving.predict(session, name, contents)})
