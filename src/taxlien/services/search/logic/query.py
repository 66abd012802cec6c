"""What is asked of the index: plain typed values that any engine can answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

import msgspec

from taxlien.interfaces.liens import LienKind, LienStatus
from taxlien.kit.errors import InvalidInput

from .areas import read_area
from .deriving import CLASSES, FLAGS, PARTS_OF_AN_ACRE
from .forms import Chip
from .geography import Box, Circle
from .highlighting import Highlights
from .ordering import Key
from .parameters import Given, savable
from .places import state_code
from .reading import Span, choices, day_span, one_of, span, truth
from .short_forms import ShortForms, in_force, parameters_of, read_short_forms, without_field

MAX_TEXT = 200
MAX_PAGE_SIZE = 100
MAX_WINDOW = 10_000

KINDS: tuple[str, ...] = get_args(LienKind)
STATUSES: tuple[str, ...] = get_args(LienStatus)

SORT_FIELDS = ("price", "roi", "rate", "year", "auction_date", "risk")
RELEVANCE = "relevance_desc"
DISTANCE_SORTS = ("distance_asc", "distance_desc")
"""Orders by distance from the centre of a circle: ``Key.value`` is whole metres."""
SORTS = (*(f"{name}_{way}" for name in SORT_FIELDS for way in ("asc", "desc")), RELEVANCE)

RANGES = {
    "price": 100,
    "rate": 100,
    "ltv": 100,
    "face": 100,
    "market_value": 100,
    "acres": PARTS_OF_AN_ACRE,
    "score": 100,
}
"""Ranges of numbers by name, and into how many whole parts one unit of each is cut."""
_ENDS = {name: (f"{name}_min", f"{name}_max") for name in RANGES}

_SPACE = re.compile(r"[\s\x00]+")


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which liens count. Empty means all; several values of one field mean any of them.

    ``counties`` holds FIPS codes and names as typed. ``price``, ``face`` and ``market_value`` are in
    cents, ``rate`` and ``ltv`` in basis points, ``acres`` in ten-thousandths, ``score`` in hundredths,
    days are proleptic ordinals. A lien fits where it is known to: all of ``not_flags`` must be known
    not to hold, and so must ``homestead`` where that is asked to be false.
    """

    states: tuple[str, ...] = ()
    counties: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    property_types: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    price: Span | None = None
    rate: Span | None = None
    classes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    not_flags: tuple[str, ...] = ()
    homestead: bool | None = None
    ltv: Span | None = None
    face: Span | None = None
    market_value: Span | None = None
    acres: Span | None = None
    score: Span | None = None
    auction_day: Span | None = None
    redeem_day: Span | None = None
    area: Circle | Box | None = None


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``text`` empty asks for everything the filters leave.

    A page begins after ``offset`` liens, or after the lien of the key ``after``, whether or not it is
    still there: by keys to the last lien, by ``offset`` also where words rank, within ``MAX_WINDOW``.
    Liens of equal value go by id, falling where the order falls; unknown values are last both ways.
    """

    text: str = ""
    filters: Filters = Filters()
    sort: str = RELEVANCE
    offset: int = 0
    after: Key | None = None
    shown: int | None = None
    """How many liens stood before ``after``, as the pages there were counted; it finds nothing."""
    limit: int = 20
    facets: bool = True
    highlight: bool = False
    chips: tuple[Chip, ...] = ()
    """What of the filters was read from the text as it was typed; ``text`` is what that left."""


class FacetValue(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value of a facet and how many liens have it. ``label`` is for people, where it differs."""

    value: str
    count: int
    label: str | None = None
    state: str | None = None


Facets = dict[str, list[FacetValue]]

