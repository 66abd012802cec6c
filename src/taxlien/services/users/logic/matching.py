"""How like two people are: their names by edit distance, weighed by birth dates and countries.

A name that is near enough makes a match; evidence then speaks for or against it. A birth date that
cannot be the same takes a match away only where the whole date is known on both sides, since lists
often know a year at best.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rapidfuzz import fuzz, process

from .names import normalised

SAME_YEAR = 3.0
SAME_DATE = 6.0
SAME_COUNTRY = 2.0
OTHER_YEAR = -15.0
OTHER_DATE = -8.0
PART_OF_NAME = 90.0
MOST_MATCHES = 50


class Entry(NamedTuple):
    """Somebody on a list. Birth dates are ISO, possibly a year or a month only; countries alpha-2."""

    entry_id: str
    name: str
    aliases: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()


class Person(NamedTuple):
    """Somebody who is looked for."""

    name: str
    birth_date: date
    countries: tuple[str, ...]


class Match(NamedTuple):
    """An entry somebody is like. ``score`` is percent, names and evidence together, at most 100."""

    entry_id: str
    listed_name: str
    matched_name: str
    score: float
    name_score: float
    birth_date: str
    country: str


class Index:
    """Every name of a list, made comparable once."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = list(entries)
        self._names: list[str] = []
        self._owners: list[tuple[int, str]] = []
        self._with_word: dict[str, list[int]] = defaultdict(list)
        for number, entry in enumerate(self._entries):
            for name in dict.fromkeys((entry.name, *entry.aliases)):
                if folded := normalised(name):
                    for word in set(folded.split()):
                        self._with_word[word].append(len(self._names))
                    self._names.append(folded)
                    self._owners.append((number, name))

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, person: Person, threshold: float) -> list[Match]:
        """Return whom ``person`` is like by at least ``threshold`` percent, the likest first."""
        wanted = normalised(person.name)
        if not wanted:
            return []
        near = self._parts_of_names(wanted)
        for _, name_score, position in process.extract(
            wanted,
            self._names,
            scorer=fuzz.ratio,  # words are sorted already
            processor=None,
            score_cutoff=threshold - SAME_DATE - SAME_COUNTRY,
            limit=None,
        ):
            near[position] = max(name_score, near.get(position, 0.0))
        best: dict[int, Match] = {}
        for position, name_score in near.items():
            number, name = self._owners[position]
            match = _weighed(person, self._entries[number], name, name_score)
            if match.score >= threshold and (
                number not in best or match.score > best[number].score
            ):
                best[number] = match
        ranked = sorted(best.values(), key=lambda match: (-match.score, match.entry_id))
        return ranked[:MOST_MATCHES]

    def _parts_of_names(self, wanted: str) -> dict[int, float]:
        """Return names that hold all words of ``wanted`` or whose words ``wanted`` holds: two at least.

        A middle name that only one side writes makes names of unlike length of one person.
        """
        words = set(wanted.split())
        shared = Counter(position for word in words for position in self._with_word.get(word, ()))
        return {
            position: PART_OF_NAME
            for position, count in shared.items()
            if count >= 2 and count in (len(words), len(set(self._names[position].split())))
        }


def _weighed(person: Person, entry: Entry, name: str, name_score: float) -> Match:
    birth, birth_weight = _birth_evidence(person.birth_date, entry.birth_dates)
    country, country_weight = _country_evidence(person.countries, entry.countries)
    score = max(0.0, min(100.0, name_score + birth_weight + country_weight))
    return Match(
        entry.entry_id, entry.name, name, round(score, 1), round(name_score, 1), birth, country
    )


def _birth_evidence(birth: date, listed: Sequence[str]) -> tuple[str, float]:
    """Return the best that the listed dates say of ``birth``, in words, and its weight."""
    if not listed:
        return "unknown", 0.0
    exact = birth.isoformat()
    if exact in listed:
        return "same date", SAME_DATE
    if any(len(text) < len(exact) and exact.startswith(text) for text in listed):
        return "same year", SAME_YEAR
    # A day or month written wrongly is common; another year by more than one is another person.
    if any(abs(int(text[:4]) - birth.year) <= 1 for text in listed if text[:4].isdecimal()):
        return "another date", OTHER_DATE
    return "another year", OTHER_YEAR


def _country_evidence(own: Sequence[str], listed: Sequence[str]) -> tuple[str, float]:
    if not listed:
        return "unknown", 0.0
    shared = sorted(set(own) & set(listed))
    return (f"same: {', '.join(shared)}", SAME_COUNTRY) if shared else ("another", 0.0)
