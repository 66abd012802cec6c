"""Read a JSON array of objects, or one object a line, as rows with a header."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain, islice
from typing import Any

import ijson  # type: ignore[import-untyped]

from taxlien.services.liens.logic.records import ReadCounts, Reject, UnreadableFile

from .delimited import Lines, Row
from .opening import OpenedFile

SAMPLE = 200
DEEPEST = 40
_DESCRIBING = frozenset(
    {"fields", "columns", "headers", "links"}
)  # lists about the list, as ArcGIS has
_SCALARS = frozenset({"null", "boolean", "integer", "double", "number", "string"})
_BROKEN = (ijson.JSONError, UnicodeDecodeError, ValueError, RecursionError, ArithmeticError)

Item = tuple[int, dict[str, str], str]


class _Pieces:
    """Chunks as a file to read from, for ijson."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        if size == 0:
            return b""
        piece = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(piece) :]
        return piece


class JsonRows:
    """The objects of a JSON file; the names in the first 200 are its header. Fits ``RowSource``.

    Objects inside objects are flattened; a name inside counts by its last part where that is unique.
    """

    delimiter = ","

    def __init__(self, opened: OpenedFile, counts: ReadCounts) -> None:
        self._counts = counts
        self._opened = opened
        self._by_line = _one_a_line(opened.head)
        self._items = self._objects()
        self._first = list(islice(self._items, SAMPLE))
        paths = list(
            dict.fromkeys(p for i in self._first if not isinstance(i, Reject) for p in i[1])
        )
        if not paths:
            raise UnreadableFile("no objects with values were found in the JSON")
        leaves = [path.rsplit(".", 1)[-1] for path in paths]
        self._paths = paths
        self._header = [
            leaf if leaves.count(leaf) == 1 else path
            for leaf, path in zip(leaves, paths, strict=True)
        ]

    def sample(self) -> list[Row]:
        rows = (self._row(item) for item in self._first if not isinstance(item, Reject))
        return [(0, self._header, ""), *rows]

    def rows(self) -> Iterator[Row | Reject]:
        yield 0, self._header, ""
        for item in chain(self._first, self._items):
            yield item if isinstance(item, Reject) else self._row(item)

    def _row(self, item: Item) -> Row:
        number, values, raw = item
        return number, [values.get(path, "") for path in self._paths], raw

    def _objects(self) -> Iterator[Item | Reject]:
        return self._lines() if self._by_line else self._array()

    def _lines(self) -> Iterator[Item | Reject]:
        for line in Lines(self._opened.chunks(), self._counts):
            if isinstance(line, Reject):
                yield line
                continue
            number, text, _ = line
            if not text.strip():
                self._counts.blank += 1
                continue
            try:
                value = json.loads(text, parse_float=Decimal)
            except (ValueError, RecursionError):
                yield Reject(line=number, reason="not valid JSON", raw=text[:2000])
                continue
            yield _item(number, value, text)

    def _array(self) -> Iterator[Item | Reject]:
        number = 0
        try:
            for value in _listed(ijson.basic_parse(_Pieces(self._opened.chunks()))):
                number += 1
                self._counts.lines = number
                yield _item(number, value, json.dumps(value, default=str)[:2000])
        except _BROKEN as error:
            said = " ".join(str(error).split())
            raise UnreadableFile(f"not valid JSON: {said}", number + 1) from error


def _listed(events: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    """The elements of the list at the top, or of the first list of objects in the object at the top
    that does not describe another.

    One element at a time, and none nested deeper than any table is: depth is what an attack grows.
    """
    depth, list_depth, may_be, name = 0, 0, 0, ""
    builder: Any = None
    for event, value in events:
        if event in ("end_map", "end_array"):
            depth -= 1
        elif event == "map_key" and builder is None:
            name = value
        if builder is None and event in ("start_map", "start_array"):
            if not list_depth and event == "start_map" and may_be == depth == 2:
                list_depth = depth
            if list_depth and depth == list_depth:
                builder = ijson.ObjectBuilder()
        elif builder is None and list_depth and depth == list_depth and event in _SCALARS:
            yield value
        if builder is not None:
            builder.event(event, value)
            if depth == list_depth and event in ("end_map", "end_array"):
                yield builder.value
                builder = None
        if event in ("start_map", "start_array"):
            depth += 1
            if depth > DEEPEST:
                raise UnreadableFile(f"JSON nested more than {DEEPEST} deep")
            # The list itself: at the top, or in the object at the top and then only if objects follow.
            listed = event == "start_array" and depth <= 2 and name not in _DESCRIBING
            may_be = depth if listed else 0
            list_depth = list_depth or (1 if may_be == 1 else 0)
    if not list_depth:
        raise UnreadableFile("a JSON object without a list of objects in it")


def _item(number: int, value: Any, raw: str) -> Item | Reject:
    if not isinstance(value, dict):
        return Reject(line=number, reason="not an object with names and values", raw=raw[:2000])
    return number, dict(_flat(value, "")), raw


def _one_a_line(head: bytes) -> bool:
    first, _, rest = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if not first.startswith(b"{"):
        return False
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        return False
    holds_a_list = any(isinstance(e, list) and e and isinstance(e[0], dict) for e in value.values())
    return bool(rest.strip()) or not holds_a_list


def _flat(value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for name, entry in value.items():
        where = f"{path}{name}"
        if isinstance(entry, dict):
            yield from _flat(entry, f"{where}.")
        else:
            yield where, _text(entry)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f") if -20 < (value.adjusted()) < 20 else str(value)
    if isinstance(value, list):
        return json.dumps(value, default=str)
    return str(value).replace("\x00", " ")
