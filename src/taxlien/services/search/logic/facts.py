"""A lien as conditions ask about it. What costs something to know is worked out when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Self

from taxlien.interfaces.liens import Lien

from .cells import cells_of
from .conditions import CELL, PREFIX, SHORTEST_PREFIX, beginning_token, token
from .deriving import flags_of, property_class
from .document import LienDocument, document_of, judged, texts_of
from .geography import spot_of
from .places import county_key
from .tokens import number_words
from .words import address_words, place_words

SHORTEST_HALF = 3
_LENGTHS = range(SHORTEST_PREFIX, PREFIX + 1)
WORD_FIELDS = ("address", "place", "number", "glue")
"""``glue`` are neighbours written as one word: who asks for "mcintosh" means Mc Intosh too."""
BEGUN_FIELDS = ("address", "place", "number")
CHOICES = (
    "state",
    "fips",
    "county_key",
    "status",
    "kind",
    "property_type",
    "year",
    "property_class",
)
"""Fields of one value that are known without working anything out."""


FLAG_FIELDS = ("flags", "not_flags")
"""Fields of several words that are known without pricing, as choices are."""


class LienFacts:
    """The facts of one lien, as they are in the document that an engine indexes of it."""

    __slots__ = ("_document", "_flags", "_known", "_make", "_read", "_spot", "_words")

    def __init__(
        self,
        known: Mapping[str, str | None],
        flags: tuple[tuple[str, ...], tuple[str, ...]],
        spot: int | None,
        read: Callable[[], tuple[str, str, str]],
        make: Callable[[], LienDocument],
    ) -> None:
        """``flags`` are those that hold and those that do not; ``read`` gives address, place and numbers
        with the parcel's key; ``make`` the document.
        """
        self._known = known
        self._flags = dict(zip(FLAG_FIELDS, flags, strict=True))
        self._spot = spot
        self._read = read
        self._make = make
        self._document: LienDocument | None = None
        self._words: dict[str, tuple[str, ...]] | None = None

    @classmethod
    def of_lien(cls, lien: Lien, score: int | None = None) -> Self:
        """Return the facts of a lien; it is priced only when a condition asks for what that gives.
        ``score`` is the risk a model sees, 1 to 100."""
        known = _known(
            lien.state,
            lien.county_fips,
            lien.county,
            lien.status,
            lien.kind,
            (lien.property_type.strip().casefold() if lien.property_type else None) or None,
            lien.tax_year,
            property_class(lien.property_type),
        )

        def read() -> tuple[str, str, str]:
            address, place, numbers = texts_of(lien)
            return address, place, f"{lien.parcel_key} {numbers}"

        spot = spot_of(lien.latitude, lien.longitude)
        return cls(known, flags_of(lien), spot, read, lambda: judged(document_of(lien), score))

    @classmethod
    def of_document(cls, document: LienDocument) -> Self:
        """Return the facts of a lien that is ready to index."""
        state, fips, county = document.county.split("|", 2)
        known = _known(
            state,
            fips,
            county,
            document.status,
            document.kind,
            document.property_type,
            document.year,
            document.property_class,
        )
        flags = (document.flags, document.not_flags)
        numbers = f"{document.parcel_key} {document.numbers}"
        return cls(
            known,
            flags,
            document.spot,
            lambda: (document.address, document.place, numbers),
            lambda: document,
        )

    @property
    def document(self) -> LienDocument:
        """The lien as an engine indexes it."""
        if self._document is None:
            self._document = self._make()
        return self._document

    def has(self, field: str, value: str) -> bool:
        """Tell whether ``value`` is one of the lien's values of ``field``."""
        if field in self._known:
            return self._known[field] == value
        words = self._words
        return value in (words[field] if words and field in words else self._values(field))

    def choice(self, field: str) -> str | None:
        """Return the value of one of ``CHOICES``; None where it is not known."""
        return self._known[field]

    def begun(self, field: str, beginning: str) -> bool:
        """Tell whether a value of ``field`` begins so."""
        for value in self._values(field):  # noqa: SIM110 - a loop costs half of what a generator does
            if value.startswith(beginning):
                return True
        return False

    def number(self, field: str) -> float | None:
        """Return a number; None where it is not known."""
        if field == "spot":
            return self._spot
        found: float | None = getattr(self.document, field)
        return found

    def tokens(self, *, words: bool, beginnings: bool, cells: bool) -> Iterator[str]:
        """Yield the tokens of what is known; of words, their beginnings and cells where those are asked."""
        for field, value in self._known.items():
            if value is not None:
                yield token(field, value)
        for field, flags in self._flags.items():
            for flag in flags:
                yield token(field, flag)
        if cells:
            for cell in cells_of(self._spot):
                yield token(CELL, cell)
        if words or beginnings:
            for field in WORD_FIELDS:
                for word in self._values(field):
                    yield token(field, word)
        if beginnings:
            for field in BEGUN_FIELDS:
                values = self._values(field)
                for length in _LENGTHS:
                    # Shorter words are their own beginning, which is no beginning of this length.
                    begun = {word[:length] for word in values if len(word) >= length}
                    yield from [beginning_token(field, beginning) for beginning in begun]

    def _values(self, field: str) -> tuple[str, ...]:
        if field in self._flags:
            return self._flags[field]
        if field not in WORD_FIELDS:
            found: str | tuple[str, ...] | None = getattr(self.document, field)
            return (found,) if isinstance(found, str) else found or ()
        if self._words is None:
            address, place, numbers = self._read()
            street, around = address_words(address), place_words(place)
            self._words = {
                "address": street.words,
                "place": around.words,
                "number": tuple(number_words(numbers)),
                "glue": tuple(_glued((*street.pairs, *around.pairs))),
            }
        return self._words[field]


def _glued(pairs: Iterable[str]) -> Iterator[str]:
    for pair in pairs:
        one, _, two = pair.partition("_")
        if len(one) >= SHORTEST_HALF and len(two) >= SHORTEST_HALF:
            yield one + two


def _known(
    state: str,
    fips: str,
    county: str,
    status: str,
    kind: str,
    property_type: str | None,
    year: int | None,
    of_class: str | None,
) -> dict[str, str | None]:
    return {
        "state": state,
        "fips": fips,
        "county_key": county_key(county),
        "status": status,
        "kind": kind,
        "property_type": property_type,
        "year": None if year is None else str(year),
        "property_class": of_class,
    }
