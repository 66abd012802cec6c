"""Put back cells that an unquoted comma split, where only one way of doing so can be true.

A row with more cells than its header is regrouped in every way in which each column still has its
own strict shape. One way is a proof; none or several are a rejection, because a wrong guess turns
``$1,875.34`` into one dollar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

MOST_EXTRA_CELLS = 12

_FIRST = re.compile(r"\(?-?\$?\d{1,3}").fullmatch
_MIDDLE = re.compile(r"\d{3}").fullmatch
_LAST = re.compile(r"\d{3}(?:\.\d+)?\)?").fullmatch
_CERTAIN = re.compile(
    r"\(?-?\$\d{1,3}(?:,\d{3})+\.\d\d\)?|\(?-?\d{1,3}(?:,\d{3})+\.\d\d\)?"
).fullmatch
_NUMBER = re.compile(r"\s*(?:\d+|(?=[0-9a-f]*\d)[0-9a-f]{10})\s*").fullmatch
_NAME = re.compile(r"[^$]*[^\W\d_][^$]*").fullmatch


class Shape(msgspec.Struct, frozen=True):
    """What a column accepts. ``joins`` tells how cells may be put together for it.

    ``amount`` by thousands, ``name`` by any comma between parts of names, ``account`` where an id comes
    first and names follow, ``words`` by any comma, null never. ``mapped`` columns count
    when two ways are compared; the rest may differ freely.
    """

    fits: Callable[[str], bool]
    joins: Literal["amount", "name", "account", "words"] | None = None
    mapped: bool = True


def looks_like_person(cell: str) -> bool:
    """A bidder's cell: empty, one id, or text with a letter in it. An amount is none of these."""
    return not cell.strip() or bool(_NUMBER(cell) or _NAME(cell))


def looks_like_number(cell: str) -> bool:
    """One id of a bidder, or nothing."""
    return not cell.strip() or bool(_NUMBER(cell))


def looks_like_account(cell: str) -> bool:
    """One id, which names may follow after a comma, or nothing."""
    return looks_like_number(cell.partition(",")[0])


def regroup(
    cells: Sequence[str], shapes: Sequence[Shape], quoted: Sequence[bool] | None = None
) -> list[str] | None:
    """The one way to fit the cells into the columns, or null where there is none or more than one."""
    extra = len(cells) - len(shapes)
    if not 0 < extra <= MOST_EXTRA_CELLS:
        return None
    found: list[tuple[list[str], bool]] = []
    seen: set[tuple[str, ...]] = set()
    for way, certain in _ways(cells, shapes, quoted or [False] * len(cells), 0, 0):
        mapped = tuple(c for c, shape in zip(way, shapes, strict=True) if shape.mapped)
        if mapped not in seen:
            seen.add(mapped)
            found.append((way, certain))
            if len(found) > 1:
                return None
    return found[0][0] if found and found[0][1] else None


def _ways(
    cells: Sequence[str], shapes: Sequence[Shape], quoted: Sequence[bool], at: int, column: int
) -> Iterator[tuple[list[str], bool]]:
    if column == len(shapes):
        if at == len(cells):
            yield [], True
        return
    most = len(cells) - at - (len(shapes) - column - 1)
    shape = shapes[column]
    for size in range(1, most + 1):
        if size > 1 and (shape.joins is None or any(quoted[at : at + size])):
            return
        joined = _join(cells[at : at + size], shape)
        if joined is None:
            if shape.joins in ("name", "account"):
                return  # a cell that is no part of a name ends every longer group too
            continue
        for rest, certain in _ways(cells, shapes, quoted, at + size, column + 1):
            yield [joined[0], *rest], certain and joined[1]


def _join(group: Sequence[str], shape: Shape) -> tuple[str, bool] | None:
    """The joined cell and whether the join is certain, or null where it cannot be."""
    if len(group) == 1:
        return (group[0], True) if shape.fits(group[0]) else None
    text = ",".join(group)
    if shape.joins == "amount":
        whole = _FIRST(group[0]) and all(map(_MIDDLE, group[1:-1])) and _LAST(group[-1])
        return (text, bool(_CERTAIN(text))) if whole and shape.fits(text) else None
    if shape.joins in ("name", "account"):
        if shape.joins == "account" and not _NUMBER(group[0]):
            return None
        numbers = sum(1 for cell in group if _NUMBER(cell))
        return (text, True) if numbers < 2 and all(map(looks_like_person, group)) else None
    return (text, True) if shape.fits(text) else None
