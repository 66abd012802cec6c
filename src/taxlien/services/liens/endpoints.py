"""``/v1/liens``: the catalogue, who said what of it, and what the law pays. All of it is public."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import AwareDatetime, BeforeValidator

from taxlien.interfaces.liens import Lien, LienStatus
from taxlien.kit.database import Session
from taxlien.kit.http.errors import FieldError, Problem
from taxlien.kit.http.pages import CursorParam, LimitParam, decode_cursor, encode_cursor
from taxlien.kit.http.responses import MsgspecResponse
from taxlien.kit.http.sessions import session_for

from . import schemas, service
from .logic.coverage import STATUSES

router = APIRouter(tags=["liens"])

MAX_CASES = 1_000
MAX_PAYMENTS = 5_000
EXPORT_LIMIT = 5_000
NAMED_LIMIT = 100
FIRST = UUID(int=0)

SessionDep = Annotated[Session, Depends(session_for("liens"))]
FipsText = Annotated[str, msgspec.Meta(pattern="^[0-9]{5}$")]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
LiensLimit = Annotated[int, Query(ge=1, le=1000, description="liens a page, at most 1,000")]
FipsQuery = Annotated[
    str | None, Query(pattern="^[0-9]{5}$", description="county, as five digits of FIPS")
]
StateQuery = Annotated[str | None, Query(pattern="^[A-Za-z]{2}$", description="postal code")]


def _written_as_date(value: object) -> object:
    """Refuse bare numbers, which would be read as seconds since 1970."""
    if isinstance(value, str) and value[4:5] != "-":
        raise ValueError("is not written as a date, like 2026-06-01")
    return value


Day = Annotated[
    date | None,
    BeforeValidator(_written_as_date),
    Query(ge=date(1800, 1, 1), le=date(2200, 12, 31), description="YYYY-MM-DD"),
]


def _upper(state: str | None) -> str | None:
    return None if state is None else state.upper()


def _lien_body(lien: Lien) -> dict[str, Any]:
    """Every field, unknown ones as null: an event leaves them out, an answer does not."""
    return {name: getattr(lien, name) for name in lien.__struct_fields__}


def _page(items: list[Any], limit: int, cursor: Any) -> dict[str, Any]:
    """Return a page of the ``limit`` first of up to ``limit + 1`` items; ``cursor`` gives a position."""
    more = len(items) > limit
    return {
        "items": items[:limit],
        "next_cursor": encode_cursor(cursor(items[limit - 1])) if more else None,
    }


@router.get("/v1/liens", response_model=schemas.LienPage)
async def list_liens(
    session: SessionDep,
    county_fips: FipsQuery = None,
    state: StateQuery = None,
    status: LienStatus | None = None,
    updated_since: Annotated[
        AwareDatetime | None,
        BeforeValidator(_written_as_date),
        Query(description="changed at or after; orders by time of change"),
    ] = None,
    cursor: CursorParam = None,
    limit: LiensLimit = 50,
) -> MsgspecResponse:
    """List liens. To follow changes, ask with ``updated_since`` an hour before the last one seen:
    the liens of one file carry the time its import began, and appear when it ended."""
    _check_moment(updated_since)
    kind = tuple[FipsText, UUID] if updated_since is None else tuple[datetime, UUID]
    found = await service.liens(
        session,
        county_fips=county_fips,
        state=_upper(state),
        status=status,
        updated_since=updated_since,
        after=None if cursor is None else decode_cursor(cursor, kind),
        limit=limit + 1,
    )

    def position(lien: Lien) -> object:
        return lien.county_fips if updated_since is None else lien.last_changed_at, lien.lien_id

    page = _page(found, limit, position)
    return MsgspecResponse({**page, "items": [_lien_body(lien) for lien in page["items"]]})


def _check_moment(moment: datetime | None) -> None:
    if moment is not None and not 1900 <= moment.year <= 2200:
        message = "lies outside the years 1900 to 2200"
        raise Problem(
            422,
            "invalid_input",
            f"updated_since {message}",
            errors=[FieldError("updated_since", message)],
        )


@router.get("/v1/liens/counties", response_model=schemas.CountyPage)
async def list_counties(
    session: SessionDep,
    state: StateQuery = None,
    cursor: CursorParam = None,
    limit: LiensLimit = 300,
) -> MsgspecResponse:
    """List counties and county equivalents of the 50 states and DC."""
    after = "" if cursor is None else decode_cursor(cursor, FipsText)
    found = await service.counties(session, state=_upper(state), after=after, limit=limit + 1)
    page = _page(found, limit, lambda county: county.fips)
    return MsgspecResponse({**page, "items": [county._asdict() for county in page["items"]]})


@router.get("/v1/liens/counties/{fips}", response_model=schemas.CountyBody)
async def get_county(
    session: SessionDep, fips: Annotated[str, Path(pattern="^[0-9]{5}$")]
) -> MsgspecResponse:
    """Return a county by its FIPS code."""
    return MsgspecResponse((await service.county(session, fips))._asdict())


@router.get("/v1/liens/coverage", response_model=schemas.CoveragePage)
async def get_coverage(
    session: SessionDep,
    county_fips: FipsQuery = None,
    state: StateQuery = None,
    cursor: CursorParam = None,
    limit: LiensLimit = 50,
) -> MsgspecResponse:
    """Say what is covered: every county that has a source, how old its data is and how it stands.

    Nothing is kept green by hand: age and status are computed from the clock when they are asked for.
    """
    after = "" if cursor is None else decode_cursor(cursor, FipsText)
    now = datetime.now(UTC)
    report = await service.coverage(session, county_fips=county_fips, state=_upper(state), now=now)
    found = [county for county in report.counties if county.fips > after][: limit + 1]
    page = _page(found, limit, lambda county: county.fips)
    states = [{"state": counted.state, **_counted([counted])} for counted in report.states]
    return MsgspecResponse(
        {
            "as_of": now,
            "summary": _counted(report.states),
            "states": states,
            **page,
            "items": [_county_coverage(county) for county in page["items"]],
        }
    )


def _counted(states: list[service.StateCoverage]) -> dict[str, int]:
    counties, covered = sum(s.counties for s in states), sum(s.covered for s in states)
    by_status: dict[str, int] = {name: sum(s.by_status[name] for s in states) for name in STATUSES}
    return {"counties": counties, "covered": covered, "uncovered": counties - covered, **by_status}


def _county_coverage(county: service.CountyCoverage) -> dict[str, Any]:
    names = schemas.SourceCoverageBody.model_fields
    sources = []
    for source in county.sources:
        known = source.facts._asdict() | source.judgement._asdict()
        sources.append({name: known[name] for name in names})
    return {
        "county_fips": county.fips,
        "state": county.state,
        "county": county.county,
        "status": county.status,
        "sources": sources,
    }


@router.get("/v1/liens/parcels/{fips}/{parcel_id}", response_model=schemas.ParcelBody)
async def get_parcel(
    session: SessionDep,
    fips: Annotated[str, Path(pattern="^[0-9]{5}$")],
    parcel_id: Annotated[str, Path(min_length=1, max_length=60)],
) -> MsgspecResponse:
    """Return a parcel and its liens, under any number that a source gives it, with or without dashes."""
    found = await service.parcel(session, fips, parcel_id)
    liens = [_lien_body(lien) for lien in found.liens]
    known = {**found.parcel._asdict(), "other_keys": found.other_keys, "liens": liens}
    return MsgspecResponse(known)


@router.get("/v1/liens/sales", response_model=schemas.SalePage)
async def list_sales(
    session: SessionDep,
    county_fips: FipsQuery = None,
    state: StateQuery = None,
    cursor: CursorParam = None,
    limit: LimitParam = 50,
) -> MsgspecResponse:
    """List the days on which counties sold or will sell, by county and day."""
    found = await service.sales(
        session,
        county_fips=county_fips,
        state=_upper(state),
        after=None if cursor is None else decode_cursor(cursor, tuple[FipsText, date, UUID]),
        limit=limit + 1,
    )
    page = _page(found, limit, lambda sale: (sale.county_fips, sale.sale_date, sale.id))
    return MsgspecResponse({**page, "items": [sale._asdict() for sale in page["items"]]})


@router.get("/v1/liens/rules", response_model=schemas.RulesBody)
def list_rules(on: Day = None) -> MsgspecResponse:
    """List the rules of every state, of all times or those in force on a day."""
    return MsgspecResponse({"on": on, "rules": service.rules(on)})


@router.get("/v1/liens/rules/{state}", response_model=schemas.StateRulesBody)
def get_rules(
    state: Annotated[str, Path(pattern="^[A-Za-z]{2}$")], on: Day = None
) -> MsgspecResponse:
    """Return a state's rules and the rates of its counties or sale years. 404 where none is known."""
    return MsgspecResponse(service.rule_of_state(state.upper(), on))


