"""All saved queries as a process keeps them, and beside them those that ask for a risk score.

Most scores move no lien into any bounds: that is told by the bounds alone, before a lien is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .conditions import AllOf, AnyOf, Condition, Not, Within
from .document import POINT
from .percolation import QueryIndex

SCORE = "score"


class SavedQueries:
    """Queries by number: ``every`` one, and the ``scored`` ones again."""

    def __init__(self) -> None:
        self.every = QueryIndex()
        self.scored = QueryIndex()
        self._spans: dict[int, tuple[Within, ...]] = {}
        self._bounds: Counter[Within] = Counter()
        self._crossed: dict[tuple[int | None, int | None], bool] = {}

    def __len__(self) -> int:
        return len(self.every)

    def put(self, number: int, condition: Condition) -> None:
        """Add a query, or replace the one of this number."""
        self._forget(number)
        self.every.put(number, condition)
        spans = tuple(_spans(condition))
        if spans:
            self.scored.put(number, condition)
            self._spans[number] = spans
            self._bounds.update(spans)
            self._crossed.clear()

    def remove(self, number: int) -> None:
        """Take a query out, known or not."""
        self._forget(number)
        self.every.remove(number)

    def crossed(self, before: int | None, after: int | None) -> bool:
        """Tell whether a score (1 to 100, None unknown) that was ``before`` came into any bounds."""
        if after is None:
            return False
        key = before, after
        found = self._crossed.get(key)
        if found is None:
            found = any(_holds(b, after) and not _holds(b, before) for b in self._bounds)
            self._crossed[key] = found
        return found

    def _forget(self, number: int) -> None:
        spans = self._spans.pop(number, ())
        if spans:
            self.scored.remove(number)
            self._bounds -= Counter(spans)
            self._crossed.clear()


def _holds(bounds: Within, score: int | None) -> bool:
    if score is None:
        return False
    parts = score * POINT
    return (bounds.low is None or parts >= bounds.low) and (
        bounds.high is None or parts <= bounds.high
    )


def _spans(condition: Condition) -> Iterator[Within]:
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from _spans(part)
    elif isinstance(condition, Not):
        yield from _spans(condition.part)
    elif isinstance(condition, Within) and condition.field == SCORE:
        yield condition
