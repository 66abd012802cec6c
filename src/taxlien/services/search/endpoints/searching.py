"""``/v1/search``: find liens, complete what is being typed, list what can be filtered by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from taxlien.kit.http.responses import MsgspecResponse
from taxlien.services.search import service
from taxlien.services.search.logic.query import SORTS, build_query
from taxlien.services.search.schemas import (
    AutocompleteAnswer,
    DescribedSearchAnswer,
    FiltersAnswer,
    answers,
)

from .answering import complete, count, find

router = APIRouter(prefix="/v1/search", tags=["search"], default_response_class=MsgspecResponse)

Choices = Annotated[list[str], Query(default_factory=list, description="one or several, also a,b")]
Bound = Annotated[str | None, Query(description="a decimal number, such as 1500 or 12.5")]


@router.get("", responses=answers(DescribedSearchAnswer))
async def search(
    request: Request,
    state: Choices,
    county: Annotated[
        list[str], Query(default_factory=list, description="FIPS code or name, one or several")
    ],
    type: Annotated[  # noqa: A002 - the name in the product's requirements
        list[str],
        Query(default_factory=list, description="kind of lien, or property type as published"),
    ],
    status: Choices,
    year: Annotated[list[str], Query(default_factory=list, description="tax year")],
    q: Annotated[
        str, Query(description="words of an address, place, parcel or certificate number")
    ] = "",
    price_min: Bound = None,
    price_max: Bound = None,
    rate_min: Bound = None,
    rate_max: Bound = None,
    sort: Annotated[
        str | None,
        Query(description=f"{', '.join(SORTS)}; relevance_desc with words, roi_desc without"),
    ] = None,
    page: Annotated[int, Query(description="from 1")] = 1,
    page_size: Annotated[int, Query(description="1 to 100")] = 20,
    facets: Annotated[bool, Query(description="count liens by state, county, ...")] = True,
    highlight: Annotated[
        bool, Query(description="tell which pieces of addresses, places and numbers matched")
    ] = False,
) -> MsgspecResponse:
    """Find liens by words, filters and order. Prices in US dollars, rates in percent."""
    query = build_query(
        q=q,
        state=state,
        county=county,
        price_min=price_min,
        price_max=price_max,
        rate_min=rate_min,
        rate_max=rate_max,
        type=type,
        status=status,
        year=year,
        sort=sort,
        page=page,
        page_size=page_size,
        facets=facets,
        highlight=highlight,
    )
    found = await find(query)
    count(request.app, found.counties)
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
    """List every value that can be filtered by, with how many liens have it."""
    return MsgspecResponse(FiltersAnswer(filters=await service.available_filters(), sorts=SORTS))
