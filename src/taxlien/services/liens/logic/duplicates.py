"""Which two parcel keys of one county are the same land, how sure that is, and by what. Pure.

Certain: the same number but for leading zeros, or a further number of one that equals a number of the
other, and no source lists both (a source that lists both calls them two). Everything else that looks
alike is a candidate, which a person decides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import Any, NamedTuple

from rapidfuzz import fuzz

from .addresses import Address, address_of

LEAST_SCORE = 0.85
"""Below this two addresses are not worth a person's time."""

LARGEST_BLOCK = 40
"""More parcels than this at one house number tell nothing by their address."""

OTHER_ID_SCORE = 0.99
_UNKNOWN_ZIP, _OTHER_SIZE = 0.95, 0.85


class Side(NamedTuple):
    """A parcel, as far as it takes to compare it."""

    parcel_key: str
    parcel_id: str
    situs_address: str | None
    city: str | None
    zip_code: str | None
    acres: Decimal | None
    year_built: int | None


class Likeness(NamedTuple):
    """Two parcel keys, the smaller first, how alike they are (0 to 1), and what speaks for it."""

    parcel_key: str
    other_key: str
    score: float
    evidence: dict[str, Any]
    certain: bool


def by_number(pairs: Iterable[tuple[str, str, str]]) -> list[Likeness]:
    """Return likenesses of pairs found by number: (key, key, what they share).

    A number that more than two parcels share is a candidate's evidence only.
    """
    shared: dict[str, set[str]] = defaultdict(set)
    known = []
    for one, other, number in pairs:
        shared[number] |= {one, other}
        known.append((*sorted((one, other)), number))
    found: dict[tuple[str, str], Likeness] = {}
    for first, second, number in known:
        same = first.lstrip("0") == second.lstrip("0")
        evidence = {"rule": "parcel number" if same else "other number", "number": number}
        unique = len(shared[number]) == 2
        score = 1.0 if same else OTHER_ID_SCORE
        likeness = Likeness(first, second, score if unique else 0.9, evidence, unique)
        before = found.get((first, second))
        if before is None or likeness.score > before.score:
            found[first, second] = likeness
    return list(found.values())


def by_address(sides: Iterable[Side]) -> Iterator[Likeness]:
    """Yield the pairs whose addresses are alike.

    Only parcels of one house number, unit and first letter of the street meet, so the work grows with
    the parcels and not with their pairs. Where too many lie at one address, it tells nothing.
    """
    blocks: dict[tuple[str, str | None, str], list[tuple[Side, Address]]] = defaultdict(list)
    for side in sides:
        address = address_of(side.situs_address)
        if address is not None:
            blocks[address.number, address.unit, address.street[0]].append((side, address))
    for block in blocks.values():
        at = Counter(address.street for _, address in block)
        telling = [entry for entry in block if at[entry[1].street] <= LARGEST_BLOCK]
        for (one, here), (other, there) in combinations(telling, 2):
            found = compare(one, here, other, there)
            if found is not None:
                yield found


def compare(one: Side, here: Address, other: Side, there: Address) -> Likeness | None:
    """Return how alike two parcels are by address; None where they cannot be, or are too little."""
    if (here.number, here.unit) != (there.number, there.unit):
        return None
    if here.directions and there.directions and here.directions != there.directions:
        return None
    street = fuzz.ratio(here.street, there.street) / 100
    place = _place(one, other)
    if place is None:
        return None
    score, evidence = (
        street * place,
        {
            "rule": "address",
            "addresses": [one.situs_address, other.situs_address],
            "street": round(street, 3),
            "place": place,
        },
    )
    for name, differ in (
        ("acres", _acres_differ(one, other)),
        ("year_built", _built_differ(one, other)),
    ):
        if differ:
            score *= _OTHER_SIZE
            evidence[name] = [str(getattr(one, name)), str(getattr(other, name))]
    if score < LEAST_SCORE:
        return None
    first, second = sorted((one.parcel_key, other.parcel_key))
    return Likeness(first, second, round(score, 3), evidence, certain=False)


def _place(one: Side, other: Side) -> float | None:
    """Return the weight of where two parcels lie: 1 in one ZIP; None where they lie apart."""
    zips = (one.zip_code or "")[:5], (other.zip_code or "")[:5]
    if all(zips):
        return 1.0 if zips[0] == zips[1] else None
    cities = (one.city or "").upper(), (other.city or "").upper()
    if all(cities) and cities[0] != cities[1]:
        return None
    return 1.0 if all(cities) else _UNKNOWN_ZIP


def _acres_differ(one: Side, other: Side) -> bool:
    if not one.acres or not other.acres:
        return False
    return abs(one.acres - other.acres) > Decimal("0.05") * max(one.acres, other.acres)


def _built_differ(one: Side, other: Side) -> bool:
    built = one.year_built, other.year_built
    return None not in built and built[0] != built[1]


class Rank(NamedTuple):
    """What decides which key stands for a merged parcel: the smallest does."""

    not_assessed: bool
    first_seen_at: datetime
    parcel_key: str
