"""What is asked: questions by kind, about the places and streets of the liens, and how they repeat."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from generate import Generator, ranked

Question = dict[str, object]
SHARES = {  # of one hundred
    "street": 30,
    "number + street": 14,
    "place": 14,
    "street with a typo": 4,
    "parcel id": 6,
    "street, state, price by roi": 8,
    "county by price": 14,
    "state, price by roi": 10,
}
REPEATING = 1.0  # the exponent of Zipf's law by which questions are repeated


class Questions:
    """Draws questions, the same for the same seed."""

    def __init__(self, generator: Generator, seed: int) -> None:
        self._from = generator
        self._chance = random.Random(seed)
        self._kinds: dict[str, Callable[[], Question]] = {
            "street": lambda: {"q": self._street()},
            "number + street": lambda: {"q": f"{self._chance.randrange(1, 5000)} {self._street()}"},
            "place": lambda: {"q": self._place().cities[0].lower()},
            "street with a typo": lambda: {"q": self._typo(self._street())},
            "parcel id": lambda: {"q": self._parcel()},
            "street, state, price by roi": lambda: {
                "q": self._street(),
                "state": self._place().county["state"],
                "price_max": self._price(),
                "sort": "roi_desc",
            },
            "county by price": lambda: {
                "county": self._place().county["fips"],
                "sort": self._chance.choice(("price_asc", "roi_desc")),
            },
            "state, price by roi": lambda: {
                "state": self._place().county["state"],
                "price_max": self._price(),
                "sort": "roi_desc",
            },
        }

    def kinds(self, count: int) -> dict[str, list[Question]]:
        """Return ``count`` questions of each kind."""
        return {name: [make() for _ in range(count)] for name, make in self._kinds.items()}

    def mixed(self, count: int) -> list[Question]:
        """Return ``count`` questions in the shares of ``SHARES``."""
        names = self._chance.choices(list(SHARES), list(SHARES.values()), k=count)
        return [self._kinds[name]() for name in names]

    def near(self, count: int) -> list[Question]:
        """Return questions for what lies around a point, nearest first: 1 to 25 miles."""
        return [
            {
                "near": f"{lat:.4f},{lon:.4f}",
                "radius": self._chance.choice((1, 2, 5, 10, 25)),
                "sort": "distance_asc",
            }
            for lat, lon in (self._point() for _ in range(count))
        ]

    def boxes(self, count: int) -> list[Question]:
        """Return questions for what a map shows: windows of 0.02 to 0.3 degrees."""
        found: list[Question] = []
        for lat, lon in (self._point() for _ in range(count)):
            size = self._chance.choice((0.02, 0.05, 0.1, 0.3))
            box = (lon - size, lat - size, lon + size, lat + size)
            found.append({"box": ",".join(f"{edge:.4f}" for edge in box), "sort": "roi_desc"})
        return found

    def beginnings(self, count: int) -> list[Question]:
        """Return what stands in the field while people type."""
        texts = [self._street() if self._chance.random() < 0.7 else self._place().cities[0].lower()
                 for _ in range(count)]  # fmt: skip
        return [{"q": text[: self._chance.randrange(2, 9)]} for text in texts]

    def repeated(self, questions: Sequence[Question], count: int) -> list[Question]:
        """Draw ``count`` times from ``questions``, the first ones most."""
        draw = ranked(questions, REPEATING, 0)
        return [draw(self._chance) for _ in range(count)]

    def _street(self) -> str:
        name: str = self._from.streets[self._from.rank(self._chance)]
        return (
            name.lower()
            if self._chance.random() < 0.6
            else f"{name} {self._chance.choice(('ST', 'AVE'))}"
        )

    def _place(self):  # type: ignore[no-untyped-def]
        return self._from.place(self._chance)

    def _point(self) -> tuple[float, float]:
        county = self._place().county
        gauss = self._chance.gauss
        return float(county["latitude"]) + gauss(0, 0.1), float(county["longitude"]) + gauss(0, 0.1)

    def _price(self) -> str:
        return str(self._chance.randrange(3, 50) * 100)

    def _parcel(self) -> str:
        pattern = self._place().like.parcel
        drawn = "".join(str(self._chance.randrange(10)) if c == "#" else c for c in pattern)
        return drawn[: self._chance.randrange(6, len(drawn) + 1)]

    def _typo(self, text: str) -> str:
        word = max(text.split(), key=len)
        at = self._chance.randrange(1, len(word))
        return text.replace(word, word[:at] + word[at + 1 :])


def address(question: Question, path: str = "/v1/search") -> str:
    """Return the address that asks ``question``."""
    return f"{path}?{urlencode(question)}"
