"""``/v1/search``: find liens, complete what is being typed, list what can be filtered by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from taxlien.kit.http.responses import MsgspecResponse
from taxlien.services.search import service
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.filter_list import described_filters
from taxlien.services.search.logic.query import DISTANCE_SORTS, SORTS
from taxlien.services.search.schemas import (
    AutocompleteAnswer,
    DescribedSearchAnswer,
    FiltersAnswer,
    SearchParameters,
    answers,
)

from .answering import complete, count, find, read_question

router = APIRouter(prefix="/v1/search", tags=["search"], default_response_class=MsgspecResponse)


@router.get("", responses=answers(DescribedSearchAnswer))
async def search(request: Request, asked: Annotated[SearchParameters, Query()]) -> MsgspecResponse:
    """Find liens by words, filters and order. Prices in US dollars, rates in percent.

    A lien fits a filter where what it asks for is published of it: what is unknown never does.
    """
    found = await find(read_question(asked.model_dump(exclude_unset=True)))
    count(request.app, found)
    return MsgspecResponse(found.answer.body)


@router.get("/autocomplete", responses=answers(AutocompleteAnswer))
async def autocomplete(
    q: Annotated[str, Query(description="what was typed so far")] = "",
    limit: Annotated[int, Query(description="1 to 50")] = 10,
) -> MsgspecResponse:
    """Complete the last word: counties, cities, addresses, parcels and certificates."""
    return MsgspecResponse((await complete(q, limit)).answer.body)


@router.get("/filters", responses=answers(FiltersAnswer))
async def filters() -> MsgspecResponse:
    """List what can be filtered by, with units, and every value with how many liens have it."""
    values = await service.available_filters()
    sorts = (*SORTS, *DISTANCE_SORTS)
    described = described_filters(scored=current.reader().has_scores())
    return MsgspecResponse(FiltersAnswer(filters=values, described=described, sorts=sorts))
