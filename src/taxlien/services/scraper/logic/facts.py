"""What a page says, as facts: each under a key that stays, with the hash of what it says.

Two readings of a page that say the same give the same facts, wherever on the page it stood and however
an amount was written. The hash leaves out ``origins`` and ``missing``: they say how, not what.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeVar
from uuid import UUID

import msgspec

from taxlien.interfaces.scraper import (
    LienObserved,
    PageCard,
    ParcelObserved,
    SaleDayObserved,
    ScrapeObserved,
    SourceCard,
    parcel_numbers,
)

from .pages import Reading

FactKind = Literal["parcel", "lien", "sale_day"]
Observed = ParcelObserved | LienObserved | SaleDayObserved
AnyObserved = TypeVar("AnyObserved", ParcelObserved, LienObserved, SaleDayObserved)

MAX_EVENT = 800_000
"""Bytes of one event's facts: the bus carries 900,000 with everything around them."""

MAX_FACT = 200_000
MAX_KEY = 400
_CUT_TEXT = 2_000
_CUT_ROWS = 200
_HOW = frozenset({"origins", "missing"})
_KINDS: dict[FactKind, type[Observed]] = {
    "parcel": ParcelObserved,
    "lien": LienObserved,
    "sale_day": SaleDayObserved,
}


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a page says. ``sha256`` (hex) is that of what it says, ``key`` names it in its source.

    ``repeats`` counts further places on the page that say the very same. ``by_position`` marks a fact
    told from another of the same key only by its place on the page.
    """

    kind: FactKind
    key: str
    sha256: str
    observed: Observed
    repeats: int = 0
    by_position: bool = False


def facts_of(reading: Reading) -> tuple[Fact, ...]:
    """Return what ``reading`` says, each fact under a key of its own; raises nothing.

    Observations with one key that say the same are one fact with ``repeats``; those that differ are told
    apart by their further numbers or, last, by their place.
    """
    facts: list[Fact] = []
    facts += _keyed("parcel", [_storable(x) for x in reading.parcels])
    facts += _keyed("lien", [_storable(x) for x in reading.liens])
    facts += _keyed("sale_day", [_storable(x) for x in reading.sales])
    return tuple(facts)


def key_of(observed: Observed) -> str:
    """Return what tells this one from the others of its source.

    A lien goes by parcel, kind, its strongest number, tax year and day of sale: lists number their items
    anew every year, and a case that is sold again on another day is another item.
    """
    match observed:
        case ParcelObserved():
            return _joined(observed.parcel_id)
        case LienObserved():
            number = next(iter(_numbers(observed)), None)
            return _joined(
                observed.parcel_id, observed.kind, number, observed.tax_year, observed.sale_date
            )
        case SaleDayObserved():
            return _joined(observed.county_fips, observed.kind, observed.sale_date)


def said(observed: Observed) -> bytes:
    """Return what is said as canonical JSON: keys sorted, amounts without idle zeros, rows in order.

    Rows of values, taxes and transfers are sorted, for their order on a page says nothing.
    """
    return msgspec.json.encode(_canonical(_content(observed)), order="sorted")


def encoded(fact: Fact) -> bytes:
    """Return the whole observation as JSON, to be kept; ``decoded`` reads it back."""
    return msgspec.json.encode(fact.observed)


def decoded(kind: FactKind, body: bytes | str) -> Observed:
    """Read what ``encoded`` wrote. Raises ``msgspec.ValidationError``."""
    return msgspec.json.decode(body, type=_KINDS[kind])


def difference(old: Observed | None, new: Observed) -> tuple[str, ...]:
    """Return the names of the fields that say something else in ``new``, sorted."""
    before = _content(old) if old is not None else {}
    after = _content(new)
    return tuple(
        name
        for name in sorted(before.keys() | after.keys())
        if _canonical(before.get(name)) != _canonical(after.get(name))
    )


def event_parts(
    facts: Iterable[Fact],
    *,
    run_id: UUID,
    source: SourceCard,
    page: PageCard,
    max_bytes: int = MAX_EVENT,
) -> list[ScrapeObserved]:
    """Return a page's changed facts as events of at most ``max_bytes`` of facts each, in order.

    Items without a parcel, by whatever number, stay with the scraper: nobody could say what they are of.
    """
    events: list[ScrapeObserved] = []
    waiting: list[Observed] = []
    size = 0

    def close() -> None:
        parcels, liens, sales = _sorted_out(waiting)
        part = ScrapeObserved(
            run_id=run_id,
            source=source,
            page=page,
            part=len(events),
            parcels=parcels,
            liens=liens,
            sales=sales,
        )
        events.append(part)
        waiting.clear()

    for fact in facts:
        if isinstance(fact.observed, LienObserved) and not _names_a_parcel(fact.observed):
            continue
        length = len(msgspec.json.encode(fact.observed)) + 1
        if waiting and size + length > max_bytes:
            close()
            size = 0
        waiting.append(fact.observed)
        size += length
    if waiting:
        close()
    return events


def _names_a_parcel(item: LienObserved) -> bool:
    return item.parcel_id is not None or bool(parcel_numbers(item))


def _sorted_out(
    observed: Sequence[Observed],
) -> tuple[tuple[ParcelObserved, ...], tuple[LienObserved, ...], tuple[SaleDayObserved, ...]]:
    return (
        tuple(x for x in observed if isinstance(x, ParcelObserved)),
        tuple(x for x in observed if isinstance(x, LienObserved)),
        tuple(x for x in observed if isinstance(x, SaleDayObserved)),
    )


def _keyed(kind: FactKind, observed: Sequence[Observed]) -> list[Fact]:
    groups: defaultdict[str, dict[str, tuple[Observed, int]]] = defaultdict(dict)
    for one in observed:
        sha256 = hashlib.sha256(said(one)).hexdigest()
        group = groups[key_of(one)]
        first, times = group.get(sha256, (one, 0))
        group[sha256] = (first, times + 1)
    return [fact for key, group in groups.items() for fact in _told_apart(kind, key, group)]


def _told_apart(kind: FactKind, key: str, group: dict[str, tuple[Observed, int]]) -> Iterable[Fact]:
    """Give each member of ``group`` (by hash, with how often it was said) a key of its own."""
    keys = [key]
    by_position = False
    if len(group) > 1:
        keys = [_extended(key, one) for one, _ in group.values()]
        if len(set(keys)) < len(keys):
            by_position = True
            keys = [_shortened(f"{key}|#{place}") for place in range(1, len(group) + 1)]
    for name, (sha256, (one, times)) in zip(keys, group.items(), strict=True):
        yield Fact(
            kind=kind,
            key=name,
            sha256=sha256,
            observed=one,
            repeats=times - 1,
            by_position=by_position,
        )


def _extended(key: str, observed: Observed) -> str:
    if not isinstance(observed, LienObserved):
        return key
    return _shortened(f"{key}|+|{_joined(*_numbers(observed)[1:])}")


def _numbers(lien: LienObserved) -> list[str]:
    """Return the item's numbers, the one that stays with it longest first."""
    numbers = {
        "item": lien.item_id,
        "advertised": lien.advertising_number,
        "certificate": lien.certificate_number,
        "case": lien.case_number,
    }
    return [f"{name} {number}" for name, number in numbers.items() if number]