async def _body(request: Request) -> bytes:
    return await request.body()


_CASES = schemas.request_schema(schemas.CaseBody | schemas.CasesBody)


@router.post(
    "/v1/liens/payoff",
    response_model=schemas.Answers | schemas.Answer,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": _CASES}}}
    },
)
def post_payoff(body: Annotated[bytes, Depends(_body)]) -> MsgspecResponse:
    """Pay off one case, or up to 1,000 as ``{"cases": [...]}``.

    In a list, a case that cannot be answered gives ``error`` in its place, with status 200: the
    others are still answered. A single such case is a problem (422) that names its field.
    """
    document = _decode(body)
    cases = document.get("cases")
    if cases is None:
        return MsgspecResponse(_answered(service.payoffs(_bounded([document]))[0]))
    if not isinstance(cases, list) or not all(isinstance(case, dict) for case in cases):
        raise _bad_case("cases", "is not a list of cases")
    if set(document) != {"cases"}:
        raise _bad_case("cases", "stands alone, without fields of a single case beside it")
    if not 1 <= len(cases) <= MAX_CASES:
        raise _bad_case("cases", f"holds {len(cases)} cases; 1 to {MAX_CASES} are answered at once")
    return MsgspecResponse({"answers": service.payoffs(_bounded(cases))})


