"""One value of one year from its label and its cell."""

from __future__ import annotations

from taxlien.interfaces.scraper import ValueOfYear

from .reading_cells import money, words
from .value_kinds import NO_MONEY, kind_of


def value_of(label: str, text: str, year: int | None, heading: str = "") -> ValueOfYear | None:
    """Return the value, or None where the cell holds no amount or the row is not about money.

    ``heading`` is the table's own, for tables whose rows say only ``Land`` or ``Total``. A row of a kind
    nobody knows counts as money only where the cell or the label says so.
    """
    name = words(label)
    if not name or name in NO_MONEY or len(label) > 120:
        return None
    amount = money(text)
    if amount is None:
        return None
    kind = kind_of(label, heading)
    said_so = "$" in text or "," in text or "." in text or {"value", "credit"} & set(name.split())
    if kind == "other" and not said_so:
        return None
    whole = f"{heading}: {label}" if heading else label
    return ValueOfYear(year=year, kind=kind, amount=amount, label=whole)
