"""A page of iasWorld as its datalets: titled blocks of label and value rows, and grids."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.services.scraper.logic.reading_cells import squeeze, words
from taxlien.services.scraper.logic.reading_tables import (
    Grid,
    cell_text,
    cells_of,
    fitted,
    rows_of,
    span_of,
)

_LABEL, _VALUE, _HEAD = "DataletSideHeading", "DataletData", "DataletTopHeading"
_BANNER_ID = re.compile(
    r"\s*(parid|parcel id|parcel number|parcel no\.?|parcel|pin|parcel #|apn)\s*:\s*(\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_BANNER_OTHER = re.compile(
    r"\s*(alt(?:ernate)? key|account(?: number)?|alt id)\s*:\s*(\S+)\s*", re.I
)


class Row(msgspec.Struct, frozen=True):
    """A label and its value. ``raw`` keeps the spaces inside, which are part of a parcel's number."""

    label: str
    text: str
    raw: str


class Datalet(msgspec.Struct, frozen=True):
    """One block. Rows without a label keep their place among the others."""

    title: str
    rows: tuple[Row, ...]
    grids: tuple[Grid, ...]

    @property
    def about(self) -> frozenset[str]:
        """The bare words of the title."""
        return frozenset(words(self.title).split())


class Banner(msgspec.Struct, frozen=True):
    """What stands above the datalets on every mode: the parcel, whether an owner, the address."""

    parcel_id: str | None = None
    label: str = ""
    other_ids: dict[str, str] = {}
    owner: bool | None = None
    situs: str | None = None


def datalets(tree: LexborHTMLParser) -> list[Datalet]:
    """Return the page's datalets; where a county leaves out their frames, every named table of the kind."""
    frames = tree.css("div[id^=datalet_div_]")
    if frames:
        return [d for frame in frames if (d := _of_frame(frame)) is not None]
    tables = [
        t for t in tree.css("table[id]") if t.css_first(f"td.{_LABEL}, td.{_HEAD}") is not None
    ]
    return [_of_tables(squeeze(t.attributes.get("id")), [t]) for t in tables]


def _of_frame(frame: LexborNode) -> Datalet | None:
    tables = frame.css("table")
    heading = frame.css_first("td.DataletTitleColor, td.DataletTitle")
    named = next((i for t in tables if (i := squeeze(t.attributes.get("id")))), "")
    title = cell_text(heading) if heading is not None else named
    return _of_tables(title or squeeze(frame.attributes.get("name")), tables) if tables else None


def _of_tables(title: str, tables: list[LexborNode]) -> Datalet:
    rows: list[Row] = []
    grids: list[Grid] = []
    for table in tables:
        of_table, of_grids = _read(table)
        rows += of_table
        grids += of_grids
    return Datalet(title, tuple(rows), tuple(grids))


def _read(table: LexborNode) -> tuple[list[Row], list[Grid]]:
    """A header row opens a grid; rows of as many cells belong to it, rows of pairs stand alone."""
    rows: list[Row] = []
    grids: list[tuple[list[str], list[tuple[str, ...]], list[int]]] = []
    for row in rows_of(table):
        cells = [(kind, cell) for cell in cells_of(row) if (kind := _kind(cell))]
        kinds = {kind for kind, _ in cells}
        if _HEAD in kinds:
            header = [cell_text(cell) for _, cell in cells for _ in range(span_of(cell))]
            grids.append((header, [], []))
        elif grids and len(cells) == len(grids[-1][0]):
            grids[-1][1].append(tuple(cell_text(cell) for _, cell in cells))
        elif not grids or _LABEL in kinds:
            rows += _pairs(cells)
        elif any(cell_text(cell) for _, cell in cells):
            grids[-1][2].append(1)
    return rows, [fitted(header, body, len(unfit)) for header, body, unfit in grids]


def _kind(cell: LexborNode) -> str | None:
    named = (cell.attributes.get("class") or "").split()
    return next((k for k in (_LABEL, _VALUE, _HEAD) if k in named), None)


def _pairs(cells: list[tuple[str, LexborNode]]) -> Iterator[Row]:
    """Yield label and value where they alternate; a row in any other order says nothing."""
    kinds = [kind for kind, _ in cells]
    if not cells or kinds != [_LABEL, _VALUE] * (len(cells) // 2):
        return
    for (_, label), (_, value) in zip(cells[::2], cells[1::2], strict=True):
        yield Row(cell_text(label), cell_text(value), raw_text(value))


def raw_text(node: LexborNode) -> str:
    """Return the text with the spaces inside it as they are: hard ones become plain ones."""
    return node.text().replace("\u00a0", " ").strip()


def banner(tree: LexborHTMLParser) -> Banner:
    """Read the page's head, and what the hidden fields say where the head names no parcel."""
    label, parcel_id = "", None
    other: dict[str, str] = {}
    for cell in tree.css("td.DataletHeaderTop"):
        text = raw_text(cell)
        if parcel_id is None and (found := _BANNER_ID.fullmatch(text)):
            label, parcel_id = found[1], found[2]
        elif found := _BANNER_OTHER.fullmatch(text):
            other[found[1]] = found[2]
    bottom = [cell_text(cell) for cell in tree.css("td.DataletHeaderBottom")]
    owner = bool(words(bottom[0])) if bottom else None
    situs = bottom[1] if len(bottom) == 2 and bottom[1] else None
    return Banner(parcel_id, label, other, owner, situs)


def hidden(tree: LexborHTMLParser, *names: str) -> str | None:
    """Return the value of the first hidden field that has one. The spaces inside it are kept."""
    for name in names:
        field = tree.css_first(f"input#{name}")
        value = field.attributes.get("value") if field is not None else None
        if value and value.strip():
            return value.replace("\u00a0", " ").strip()
    return None
