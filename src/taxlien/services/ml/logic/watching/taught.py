"""What a model may have learned from, so that it is judged by what came after alone: told by dates, never by
outcomes, which would flatter or damn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from taxlien.services.ml.logic.about import About

_LONGEST_MONTH = 31
_NEVER = date(1900, 1, 1)


@dataclass(frozen=True)
class Taught:
    """The day a model came into office, the last sale that taught it, and the last of each source."""

    on: date
    last_sale: date
    of_source: Mapping[str, date]

    def or_later(self, other: Taught) -> Taught:
        """Return what either may have learned from."""
        names = {*self.of_source, *other.of_source}
        return Taught(
            max(self.on, other.on),
            max(self.last_sale, other.last_sale),
            {name: max(one.of_source.get(name, _NEVER) for one in (self, other)) for name in names},
        )

    def followed(self, months: int) -> date:
        """Return the day from which on a sale, or what became of it so many months later, taught nothing."""
        return min(self.last_sale, self.on - timedelta(days=months * _LONGEST_MONTH))


def taught_by(about: About, on: date) -> Taught:
    """Return what taught a model that came into office ``on`` a day, as was written beside it. Where a
    source names no sale, any until that day may have been among them."""
    last = str(about.parameters.get("last_sale"))
    untold = last == "None" or any(one.last_sale is None for one in about.sources)
    return Taught(
        on,
        on if untold else date.fromisoformat(last),
        {one.source: one.last_sale for one in about.sources if one.last_sale is not None},
    )
