"""The other way round: given a lien, which of a hundred thousand saved questions does it answer?

Queries are looked up, not tried one by one. Each is filed under the tokens of its rarest part (a word, a
county, a state): a lien can only meet queries that are filed under a token it has. What a drawer gives
is tried exactly, so filing decides how fast this is and never what it answers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from .conditions import CELL, Condition, beginning_token, packed, required, token, unpacked
from .drawers import Drawer
from .facts import BEGUN_FIELDS, WORD_FIELDS, LienFacts

EVERYWHERE = ""
"""The drawer of queries that need no token: every lien meets it."""

_SPARE = 1000
_OF_WORDS = tuple(token(field, "") for field in WORD_FIELDS)
_OF_CELLS = token(CELL, "")
_OF_BEGINNINGS = tuple(beginning_token(field, "") for field in BEGUN_FIELDS)


class QueryIndex:
    """Saved queries by number. A query is put whole, and replaced by putting it again."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._numbers = array("q")
        self._kept: list[bytes | None] = []
        self._slots: dict[int, int] = {}
        # Most drawers hold one query: those are its slot alone.
        self._drawers: dict[str, Drawer | int] = {}
        self._words = False
        self._beginnings = False
        self._cells = False

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, number: int, condition: Condition) -> None:
        """Add a query, or replace the one of this number."""
        self.remove(number)
        self._file(number, packed(condition), condition)
        if len(self._kept) > 2 * len(self._slots) + _SPARE:
            self._tidy()

    def remove(self, number: int) -> None:
        """Take a query out, known or not."""
        slot = self._slots.pop(number, None)
        if slot is not None:
            self._kept[slot] = None

    def match(self, facts: LienFacts) -> list[int]:
        """Return the numbers of the queries that the lien answers, in order."""
        kept, numbers = self._kept, self._numbers
        found = [
            numbers[slot]
            for slot in set(self._candidates(facts))
            if (query := kept[slot]) is not None and unpacked(query).holds(facts)
        ]
        return sorted(found)

    def condition(self, number: int) -> Condition | None:
        """Return a query as it was put; None where there is none of this number."""
        slot = self._slots.get(number)
        kept = None if slot is None else self._kept[slot]
        return None if kept is None else unpacked(kept)

    def _candidates(self, facts: LienFacts) -> Iterator[int]:
        if not self._slots:
            return
        tokens: Iterable[str] = facts.tokens(
            words=self._words, beginnings=self._beginnings, cells=self._cells
        )
        names = (EVERYWHERE, *tokens)
        present = frozenset(map(hash, names))
        for name in names:
            drawer = self._drawers.get(name)
            if drawer is None:
                continue
            if isinstance(drawer, int):
                yield drawer
            else:
                yield from drawer.candidates(facts, present, self._condition_at)

    def _condition_at(self, slot: int) -> Condition | None:
        kept = self._kept[slot]
        return None if kept is None else unpacked(kept)

    def _file(self, number: int, kept: bytes, condition: Condition) -> None:
        slot = len(self._kept)
        self._kept.append(kept)
        self._numbers.append(number)
        self._slots[number] = slot
        anchors = required(condition)
        # Drawers ask for tokens of the other parts too.
        for name in [name for part in anchors for name in part.tokens]:
            self._words = self._words or name.startswith(_OF_WORDS)
            self._cells = self._cells or name.startswith(_OF_CELLS)
            self._beginnings = self._beginnings or name.startswith(_OF_BEGINNINGS)
        for name in anchors[0].tokens if anchors else (EVERYWHERE,):
            drawer = self._drawers.get(name)
            if drawer is None:
                self._drawers[name] = slot
            elif isinstance(drawer, int):
                self._drawers[name] = Drawer((drawer, slot))
            else:
                drawer.add(slot)

    def _tidy(self) -> None:
        """File what there is anew, without the places of what is gone."""
        numbers, kept = self._numbers, self._kept
        self._clear()
        for number, query in zip(numbers, kept, strict=True):
            if query is not None:
                self._file(number, query, unpacked(query))
