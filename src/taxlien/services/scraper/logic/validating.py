"""Is a run to be believed? Its figures against what the site promises and against the last run.

A finding that ``fails`` quarantines the run, one that ``warns`` is shown beside the published run, a
``notes`` says what could not be judged. Thresholds, and why they are where they are:

* counts: the site's own bounds; against the last run only from 20 records on, below that chance moves them;
* pages whose record the site does not know any more: a relaunch looks like that, county by county they are
  a few in a thousand. A twentieth more than in the last run that chance cannot explain fails, and a half
  where there is no last run;
* presence of a field: a drop of 25 points that chance cannot explain (5 standard errors) warns, losing
  nine tenths of a field fails, and so do two fields that drop together: a column slipped;
* shapes: a tenth of the values looking like another kind of field fails where the last run had none of it,
  and three tenths where there is no last run;
* distributions: the population stability index over tenths of the last run. 0.25 is where credit scoring
  speaks of another population; noise adds about (bins - 1)(1/n + 1/m), so thrice that is allowed on top,
  and below 100 values on either side it is "too few". Above 0.25 warns. Above 2 fails: between two years
  of one real county it reached 0.95, when the city raised the least amount it sells, while amounts ten
  times too large or of another column give 4 and more;
* what sales, payments and new years move in one day (``LIFECYCLE``) never fails a run by having moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import shifting
from .figures import RunFigures
from .findings import Finding, Severity, thousands
from .natures import kinds_with
from .sites import Expected

FEW_RECORDS = 20
_IMPOSSIBLE_SHARE = 0.01
_NOT_FOUND_MORE, _NOT_FOUND_ALONE = 0.05, 0.5
_REPEATS_WARN, _REPEATS_FAIL = 0.02, 0.2


def validate(run: RunFigures, last: RunFigures | None, expected: Expected) -> list[Finding]:
    """Return what is remarkable about ``run``, the gravest first. ``last`` is the last one published."""
    if expected.seasonal and run.pages and not run.total and not run.errors:
        return [Finding("notes", "season", None, "the site publishes nothing at this time of year")]
    found = [
        *_pages(run, expected),
        *_not_found(run, last),
        *_bounds(run, expected),
        *_required(run, expected),
        *_impossible(run),
        *_duplicates(run),
    ]
    if last is not None:
        found += _changes(run, last, expected)
    found += shifting.shifts(run, last)
    order: list[Severity] = ["fails", "warns", "notes"]
    return sorted(found, key=lambda finding: order.index(finding.severity))


def publishable(findings: Iterable[Finding]) -> bool:
    """Say whether a run with these findings may be published."""
    return all(finding.severity != "fails" for finding in findings)


def _pages(run: RunFigures, expected: Expected) -> Iterator[Finding]:
    errors = sum(run.errors.values())
    if not run.pages:
        yield Finding("fails", "pages", None, "no page was read")
        return
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(run.errors.items()))
    text = f"{errors} of {thousands(run.pages)} pages could not be read ({kinds})"
    if errors / run.pages > expected.max_error_share:
        allowed = f"; {expected.max_error_share:.0%} are allowed"
        yield Finding("fails", "errors", None, text + allowed)
    elif errors:
        yield Finding("warns", "errors", None, text)
    if run.read < run.promised:
        yield Finding(
            "fails",
            "promised",
            None,
            f"pages announce {thousands(run.promised)} records, {thousands(run.read)} were read;"
            f" {thousands(run.short_pages)} pages fall short",
        )


def _not_found(run: RunFigures, last: RunFigures | None) -> Iterator[Finding]:
    if run.pages < FEW_RECORDS or not run.not_found:
        return
    share = run.not_found / run.pages
    said = f"{thousands(run.not_found)} of {thousands(run.pages)} pages say"
    text = f"{said} that what was asked for is not there"
    if last is None or last.pages < FEW_RECORDS:
        if share > _NOT_FOUND_ALONE:
            yield Finding("fails", "not_found", None, text)
        return
    was = last.not_found / last.pages
    by_chance = shifting.chance(was, share, last.pages, run.pages)
    if share - was > max(_NOT_FOUND_MORE, by_chance):
        yield Finding("fails", "not_found", None, f"{text}, {was:.0%} in the last run")


def _bounds(run: RunFigures, expected: Expected) -> Iterator[Finding]:
    total = run.total
    if total < expected.min_records:
        yield Finding(
            "fails",
            "count",
            None,
            f"{thousands(total)} records, at least {thousands(expected.min_records)} are expected",
        )
    if expected.max_records is not None and total > expected.max_records:
        yield Finding(
            "fails",
            "count",
            None,
            f"{thousands(total)} records, at most {thousands(expected.max_records)} are expected",
        )


def _changes(run: RunFigures, last: RunFigures, expected: Expected) -> Iterator[Finding]:
    """Counts against the last run: of everything, and kinds that vanished."""
    if last.total < FEW_RECORDS:
        text = f"the last run had {last.total} records: too few to compare with"
        yield Finding("notes", "change", None, text)
        return
    change = run.total / last.total - 1
    if abs(change) > expected.max_change:
        yield Finding(
            "fails",
            "change",
            None,
            f"{thousands(run.total)} records, {thousands(last.total)} in the last run: {change:+.0%},"
            f" at most {expected.max_change:.0%} either way is expected",
        )
    for kind, before in sorted(last.records.items()):
        now = run.records.get(kind, 0)
        if before >= FEW_RECORDS and now < before * 0.1:
            word = kind.replace("_", " ")
            text = f"{thousands(now)} {word} records, {thousands(before)} in the last run"
            # A list that closed takes its records along; that some are left shows they can be read.
            closed = expected.seasonal and now > 0
            yield Finding("warns" if closed else "fails", "vanished", kind, text)


def _required(run: RunFigures, expected: Expected) -> Iterator[Finding]:
    for field, least in sorted(expected.required.items()):
        kind, _, name = field.rpartition(".")
        kinds = tuple(k for k in kinds_with(name) if not kind or k == kind)
        if not kinds:
            text = f"the site requires {field}, and no record has such a field"
            yield Finding("fails", "required", field, text)
        for one in kinds:
            share = run.share(f"{one}.{name}")
            if run.records.get(one) and share < least:
                text = f"{share:.1%} of {one} records have {name}, at least {least:.0%} should"
                yield Finding("fails", "required", f"{one}.{name}", text)


def _impossible(run: RunFigures) -> Iterator[Finding]:
    for field, figures in sorted(run.fields.items()):
        if not figures.impossible:
            continue
        share = figures.impossible / figures.present
        text = (
            f"{thousands(figures.impossible)} of {thousands(figures.present)} values of {field}"
            " cannot be (negative, too large, or a day that is no day for it)"
        )
        grave = share > _IMPOSSIBLE_SHARE and figures.impossible > 1
        yield Finding("fails" if grave else "warns", "impossible", field, text)


def _duplicates(run: RunFigures) -> Iterator[Finding]:
    if not run.total:
        return
    for count, what in (
        (run.repeats, "records are said twice on one page"),
        (run.by_position, "records share their number with another on their page"),
    ):
        share = count / (run.total + run.repeats)
        if share > _REPEATS_WARN:
            text = f"{thousands(count)} {what} ({share:.0%})"
            grave = share > _REPEATS_FAIL
            yield Finding("fails" if grave else "warns", "duplicates", None, text)