def _decode(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError):
        raise Problem(400, "malformed_json", "The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise _bad_case("body", "is not a JSON object")
    return document


def _bounded(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return ``cases`` unless they hold more payments than can be computed while somebody waits."""
    lists = (case.get(name) for case in cases for name in ("subsequent_taxes", "costs"))
    payments = sum(len(found) for found in lists if isinstance(found, list))
    if payments > MAX_PAYMENTS:
        raise _bad_case("subsequent_taxes", f"{payments} payments; {MAX_PAYMENTS} are the limit")
    return cases


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer. Raises a 422 ``Problem`` with the law's own code for a case without payoff."""
    error = answer.get("error")
    if error is None:
        return answer
    fields = [FieldError(error["field"], error["message"])] if "field" in error else []
    raise Problem(422, error["code"], error["message"], errors=fields)


def _bad_case(field: str, message: str) -> Problem:
    return Problem(422, "invalid_case", f"{field} {message}", errors=[FieldError(field, message)])


@router.get("/v1/liens/{lien_id:uuid}", response_model=schemas.LienBody)
async def get_lien(session: SessionDep, lien_id: UUID) -> MsgspecResponse:
    """Return a lien."""
    return MsgspecResponse(_lien_body(await service.lien(session, lien_id)))


@router.get("/v1/liens/{lien_id:uuid}/observations", response_model=schemas.ObservationPage)
async def list_observations(
    session: SessionDep, lien_id: UUID, cursor: CursorParam = None, limit: LimitParam = 50
) -> MsgspecResponse:
    """Return who said what of a lien, and when; ``fields`` gives the origin of each current value."""
    before = None if cursor is None else decode_cursor(cursor, Number)
    origins, found = await service.observations(session, lien_id, before=before, limit=limit + 1)
    page = _page(found, limit, lambda said: said.number)
    items = [
        {
            **said._asdict(),
            "content_sha256": said.content_sha256.hex(),
            "page_sha256": said.page_sha256 and said.page_sha256.hex(),
        }
        for said in page["items"]
    ]
    fields = {name: origin._asdict() for name, origin in origins.items()}
    return MsgspecResponse({"lien_id": lien_id, "fields": fields, **page, "items": items})


@router.get("/v1/liens/{lien_id:uuid}/history", response_model=schemas.HistoryPage)
async def list_history(
    session: SessionDep, lien_id: UUID, cursor: CursorParam = None, limit: LimitParam = 50
) -> MsgspecResponse:
    """Return the statuses a lien was seen in, in the order they were learned."""
    after = 0 if cursor is None else decode_cursor(cursor, Number)
    found = await service.history(session, lien_id, after=after, limit=limit + 1)
    page = _page(found, limit, lambda seen: seen.number)
    items = [seen._asdict() for seen in page["items"]]
    return MsgspecResponse({"lien_id": lien_id, **page, "items": items})


@router.get("/v1/liens/{lien_id:uuid}/payoff", response_model=schemas.LienAnswer)
async def get_payoff(session: SessionDep, lien_id: UUID, on: Day = None) -> MsgspecResponse:
    """Return what a lien pays when redeemed on a day: by default when it was, or else today.

    Later taxes of its certificate are included; ``warnings`` say what is assumed. A lien that the
    law gives no payoff is a problem (422) with code no_rule, not_redeemable or invalid_case.
    """
    return MsgspecResponse(_answered(await service.payoff_of_lien(session, lien_id, on)))


@router.get("/internal/liens/named", include_in_schema=False)
async def list_named(
    session: SessionDep,
    lien_ids: Annotated[list[UUID], Query(alias="id", min_length=1, max_length=NAMED_LIMIT)],
) -> MsgspecResponse:
    """Return the liens of these ids that there are, in no order."""
    return MsgspecResponse({"items": await service.named(session, lien_ids)})


@router.get("/internal/liens/export", include_in_schema=False)
async def export_liens(
    session: SessionDep,
    after: UUID = FIRST,
    limit: Annotated[int, Query(ge=1, le=EXPORT_LIMIT)] = EXPORT_LIMIT,
) -> MsgspecResponse:
    """Return liens by id, from the one following ``after``; ``next`` is null on the last page."""
    found = await service.export(session, after, limit)
    following = found[-1].lien_id if len(found) == limit else None
    return MsgspecResponse({"items": found, "next": following})
