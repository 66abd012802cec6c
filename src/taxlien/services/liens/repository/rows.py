"""A lien between its table and its struct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taxlien.interfaces.liens import Lien

COLUMNS = Lien.__struct_fields__
"""The columns of ``liens.liens`` that a lien is made of: named, and ordered, as in the struct."""

_AS_SAID = ("bid_rate_pct", "acres", "building_sqft")
"""Numbers shown with the digits they were published with, not with those of their column."""

_SELECTED = (f"trim_scale({name})" if name in _AS_SAID else name for name in COLUMNS)
LIEN_SELECT = f"SELECT {', '.join(_SELECTED)} FROM liens.liens"  # noqa: S608 - our own names


def lien_of(row: Sequence[Any]) -> Lien:
    """Return the lien of a row that ``LIEN_SELECT`` gave."""
    return Lien(**dict(zip(COLUMNS, row, strict=True)))
