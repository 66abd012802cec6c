"""The tests, status rules and histories of a mapping, made into plain functions of a row's cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from taxlien.interfaces.liens import LienStatus

from .mapping import HistoryStep, StatusRule, Test
from .normalising import date_parser, parse_decimal

Cells = Sequence[str]
CellTest = Callable[[str], bool]
BoundTest = tuple[int, CellTest]


class Memo(dict[str, Any]):
    """A parser that remembers: published cells repeat. Forgets all when it has grown too large."""

    __slots__ = ("_parse",)
    MOST = 20_000

    def __init__(self, parse: Callable[[str], Any]) -> None:
        super().__init__()
        self._parse = parse

    def __missing__(self, cell: str) -> Any:
        value = self._parse(cell)
        if len(self) >= self.MOST:
            self.clear()
        self[cell] = value
        return value


def cell_test(test: Test) -> CellTest:
    """The test as a function of the cell's text."""
    if test.among is not None:
        among = frozenset(text.strip().lower() for text in test.among)
        return lambda cell: cell.strip().lower() in among
    if test.state is not None:
        return {
            "empty": lambda cell: not cell.strip(),
            "present": lambda cell: bool(cell.strip()),
            "zero": lambda cell: "0" in cell and not cell.strip("0. "),
            "absent": lambda cell: False,
        }[test.state]
    if test.equals is not None:
        wanted = test.equals
        return lambda cell: _number(cell) == wanted
    limit = test.above
    assert limit is not None
    return lambda cell: (number := _number(cell)) is not None and number > limit


def _number(cell: str) -> Decimal | None:
    try:
        return parse_decimal(cell.strip().removeprefix("$").removesuffix("%"))
    except ValueError:
        return None


def bind_tests(
    tests: dict[str, Test], index_of: Callable[[str], int | None]
) -> tuple[BoundTest, ...] | None:
    """The tests with their columns, or null where one can never hold in this file."""
    bound: list[BoundTest] = []
    for name, test in tests.items():
        index = index_of(name)
        if test.state == "absent":
            if index is not None:
                return None
        elif index is None:
            return None
        else:
            check = cell_test(test)
            # Whether a cell is empty or zero is quicker asked than remembered.
            bound.append((index, check if test.state else Memo(check).__getitem__))
    return tuple(bound)


BoundRule = tuple[tuple[BoundTest, ...], LienStatus, tuple[str, ...], dict[str, str]]


def bind_rules(
    rules: Sequence[StatusRule],
    index_of: Callable[[str], int | None],
    sample: Sequence[Cells],
) -> tuple[BoundRule, ...]:
    """The status rules that can hold in this file, in order."""
    bound: list[BoundRule] = []
    for rule in rules:
        if rule.unless_file_lacks is not None:
            index = index_of(rule.unless_file_lacks)
            if index is None or not _published(index, sample):
                continue
        tests = bind_tests(rule.when, index_of)
        if tests is not None:
            bound.append((tests, rule.status, rule.clear, rule.attributes))
    return tuple(bound)


def _published(index: int, sample: Sequence[Cells]) -> bool:
    cells = (row[index] for row in sample if index < len(row))
    return any(cell.strip("0. ") for cell in cells)


History = tuple[tuple[LienStatus, date], ...]


def bind_history(
    steps: Sequence[HistoryStep], index_of: Callable[[str], int | None]
) -> Callable[[Cells], History] | None:
    """A function giving the dated statuses of a row, oldest first, equal neighbours merged."""
    bound: list[tuple[int, int | None, LienStatus | None, dict[str, LienStatus]]] = []
    for step in steps:
        on = index_of(step.on)
        column = step.status[1:-1] if step.status.startswith("{") else None
        index = index_of(column) if column else None
        if on is None or (column and index is None):
            continue
        fixed: LienStatus | None = None if column else step.status  # type: ignore[assignment]
        values = {code.lower(): status for code, status in step.values.items()}
        bound.append((on, index, fixed, values))
    if not bound:
        return None
    day_of = Memo(date_parser(("YYYY-MM-DD ...", "MM/DD/YYYY ...")))

    def history(cells: Cells) -> History:
        steps: list[tuple[date, LienStatus]] = []
        for on, index, fixed, values in bound:
            day = day_of[cells[on]]
            status = fixed if index is None else values.get(cells[index].strip().lower())
            if day is not None and status is not None:
                steps.append((day, status))
        steps.sort(key=lambda step: step[0])
        merged: list[tuple[LienStatus, date]] = []
        for day, status in steps:
            if not merged or merged[-1][0] != status:
                merged.append((status, day))
        return tuple(merged)

    return history
