"""``/v1/search``: find liens, complete what is being typed, list what can be filtered by."""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request

from taxlien.kit.http.responses import MsgspecResponse
from taxlien.services.search import service
from taxlien.services.search.adapters.search_counter import SearchCounter
from taxlien.services.search.logic.counting import counties_meant
from taxlien.services.search.logic.query import MAX_WINDOW, SORTS, build_query
from taxlien.services.search.schemas import (
    AutocompleteAnswer,
    DescribedSearchAnswer,
    FiltersAnswer,
    SearchAnswer,
    answers,
)

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
    started = perf_counter()
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
    hits = await service.search(query)
    if (counter := _counter(request.app)) is not None:
        counter.count(counties_meant(query, hits))
    answer = SearchAnswer(
        items=hits.items,
        total=hits.total,
        page=page,
        page_size=page_size,
        pages=-(-min(hits.total, MAX_WINDOW) // page_size),
        sort=query.sort,
        near_matches=hits.near_matches,
        did_you_mean=hits.did_you_mean,
        highlights=hits.highlights,
        facets=hits.facets,
        took_ms=round((perf_counter() - started) * 1000, 3),
    )
    return MsgspecResponse(answer)


@router.get("/autocomplete", responses=answers(AutocompleteAnswer))
async def autocomplete(
    q: Annotated[str, Query(description="what was typed so far")] = "",
    limit: Annotated[int, Query(description="1 to 50")] = 10,
) -> MsgspecResponse:
    """Complete the last word: counties, cities, addresses, parcels and certificates."""
    return MsgspecResponse(AutocompleteAnswer(suggestions=await service.autocomplete(q, limit)))


@router.get("/filters", responses=answers(FiltersAnswer))
async def filters() -> MsgspecResponse:
    """List every value that can be filtered by, with how many liens have it."""
    return MsgspecResponse(FiltersAnswer(filters=await service.available_filters(), sorts=SORTS))


def _counter(app: FastAPI) -> SearchCounter | None:
    """Return the counter of this process; an app without a database counts nothing."""
    if not hasattr(app.state, "search_counter"):
        database = app.state.databases.get("search")
        app.state.search_counter = service.open_counter(database.session) if database else None
    counter: SearchCounter | None = app.state.search_counter
    return counter
