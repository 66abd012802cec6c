"""What other services may know of searching: which counties people look for. Nobody's search is in it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from taxlien.kit.events import Event


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
