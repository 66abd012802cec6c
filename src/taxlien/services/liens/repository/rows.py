"""A lien between its table and its struct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from taxlien.interfaces.liens import Lien

COLUMNS = Lien.__struct_fields__
"""The columns of ``liens.liens`` that a lien is made of: named, and ordered, as in the struct."""

LIEN_SELECT = f"SELECT {', '.join(COLUMNS)} FROM liens.liens"  # noqa: S608 - our own names


def lien_of(row: Sequence[Any]) -> Lien:
    """Return the lien of a row that ``LIEN_SELECT`` gave."""
    return Lien(**dict(zip(COLUMNS, row, strict=True)))
