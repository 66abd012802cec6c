"""Did a column slip, or the data become others? Presence, shapes, doubles and distributions of fields.

Thresholds are explained in ``validating``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TypeVar

from .figures import OTHER, FieldFigures, RunFigures, quantile
from .findings import Finding, thousands
from .natures import FOREIGN, LIFECYCLE, NATURE

K = TypeVar("K")

FEW_VALUES = 20
FEW_FOR_DISTRIBUTION = 100
PSI_WARNS, PSI_FAILS = 0.25, 2.0
_TENTHS = 10
_DROP, _LOST = 0.25, 0.1
_ERRORS_OF_CHANCE = 5.0
_FOREIGN_NEW, _FOREIGN_ALONE, _FOREIGN_SOME = 0.1, 0.3, 0.05
_SAME_WARNS, _SAME_FAILS = 0.3, 0.5
_STRANGE_TWINS = 0.5
_TIMELESS = frozenset({"date", "year"})
_AMOUNTS = frozenset({"money", "value"})


def shifts(run: RunFigures, last: RunFigures | None) -> Iterator[Finding]:
    """Yield what looks like a column in another's place or like other data."""
    if last is not None:
        yield from _presence(run, last)
    for field, figures in sorted(run.fields.items()):
        before = last.fields.get(field) if last is not None else None
        yield from _shapes(field, figures, before)
        yield from _doubles(field, figures, before)
        if last is not None and before is not None:
            yield from _distribution(field, figures, before)


def _presence(run: RunFigures, last: RunFigures) -> Iterator[Finding]:
    drops: list[tuple[str, float, float]] = []
    for field in sorted(last.fields):
        kind, _, name = field.partition(".")
        now, before = run.records.get(kind, 0), last.records.get(kind, 0)
        if min(now, before) < FEW_VALUES or name in LIFECYCLE:
            continue
        share, was = run.share(field), last.share(field)
        if was - share > _DROP and was - share > chance(was, share, before, now):
            drops.append((field, was, share))
    together = {f.partition(".")[0] for f, _, _ in drops}
    counts = {kind: sum(f.startswith(f"{kind}.") for f, _, _ in drops) for kind in together}
    for field, was, share in drops:
        kind = field.partition(".")[0]
        lost = share < was * _LOST
        beside = counts[kind] > 1
        text = f"{field} is there in {share:.0%} of records, {was:.0%} in the last run"
        if beside:
            text += f"; {counts[kind] - 1} more of its fields dropped with it"
        yield Finding("fails" if lost or beside else "warns", "presence", field, text)


def chance(was: float, share: float, before: int, now: int) -> float:
    """Return by how much two shares may differ by chance."""
    pooled = (was * before + share * now) / (before + now)
    return _ERRORS_OF_CHANCE * math.sqrt(pooled * (1 - pooled) * (1 / before + 1 / now))


def _shapes(field: str, figures: FieldFigures, before: FieldFigures | None) -> Iterator[Finding]:
    foreign = FOREIGN.get(NATURE[field.partition(".")[2]], frozenset())
    total = sum(figures.shapes.values())
    if total < FEW_VALUES or not foreign:
        return
    earlier = sum(before.shapes.values()) if before else 0
    for shape in sorted(foreign & figures.shapes.keys()):
        count = figures.shapes[shape]
        share = count / total
        known = earlier >= FEW_VALUES and before is not None
        was = before.shapes.get(shape, 0) / earlier if known and before else 0.0
        text = f"{thousands(count)} of {thousands(total)} values of {field} look like {_a(shape)}"
        if known:
            text += f", {was:.0%} in the last run"
        if share - was > (_FOREIGN_NEW if known else _FOREIGN_ALONE):
            yield Finding("fails", "shape", field, text)
        elif share - was > _FOREIGN_SOME:
            yield Finding("warns", "shape", field, text)


def _doubles(field: str, figures: FieldFigures, before: FieldFigures | None) -> Iterator[Finding]:
    kind, _, name = field.partition(".")
    if figures.present < FEW_VALUES:
        return
    for other, count in sorted(figures.same_as.items()):
        share = count / figures.present
        text = (
            f"{thousands(count)} of {thousands(figures.present)} values of {field} are those of"
            f" {kind}.{other}"
        )
        if before is None or before.present < FEW_VALUES:
            if share > _STRANGE_TWINS and _strangers(name, other):
                yield Finding("warns", "same", field, text)
            continue
        was = before.same_as.get(other, 0) / before.present
        if share - was > _SAME_WARNS:
            grave = share - was > _SAME_FAILS and not {name, other} & LIFECYCLE
            text += f", {was:.0%} in the last run"
            yield Finding("fails" if grave else "warns", "same", field, text)


