"""What is asked of the index: plain typed values that any engine can answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TypeVar, get_args

import msgspec

from taxlien.interfaces.liens import LienKind, LienStatus
from taxlien.kit.errors import InvalidInput

from .highlighting import Highlights
from .places import state_code

MAX_TEXT = 200
MAX_PAGE_SIZE = 100
MAX_WINDOW = 10_000
MAX_CHOICES = 60

KINDS: tuple[str, ...] = get_args(LienKind)
STATUSES: tuple[str, ...] = get_args(LienStatus)

SORT_FIELDS = ("price", "roi", "rate", "year", "auction_date")
RELEVANCE = "relevance_desc"
SORTS = (*(f"{name}_{way}" for name in SORT_FIELDS for way in ("asc", "desc")), RELEVANCE)

_I64 = 2**63 - 1
_SPACE = re.compile(r"[\s\x00]+")
T = TypeVar("T")


class Span(msgspec.Struct, frozen=True):
    """An inclusive range of integers; None is open."""

    low: int | None = None
    high: int | None = None


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which liens count. Empty means all; several values of one field mean any of them.

    ``counties`` holds FIPS codes and names as typed. ``price`` is in cents, ``rate`` in basis points.
    """

    states: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    property_types: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    price: Span | None = None
    rate: Span | None = None


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``text`` empty asks for everything the filters leave."""

    text: str = ""
    filters: Filters = Filters()
    sort: str = RELEVANCE
    offset: int = 0
    limit: int = 20
    facets: bool = True
    highlight: bool = False


class FacetValue(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of a facet and how many liens have it. ``label`` is for people, where it differs."""

    value: str
    count: int
    label: str | None = None
    state: str | None = None


Facets = dict[str, list[FacetValue]]


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: the items' JSON as stored, how many there are in all, and counts per facet.

    ``near_matches`` tells that words a typo or two away were counted too, since few liens had them
    exactly; ``did_you_mean`` is the text with such words put right, where that finds more exactly.
    ``highlights`` are what matched in each item, where that was asked for.
    """

    items: list[msgspec.Raw]
    total: int
    facets: Facets
    near_matches: bool = False
    did_you_mean: str | None = None
    highlights: list[Highlights] | None = None


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to complete a half-typed word with; ``kind`` is county, address or parcel."""

    kind: str
    text: str
    state: str
    county: str | None = None
    county_fips: str | None = None
    count: int | None = None


def build_query(
    *,
    q: str = "",
    state: Sequence[str] = (),
    county: Sequence[str] = (),
    price_min: str | None = None,
    price_max: str | None = None,
    rate_min: str | None = None,
    rate_max: str | None = None,
    type: Sequence[str] = (),  # noqa: A002 - the name people type
    status: Sequence[str] = (),
    year: Sequence[str] = (),
    sort: str | None = None,
    page: int = 1,
    page_size: int = 20,
    facets: bool = True,
    highlight: bool = False,
) -> SearchQuery:
    """Check the parameters of ``GET /v1/search`` and return the question they ask.

    Prices are US dollars, rates percent. ``type`` is a kind of lien (``certificate``, ``deed_sale``,
    ...) or a property type as published; kinds and property types together must both hold. Raises
    ``InvalidInput`` naming the parameter.
    """
    text = _SPACE.sub(" ", q).strip()
    if len(text) > MAX_TEXT:
        raise InvalidInput("q", f"is too long: at most {MAX_TEXT} characters")
    types = _choices("type", type, str.casefold)
    sort = sort or (RELEVANCE if text else "roi_desc")
    if sort == "relevance":
        sort = RELEVANCE
    if sort not in SORTS:
        raise InvalidInput("sort", f"unknown: take one of {', '.join(SORTS)}")
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InvalidInput("page_size", f"must be between 1 and {MAX_PAGE_SIZE}")
    if page < 1 or page * page_size > MAX_WINDOW:
        last = MAX_WINDOW // page_size
        raise InvalidInput("page", f"must be between 1 and {last}; narrow the filters instead")
    filters = Filters(
        states=_choices("state", state, _state),
        counties=_choices("county", county, _short),
        statuses=_choices("status", status, _status),
        kinds=tuple(t for t in types if t in KINDS),
        property_types=tuple(t for t in types if t not in KINDS),
        years=_choices("year", year, _year),
        price=_span("price", price_min, price_max),
        rate=_span("rate", rate_min, rate_max),
    )
    offset = (page - 1) * page_size
    return SearchQuery(
        text=text,
        filters=filters,
        sort=sort,
        offset=offset,
        limit=page_size,
        facets=facets,
        highlight=highlight,
    )


def _choices(field: str, values: Sequence[str], read: Callable[[str], T]) -> tuple[T, ...]:
    """Read ``a,b`` and repeated parameters alike; an empty one filters nothing."""
    parts = [p.strip() for value in values for p in value.split(",") if p.strip()]
    if len(parts) > MAX_CHOICES:
        raise InvalidInput(field, f"has too many values: at most {MAX_CHOICES}")
    try:
        return tuple(dict.fromkeys(read(p) for p in parts))
    except ValueError as error:
        raise InvalidInput(field, str(error)) from None


def _state(text: str) -> str:
    code = state_code(text)
    if code is None:
        raise ValueError("unknown: take two letters, such as MD, or the name of a state")
    return code


def _status(text: str) -> str:
    status = text.casefold()
    if status not in STATUSES:
        raise ValueError(f"unknown: take one of {', '.join(STATUSES)}")
    return status


def _short(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"is too long: at most {MAX_TEXT} characters")
    return text


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise ValueError("must be a year of four digits, such as 2025")
    return int(text)


def _span(name: str, low: str | None, high: str | None) -> Span | None:
    """Read bounds in hundredths. Raises ``InvalidInput`` where they are no numbers or crossed."""
    bounds = [_hundredths(f"{name}_{end}", text) for end, text in (("min", low), ("max", high))]
    if bounds == [None, None]:
        return None
    first, last = bounds
    if first is not None and last is not None and first > last:
        raise InvalidInput(f"{name}_max", f"is below {name}_min")
    return Span(first, last)


def _hundredths(field: str, text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    try:
        value = Decimal(text.strip())
        whole = int(value * 100) if value.is_finite() and abs(value.adjusted()) < 30 else None
    except (InvalidOperation, ValueError):
        whole = None
    if whole is None or len(text) > 40:
        raise InvalidInput(field, "must be a number, such as 1500 or 12.5")
    if whole < 0:
        raise InvalidInput(field, "must not be negative")
    return min(whole, _I64)