def _joined(*parts: object) -> str:
    return _shortened(
        "|".join(
            "" if part is None else str(part).replace("%", "%25").replace("|", "%7C")
            for part in parts
        )
    )


def _shortened(key: str) -> str:
    """Return ``key``, ending in a hash of the whole where it is too long for an index."""
    if len(key) <= MAX_KEY:
        return key
    digest = hashlib.sha256(key.encode(errors="replace")).hexdigest()[:32]
    return f"{key[: MAX_KEY - 33]}~{digest}"


def _content(observed: Observed) -> dict[str, Any]:
    plain = msgspec.to_builtins(observed, builtin_types=(Decimal, date))
    return {name: value for name, value in plain.items() if name not in _HOW}


def _canonical(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value else "0"
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        rows = [_canonical(one) for one in value]
        return sorted(rows, key=lambda row: msgspec.json.encode(row, order="sorted"))
    return value


def _storable(observed: AnyObserved) -> AnyObserved:
    """Return ``observed`` as a database and a bus can hold it: no stray code points, not endless."""
    try:
        body = msgspec.json.encode(observed)
        if b"\\u0000" not in body and len(body) <= MAX_FACT:
            return observed
    except UnicodeEncodeError:
        pass  # half of a surrogate pair, as a JSON escape can write it
    plain = msgspec.to_builtins(observed, builtin_types=(Decimal, date))
    cleaned = msgspec.convert(_cleaned(plain), type(observed))
    if len(msgspec.json.encode(cleaned)) <= MAX_FACT:
        return cleaned
    plain = msgspec.to_builtins(cleaned, builtin_types=(Decimal, date))
    for how in _HOW & plain.keys():
        del plain[how]
    cut = msgspec.convert(_cut(plain), type(observed))
    if isinstance(cut, SaleDayObserved):
        return cut
    reason = {"(record)": f"above {MAX_FACT} bytes: long texts and lists were cut"}
    return msgspec.structs.replace(cut, missing=reason)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "").encode(errors="replace").decode()
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_CUT_TEXT]
    if isinstance(value, dict):
        return {_cut(name): _cut(one) for name, one in list(value.items())[:_CUT_ROWS]}
    if isinstance(value, list | tuple):
        return [_cut(one) for one in value[:_CUT_ROWS]]
    return value
