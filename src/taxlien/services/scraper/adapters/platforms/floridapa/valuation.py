"""The columns of values: each is a table of its own, headed ``2023 Certified Values`` or not at all."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from taxlien.interfaces.scraper import ValueKind, ValueOfYear
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.reading_cells import money, words, year
from taxlien.services.scraper.logic.reading_tables import cell_lines, cell_text, cells_of, rows_of
from taxlien.services.scraper.logic.value_rows import roll_of

_KINDS: dict[str, ValueKind] = {
    "mkt land": "land",
    "market land": "land",
    "land": "land",
    "ag land": "other",
    "building": "improvement",
    "buildings": "improvement",
    "xfob": "extra_features",
    "just": "market",
    "class": "other",
    "appraised": "other",
    "total appraised": "other",
    "soh 10 cap": "other",
    "soh cap": "other",
    "assessed": "assessed",
    "exempt": "exempt",
}
"""``Just`` is the market value in Florida; ``Appraised`` is what is left of it for land under cultivation."""

_AMOUNT = re.compile(r"(county|city|other|school|total)\s*:?\s*(-?\$[\d,.]*\d)", re.IGNORECASE)


def read_values(tables: list[LexborNode], into: Gathering) -> None:
    """Read every table headed by a year, the heading's other words staying in the labels.

    A county without such headings says no year: its values have none either. Beside tables that are
    headed, one that is not has lost its year, and is left out.
    """
    headed: list[ValueOfYear] = []
    bare: list[ValueOfYear] = []
    for table in tables:
        rows = [cells_of(row) for row in rows_of(table)]
        heading = cell_text(rows[0][0]) if rows and len(rows[0]) == 1 else ""
        of_year = year(heading) if "value" in heading.lower() else None
        roll = roll_of(heading) if of_year else ""
        values = [v for row in rows if len(row) == 2 for v in _values(row, of_year, roll)]
        (headed if of_year else bare).extend(values)
    if not headed and len({v.label for v in bare}) == len(bare):
        headed = bare
    into.add_values(headed, "Property & Assessment Values: by heading and label")
    into.miss("values", "no table of values that could be read")


def _values(row: list[LexborNode], of_year: int | None, roll: str) -> list[ValueOfYear]:
    label = cell_text(row[0])
    name = words(label)
    if name == "total taxable":
        return _taxable(row[1], of_year, roll)
    kind = _KINDS.get(name)
    amount = money(_last_amount(row[1]) if name == "exempt" else cell_text(row[1]))
    if kind is None or amount is None:
        return []
    return [ValueOfYear(year=of_year, kind=kind, amount=amount, label=_named(label, roll))]


def _last_amount(cell: LexborNode) -> str:
    """The names of exemptions stand before their total, in cells of their own."""
    lines = cell_lines(cell)
    return lines[-1] if lines else ""


def _taxable(cell: LexborNode, of_year: int | None, roll: str) -> list[ValueOfYear]:
    """Read ``county:$1 city:$0 other:$0 school:$1``: each amount belongs to the word before it."""
    found = []
    for word, text in _AMOUNT.findall(cell_text(cell)):
        amount = money(text)
        kind: ValueKind = "taxable_school" if word.lower() == "school" else "taxable"
        if amount is not None:
            label = _named(f"Total Taxable {word.lower()}", roll)
            found.append(ValueOfYear(year=of_year, kind=kind, amount=amount, label=label))
    return found


def _named(label: str, roll: str) -> str:
    return f"{label} ({roll})" if roll else label
