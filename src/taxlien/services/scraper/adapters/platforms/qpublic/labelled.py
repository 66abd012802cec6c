"""Rows of a label and a value, as Schneider's modules have them."""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from taxlien.services.scraper.logic.reading_tables import cell_text, cells_of


def pairs(module: LexborNode) -> Iterator[tuple[str, LexborNode]]:
    """Yield (label, value cell) of every row that has a label and one value, or two such pairs.

    A row with another number of cells says nothing: its value may be the neighbour's.
    """
    for row in module.css("tr"):
        if row.css_first("table") is not None:
            continue
        there = cells_of(row)
        while len(there) > 2 and there[-1].tag == "td" and not cell_text(there[-1]):
            there.pop()
        if len(there) not in {2, 4}:
            continue
        for label, value in zip(there[::2], there[1::2], strict=True):
            if value.tag == "td" and (name := cell_text(label)):
                yield name, value
