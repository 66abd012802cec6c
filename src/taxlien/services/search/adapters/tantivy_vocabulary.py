"""Every word and place of an index, for completing what is typed: read from its term dictionaries."""

from __future__ import annotations

import string
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tantivy import Searcher

from taxlien.services.search.logic.completing import SHORTEST_INSIDE, place_key

KEPT_SECONDS = 30.0
_SMALL = 20_000


class Place(NamedTuple):
    """A county or city and how many ``liens`` it has, some of them perhaps deleted since."""

    state: str
    county_fips: str
    name: str
    liens: int


class _Lines:
    """Strings in one text, to look for a piece of any of them in one pass; the first are found first."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._text = "\n".join(["", *lines, ""])

    def holding(self, piece: str, most: int) -> Iterator[str]:
        """Yield lines that hold ``piece``; a line's beginning and end are line feeds."""
        text = self._text
        at = text.find(piece)
        while at >= 0 and most > 0:
            start = text.rfind("\n", 0, at + 1) + 1
            end = text.find("\n", start)
            yield text[start:end]
            at, most = text.find(piece, end), most - 1


class Vocabulary:
    """Words of letters in addresses, with how many liens have them; counties and cities by name.

    Reading it takes as long as the dictionaries are large (some 10 ms for 20,000 words); its owner
    keeps it for a while.
    """

    def __init__(self, searcher: Searcher) -> None:
        counts: Counter[str] = Counter()
        for letter in string.ascii_lowercase:
            counts.update(dict(searcher.terms_with_prefix("address", letter)))
        self._words = _Lines(word for word, _ in counts.most_common())
        self.counties = Places(searcher, "county")
        self.cities = Places(searcher, "city")

    def words_beginning(self, written: str, most: int) -> list[str]:
        """Return words that begin so, most frequent first."""
        return list(self._words.holding(f"\n{written}", most))

    def words_holding(self, written: str, most: int) -> list[str]:
        """Return words that hold these letters, most frequent first."""
        return list(self._words.holding(written, most))


class Places:
    """The places of one field. A name written in several ways (FT MYERS, Fort Myers) is one place."""

    def __init__(self, searcher: Searcher, field: str) -> None:
        self._by_key: dict[str, dict[tuple[str, str], Place]] = {}
        values = searcher.terms_with_prefix(field, "")
        for value, count in values:
            state, fips, name = value.split("|", 2)
            if key := place_key(name):
                places = self._by_key.setdefault(key, {})
                known = places.get((state, fips))
                name, count = (known.name, known.liens + count) if known else (name, count)
                places[state, fips] = Place(state, fips, name, count)
        self._keys = _Lines(self._by_key)

    def continuing(self, typed: Sequence[tuple[str, str | None]], most: int) -> list[Place]:
        """Return places that continue one of ``typed`` (key, state), best first, then most frequent."""
        ranked: dict[Place, int] = {}
        for wanted, state in typed:
            pieces = [f"\n{wanted}\n", f"\n{wanted}", f" {wanted}"]
            if len(wanted) >= SHORTEST_INSIDE:
                pieces.append(wanted)
            for rank, piece in enumerate(pieces):
                for key in self._keys.holding(piece, most):
                    for place in self._by_key[key].values():
                        if state in (None, place.state):
                            ranked[place] = min(rank, ranked.get(place, rank))
        return sorted(ranked, key=lambda place: (ranked[place], -place.liens))[:most]


class KeptVocabulary:
    """The vocabulary of an index that grows: read again when it is older than ``KEPT_SECONDS``.

    A small index is read anew for each of its states: that costs nothing, and what was just written
    can be completed at once.
    """

    def __init__(self) -> None:
        self._vocabulary: Vocabulary | None = None
        self._searcher: Searcher | None = None
        self._read_at = 0.0

    def of(self, searcher: Searcher) -> Vocabulary:
        """Return the vocabulary of ``searcher``, or of a state of the same index shortly before."""
        kept = self._vocabulary
        fresh = searcher is self._searcher or (
            searcher.num_docs > _SMALL and time.monotonic() - self._read_at < KEPT_SECONDS
        )
        if kept is None or not fresh:
            kept = Vocabulary(searcher)
            self._vocabulary, self._searcher, self._read_at = kept, searcher, time.monotonic()
        return kept

    def forget(self) -> None:
        """Let go of an index that serves no longer."""
        self._vocabulary = self._searcher = None