FACETS = (
    "year",
    "state",
    "county",
    "status",
    "kind",
    "property_type",
    "class",
    "flag",
    "price_band",
)
"""What liens are counted by, most frequent first; bands of price in their order."""


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: the items' JSON as stored, how many there are in all, and counts per facet.

    ``total`` is exact where it is told exactly (``paging.MAX_TOTAL``); a larger one says that there are
    more. ``near_matches`` tells that words a typo or two away were counted too, since few liens had them
    exactly; ``did_you_mean`` is the text with such words put right, where that finds more exactly.
    ``highlights`` are what matched in each item, where that was asked for. ``last`` is the key of the
    last item where more follow; there is none where words rank.
    """

    items: list[msgspec.Raw]
    total: int
    facets: Facets
    last: Key | None = None
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


_NO_FILTERS = Filters()
_FILTERING = frozenset(p.name for p in savable()) - {"q", "literal", "sort"}


def build_query(*, today: date | None = None, **given: Any) -> SearchQuery:
    """Check the parameters of ``GET /v1/search`` (``PARAMETERS``) and return the question they ask.

    Prices are US dollars, rates percent. ``type`` is a kind of lien (``certificate``, ``deed_sale``,
    ...) or a property type as published; kinds and property types together must both hold. Raises
    ``InvalidInput`` naming the parameter, ``TypeError`` for one that there is not.

    Filters said in ``q`` itself are read unless it is ``literal``; ``today``, in UTC, is what days like
    "next month" are counted from, and without it they are words.
    """
    asked = Given(given)
    if not asked["literal"]:
        said = read_short_forms(asked["q"], today)
        if said.chips:
            return _with_chips(given, said)
    text = _SPACE.sub(" ", asked["q"]).strip()
    if len(text) > MAX_TEXT:
        raise InvalidInput("q", f"is too long: at most {MAX_TEXT} characters")
    page, page_size = asked["page"], asked["page_size"]
    if not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InvalidInput("page_size", f"must be between 1 and {MAX_PAGE_SIZE}")
    if page < 1 or page * page_size > MAX_WINDOW:
        last = MAX_WINDOW // page_size
        raise InvalidInput("page", f"must be between 1 and {last}; narrow the filters instead")
    filters = _filters(asked)
    return SearchQuery(
        text=text,
        filters=filters,
        sort=_sort(asked["sort"], text, filters),
        offset=(page - 1) * page_size,
        limit=page_size,
        facets=asked["facets"],
        highlight=asked["highlight"],
    )


def _with_chips(given: Mapping[str, Any], said: ShortForms) -> SearchQuery:
    """Ask what is left of the words, and every chip that no parameter says otherwise.

    Bounds that cross those of a parameter are not applied: what was typed is never refused.
    """
    chips = in_force(said.chips, given)
    while True:
        asked = {**given, **parameters_of(chips), "q": said.words, "literal": True}
        try:
            return msgspec.structs.replace(build_query(**asked), chips=chips)
        except InvalidInput as error:
            kept = without_field(chips, error.field)
            if kept == chips:
                raise
            chips = kept


def _sort(wanted: str | None, text: str, filters: Filters) -> str:
    sort = wanted or (RELEVANCE if text else "roi_desc")
    if sort in DISTANCE_SORTS:
        if isinstance(filters.area, Circle):
            return sort
        raise InvalidInput("sort", "by distance needs near or zip")
    if sort == "relevance":
        sort = RELEVANCE
    if sort not in SORTS:
        raise InvalidInput("sort", f"unknown: take one of {', '.join((*SORTS, *DISTANCE_SORTS))}")
    return sort


def _filters(asked: Given) -> Filters:
    if not asked.gives_any(_FILTERING):
        return _NO_FILTERS
    types = choices("type", asked["type"], str.casefold)
    ranges = {
        name: span(name, asked[low], asked[high], RANGES[name])
        for name, (low, high) in _ENDS.items()
        if asked.gives_any((low, high))
    }
    return Filters(
        states=choices("state", asked["state"], _state),
        counties=choices("county", asked["county"], _short),
        statuses=choices("status", asked["status"], one_of(STATUSES)),
        kinds=tuple(t for t in types if t in KINDS),
        property_types=tuple(t for t in types if t not in KINDS),
        years=choices("year", asked["year"], _year),
        classes=choices("class", asked["class"], one_of(CLASSES)),
        flags=choices("flag", asked["flag"], one_of(FLAGS)),
        not_flags=choices("not_flag", asked["not_flag"], one_of(FLAGS)),
        homestead=truth("homestead", asked["homestead"]),
        auction_day=day_span("auction", asked["auction_from"], asked["auction_to"]),
        redeem_day=day_span("redeem", asked["redeem_from"], asked["redeem_to"]),
        area=read_area(asked["near"], asked["zip"], asked["radius"], asked["box"]),
        **ranges,
    )


def _state(text: str) -> str:
    code = state_code(text)
    if code is None:
        raise ValueError("unknown: take two letters, such as MD, or the name of a state")
    return code


def _short(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ValueError(f"is too long: at most {MAX_TEXT} characters")
    return text


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise ValueError("must be a year of four digits, such as 2025")
    return int(text)
