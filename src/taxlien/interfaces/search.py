"""What other services may know of searching: what people look for, and which saved search a lien met."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec

from taxlien.interfaces.liens import Lien
from taxlien.kit.events import Event

AlertPace = Literal["instant", "daily", "weekly", "off"]
MatchCause = Literal["created", "changed", "status_changed", "scored"]


class CountiesSearched(Event, frozen=True, kw_only=True):
    """How often counties (FIPS) were searched in a span of time. Counts are of searches, not of people.

    Counts of a process that was killed within seconds of a search may be lacking; none is there twice.
    """

    type: ClassVar[str] = "counties.searched"

    counts: dict[str, int]
    since: datetime
    until: datetime

    def key(self) -> str:
        return "counties"


class Clicks(msgspec.Struct, frozen=True, kw_only=True):
    """Which hits of answers were opened: how often by position, and the sum of 1/position.

    Positions count from 1 over all pages, in bands: ``1``, ``2``, ``3``, ``4-5``, ``6-10``, ``11-20``,
    ``21-50``, ``51+``. ``reciprocal_ranks`` by the sum of ``positions`` is the mean reciprocal rank of
    what was opened.
    """

    positions: dict[str, int]
    reciprocal_ranks: float


class SearchesSummarised(Event, frozen=True, kw_only=True):
    """How people searched within one hour (UTC, its beginning): counts of searches by what they were like.

    A kind is ``words/filters/sort/outcome``, such as ``number+name/price+state/relevance_desc/none``:
    which roles the words have, which filters were asked, the order, and how much was found. Nothing that
    was typed is in it. Events of one hour add up; no search is in two of them, and those of a process
    that was killed within seconds may be lacking.

    ``clicks`` tells by kind which hits were opened in this hour, of answers at most a day old.
    """

    type: ClassVar[str] = "searches.summarised"

    hour: datetime
    counts: dict[str, int]
    clicks: dict[str, Clicks] = msgspec.field(default_factory=dict)

    def key(self) -> str:
        return "searches"


class SearchMatched(Event, frozen=True, kw_only=True):
    """A lien began to meet a saved search: once for a search and a lien, however often it changes after.

    Money in US dollars, rates in percent, null is unknown. ``payoff`` is what the holder gets if the
    owner redeems ``payoff_months`` after the sale. ``pace`` is how soon the owner of the search wants
    to hear of it; whoever tells people decides when and how.
    """

    type: ClassVar[str] = "search.matched"

    user_id: UUID
    search_id: UUID
    search_name: str
    pace: AlertPace
    cause: MatchCause
    lien: Lien
    price: Decimal | None = None
    rate_pct: Decimal | None = None
    payoff: Decimal | None = None
    payoff_months: int = 12
    roi_pct: Decimal | None = None
    at: datetime

    def key(self) -> str:
        return str(self.user_id)
