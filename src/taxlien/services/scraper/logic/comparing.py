"""Two runs side by side, as text that a person reads to decide whether a quarantined run is right.

No name and no owner's address is in it: texts are shown by their pattern (letters as a, digits as 9).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from .facts import Observed, difference
from .figures import RunFigures, quantile
from .findings import Finding, thousands
from .natures import NATURE, masked

MAX_SAMPLES = 12
_MAX_FIELDS = 6
_NOTABLE_POINTS = 0.01
_NUMBERS = frozenset({"money", "value", "rate", "size", "count"})


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One record as it was and as it would be. ``old`` is null for a new one, ``new`` for one gone."""

    key: str
    old: Observed | None
    new: Observed | None


def readable_diff(
    last: RunFigures | None,
    now: RunFigures,
    samples: Sequence[Sample] = (),
    findings: Sequence[Finding] = (),
) -> str:
    """Return what was found, how counts and fields moved, and examples of records that changed."""
    lines = [f"Run of {now.day} against {f'the run of {last.day}' if last else 'no earlier run'}"]
    if findings:
        lines += ["", "What was found"]
        lines += [f"  {finding.severity:<6} {finding.text}" for finding in findings]
    lines += ["", f"{'':<34}{'last':>12}{'now':>12}"]
    lines += _counts(last, now)
    fields = list(_fields(last, now))
    if fields:
        lines += ["", "Fields", f"{'':<34}{'last':>12}{'now':>12}   median, last and now", *fields]
    if samples:
        lines += ["", "Examples"]
        for sample in samples[:MAX_SAMPLES]:
            lines += _example(sample)
        if len(samples) > MAX_SAMPLES:
            lines.append(f"  and {thousands(len(samples) - MAX_SAMPLES)} more")
    return "\n".join(lines) + "\n"


def _counts(last: RunFigures | None, now: RunFigures) -> Iterator[str]:
    yield _row("pages", last.pages if last else None, now.pages)
    yield _row(
        "pages not read", sum(last.errors.values()) if last else None, sum(now.errors.values())
    )
    for kind in sorted(now.records.keys() | (last.records.keys() if last else set())):
        before = last.records.get(kind, 0) if last else None
        yield _row(f"{kind.replace('_', ' ')} records", before, now.records.get(kind, 0))
    yield _row("said twice on a page", last.repeats if last else None, now.repeats)


def _row(name: str, last: int | None, now: int) -> str:
    before = "" if last is None else thousands(last)
    change = f"   {now / last - 1:+.0%}" if last else ""
    return f"  {name:<32}{before:>12}{thousands(now):>12}{change}"


def _fields(last: RunFigures | None, now: RunFigures) -> Iterator[str]:
    """The fields whose share or median moved; all of them where there is no earlier run."""
    names = now.fields.keys() | (last.fields.keys() if last else set())
    for field in sorted(names):
        share = now.share(field)
        was = last.share(field) if last else None
        median, earlier = _median(now, field), _median(last, field)
        moved = was is None or abs(share - was) > _NOTABLE_POINTS or median != earlier
        if moved:
            before = "" if was is None else f"{was:.1%}"
            medians = f"   {earlier or '-'} -> {median or '-'}" if median or earlier else ""
            yield f"  {field:<32}{before:>12}{share:>12.1%}{medians}"


def _median(figures: RunFigures | None, field: str) -> str | None:
    found = figures.fields.get(field) if figures else None
    if found is None or NATURE[field.partition(".")[2]] not in _NUMBERS:
        return None
    middle = quantile(found.bins, 0.5)
    return None if middle is None else f"{middle:,}"


def _example(sample: Sample) -> Iterator[str]:
    if sample.new is None:
        yield f"  {sample.key}: gone"
        return
    if sample.old is None:
        yield f"  {sample.key}: new"
        return
    yield f"  {sample.key}"
    changed = difference(sample.old, sample.new)
    for name in changed[:_MAX_FIELDS]:
        yield f"    {name}: {_shown(sample.old, name)} -> {_shown(sample.new, name)}"
    if len(changed) > _MAX_FIELDS:
        yield f"    and {len(changed) - _MAX_FIELDS} more fields"


def _shown(observed: Observed, name: str) -> str:
    value = getattr(observed, name, None)
    if isinstance(value, tuple | dict):
        return f"{len(value)} entries"
    if name in {"parcel_id", "status", "kind"}:
        return str(value)
    return masked(value)
