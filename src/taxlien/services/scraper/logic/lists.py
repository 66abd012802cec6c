"""Lists: whole files that a publisher gives page by page, put together to one and counted.

A page of a list says nothing by itself. Its reading names the list and the page's place in it
(``Reading.lists``); when a run ends, ``plan_lists`` says which pages make which file and what is wrong
with it, and ``body_of`` gives what each page adds to the file. An unchanged page belongs to the file as
much as a changed one: what its last reading said of lists holds, and only a run without any change needs
no file. So a page says of the list only what it has itself: how many pages and rows there are is said by
the page that counts them.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

ANNOUNCED = -1
"""The part of a page that only counts: no piece of the file."""

ListFormat = Literal[
    "whole",  # one download: its bytes are the file, whatever they are
    "csv",  # UTF-8 with a header on every page
    "json",  # an array of objects on every page
]


class ListPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One page of a list. ``part`` counts from 0; ``ANNOUNCED`` is no piece of the file but counts it.

    ``mapping`` names the catalogue's mapping that reads the file, ``parameters`` are its values.
    ``rows`` are those of this page. ``parts`` and ``promised`` are pages and rows of the whole list, as
    its publisher counts them; null where this page does not know. ``header`` are the names of columns.
    """

    file_name: str
    url: str
    mapping: str
    parameters: dict[str, str] = {}
    format: ListFormat = "whole"
    part: int = 0
    parts: int | None = None
    rows: int | None = None
    promised: int | None = None
    header: tuple[str, ...] = ()


class ListPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A list of a run: the keys of its pages in order, and in words what keeps it from being used.

    ``rows`` is null where nobody counted them.
    """

    first: ListPart
    pages: tuple[tuple[str, ListPart], ...]
    rows: int | None
    problems: tuple[str, ...]


def plan_lists(parts: Iterable[tuple[str, ListPart]]) -> list[ListPlan]:
    """Return the lists that pages (key of the page, what it holds) make, by the name of the file.

    A list with a page missing or twice, with other columns from one page on, or with fewer or more rows
    than its publisher counts has ``problems`` and is not to be published.
    """
    groups: defaultdict[str, list[tuple[str, ListPart]]] = defaultdict(list)
    for key, part in parts:
        groups[part.file_name].append((key, part))
    return [_plan(sorted(group, key=_place)) for _, group in sorted(groups.items())]


def body_of(part: ListPart, raw: bytes, text: str, *, last: bool) -> bytes:
    """Return what this page adds to the file. ``raw`` is the page as it came, ``text`` as it was decoded.

    A CSV page after the first loses its header; pages of JSON arrays become one array, which the ``last``
    page closes.
    """
    if part.format == "whole":
        return raw
    if part.format == "csv":
        return _without_header(text, keep=part.part == 0).encode()
    inner = text.strip().removeprefix("[").removesuffix("]").strip()
    opening = "[" if part.part == 0 else (",\n" if inner else "")
    return f"{opening}{inner}{']' if last else ''}".encode()


def _place(keyed: tuple[str, ListPart]) -> int:
    return keyed[1].part


def _plan(known: list[tuple[str, ListPart]]) -> ListPlan:
    pages = [(key, part) for key, part in known if part.part != ANNOUNCED]
    counts = [part.rows for _, part in pages]
    rows = None if None in counts else sum(count for count in counts if count is not None)
    return ListPlan(
        first=pages[0][1] if pages else known[0][1],
        pages=tuple(pages),
        rows=rows,
        problems=tuple(_problems([part for _, part in known], rows)),
    )


def _problems(known: list[ListPart], rows: int | None) -> Iterator[str]:
    parts = [part for part in known if part.part != ANNOUNCED]
    places = {part.part for part in parts}
    wanted = max([1, *(part.parts or part.part + 1 for part in known)])
    missing = sorted(set(range(wanted)) - places)
    if missing:
        yield f"{len(missing)} of {wanted} pages are missing, among them page {missing[0] + 1}"
    if len(places) < len(parts):
        yield "a page came twice"
    headers = [part.header for part in parts if part.header]
    for part in parts:
        if part.header and part.header != headers[0]:
            yield f"page {part.part + 1} has other columns than the first"
            break
    for count in {part.promised for part in known} - {None}:
        if rows is not None and rows != count:
            yield f"{rows} rows were read, the publisher counts {count}"


def header_and_rows(text: str) -> tuple[tuple[str, ...], int]:
    """Return the column names of a CSV page and how many rows follow; a quoted cell may span lines.

    Raises ``csv.Error`` for what is no CSV.
    """
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    header = tuple(next(rows, []))
    return header, sum(1 for row in rows if row)


def _without_header(text: str, *, keep: bool) -> str:
    text = text.removeprefix("\ufeff")
    if text and not text.endswith("\n"):
        text += "\n"
    if keep:
        return text
    source = io.StringIO(text, newline="")
    next(csv.reader(source), None)
    return text[source.tell() :]