def _strangers(name: str, other: str) -> bool:
    """Whether two fields have no business in holding the same: an address and a city, not two values."""
    natures = {NATURE[name], NATURE[other]}
    return len(natures) > 1 and not natures <= {"number", "parcel"} and not natures <= _AMOUNTS


def _distribution(field: str, figures: FieldFigures, before: FieldFigures) -> Iterator[Finding]:
    name = field.partition(".")[2]
    if NATURE[name] in _TIMELESS:
        return  # days and years move on; whether they can be is checked elsewhere
    found = (
        _compared(*_tenths(figures.bins, before.bins))
        if figures.bins or before.bins
        else _compared(
            *_weighed(figures.choices or figures.shapes, before.choices or before.shapes)
        )
    )
    if found is None:
        return
    index, few = found
    if few < FEW_FOR_DISTRIBUTION:
        yield Finding(
            "notes", "distribution", field, f"{few} values of {field}: too few to compare"
        )
        return
    if index <= PSI_WARNS:
        return
    grave = index > PSI_FAILS and name not in LIFECYCLE
    text = f"{field} is distributed otherwise than in the last run (stability index {index:.2f})"
    if figures.bins and NATURE[name] != "degrees":
        text += (
            f": its median was {quantile(before.bins, 0.5):,}, now {quantile(figures.bins, 0.5):,}"
        )
    yield Finding("fails" if grave else "warns", "distribution", field, text)


def _compared(now: Mapping[K, int], then: Mapping[K, int]) -> tuple[float, int] | None:
    """Return the stability index and the smaller of the two counts; null where there is nothing."""
    few = min(sum(now.values()), sum(then.values()))
    return (stability(now, then), few) if now else None


def stability(now: Mapping[K, int], then: Mapping[K, int]) -> float:
    """Return the population stability index of two counts by bin, less what chance may give.

    Half a record is added to every bin, so that an empty one is no infinity. 0 is the same.
    """
    places = now.keys() | then.keys()
    n, m = sum(now.values()), sum(then.values())
    if len(places) < 2 or not n or not m:
        return 0.0
    index = 0.0
    for place in places:
        p = (now.get(place, 0) + 0.5) / (n + 0.5 * len(places))
        q = (then.get(place, 0) + 0.5) / (m + 0.5 * len(places))
        index += (p - q) * math.log(p / q)
    return max(0.0, index - 3 * (len(places) - 1) * (1 / n + 1 / m))


def _tenths(
    now: Mapping[int, int], then: Mapping[int, int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Count both by bins that hold a tenth of ``then`` each."""
    total = sum(then.values())
    edges: list[int] = []
    passed = 0
    for place in sorted(then):
        passed += then[place]
        if passed * _TENTHS >= total:
            edges.append(place)
            passed = 0

    def counted(bins: Mapping[int, int]) -> dict[int, int]:
        counts: dict[int, int] = {}
        for place, count in bins.items():
            # What lies beyond the last edge is the last bin.
            tenth = next((n for n, edge in enumerate(edges) if place <= edge), len(edges))
            counts[tenth] = counts.get(tenth, 0) + count
        return counts

    return counted(now), counted(then)


def _weighed(
    now: Mapping[str, int], then: Mapping[str, int]
) -> tuple[dict[str, int], dict[str, int]]:
    """Take choices together that are below a hundredth in both; nothing where most are uncounted."""
    n, m = sum(now.values()), sum(then.values())
    if not n or not m or max(now.get(OTHER, 0) / n, then.get(OTHER, 0) / m) > 0.5:
        return {}, {}
    rare = {
        c for c in now.keys() | then.keys() if max(now.get(c, 0) / n, then.get(c, 0) / m) < 0.01
    }

    def counted(counts: Mapping[str, int]) -> dict[str, int]:
        merged = {choice: count for choice, count in counts.items() if choice not in rare}
        uncounted = sum(count for choice, count in counts.items() if choice in rare)
        return {**merged, OTHER: merged.get(OTHER, 0) + uncounted} if uncounted else merged

    return counted(now), counted(then)


def _a(shape: str) -> str:
    return {"money": "money", "words": "words"}.get(
        shape, f"an {shape}" if shape == "address" else f"a {shape}"
    )
