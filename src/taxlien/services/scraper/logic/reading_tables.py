"""Tables of a page as rows of cells that cannot slip: a row that does not fit its header is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from .reading_cells import squeeze, words

_GROUPS = {"thead", "tbody", "tfoot"}
_CELLS = {"td", "th"}
_WIDEST = 200


def document(text: str) -> LexborHTMLParser:
    """Parse a page, whatever bytes are in it. Scripts and styles are no text of any cell."""
    tree = LexborHTMLParser(text.encode("utf-8", "replace"))
    tree.strip_tags(["script", "style", "template"])
    return tree


def cell_text(node: LexborNode) -> str:
    """Return what a person reads in the node, in one line."""
    return squeeze(node.text(separator=" "))


def cell_lines(node: LexborNode) -> list[str]:
    """Return the pieces of text in the node, one for each element or line break, without empty ones."""
    return [line for piece in node.text(separator="\x1f").split("\x1f") if (line := squeeze(piece))]


def rows_of(table: LexborNode) -> Iterator[LexborNode]:
    """Yield the rows of this table, not those of tables inside its cells."""
    for child in table.iter():
        if child.tag == "tr":
            yield child
        elif child.tag in _GROUPS:
            yield from (row for row in child.iter() if row.tag == "tr")


def cells_of(row: LexborNode) -> list[LexborNode]:
    """Return the cells of a row, ``th`` and ``td`` alike."""
    return [cell for cell in row.iter() if cell.tag in _CELLS]


def span_of(cell: LexborNode) -> int:
    """Return over how many columns the cell reaches; nonsense counts as 1."""
    raw = (cell.attributes.get("colspan") or "1").strip()
    return (
        min(max(int(raw), 1), _WIDEST) if raw.isascii() and raw.isdecimal() and len(raw) < 6 else 1
    )


class Grid(msgspec.Struct, frozen=True):
    """A table with a header. Every row has exactly as many cells as the header has columns.

    ``header`` holds the columns' own words, ``names`` their bare words. ``unfit`` counts the rows left out
    because a cell was missing or one too many: nobody knows which column they belong to.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    unfit: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(words(h) for h in self.header)

    def column(self, names: Sequence[str]) -> int | None:
        """Return the place of the first of ``names`` that heads exactly one column."""
        here = self.names
        return next((here.index(n) for n in names if here.count(n) == 1), None)


def grid_of(table: LexborNode) -> Grid | None:
    """Read a table whose first row, or the fullest row of its ``thead``, is the header."""
    rows = [(row.parent is not None and row.parent.tag == "thead", row) for row in rows_of(table)]
    heads = [row for in_head, row in rows if in_head]
    if not rows:
        return None
    head = max(heads, key=lambda r: len(cells_of(r))) if heads else rows[0][1]
    body = [row for in_head, row in rows if not in_head][0 if heads else 1 :]
    return grid_from(head, body)


def grid_from(head: LexborNode, body: Sequence[LexborNode]) -> Grid:
    """Read ``body`` under the header row ``head``. Rows with a spanning cell are remarks, not records."""
    header = [cell_text(cell) for cell in cells_of(head) for _ in range(span_of(cell))]
    fit: list[tuple[str, ...]] = []
    unfit = 0
    for row in body:
        cells = cells_of(row)
        if not cells or any(span_of(cell) > 1 for cell in cells):
            continue
        if len(cells) == len(header):
            fit.append(tuple(cell_text(cell) for cell in cells))
        elif any(cell_text(cell) for cell in cells):
            unfit += 1
    return fitted(header, fit, unfit)


def fitted(header: Sequence[str], fit: Sequence[tuple[str, ...]], unfit: int) -> Grid:
    """Return the grid; where no more rows fit than do not, the header itself is at fault and none counts."""
    if unfit and unfit >= len(fit):
        return Grid(tuple(header), (), unfit + len(fit))
    return Grid(tuple(header), tuple(fit), unfit)
