"""The lines of an answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, NamedTuple

LineKind = Literal["principal", "interest", "penalty", "fee", "repaid", "returned"]


class Line(NamedTuple):
    """One statutory line, already rounded.

    ``repaid`` is principal other than the lien (later taxes, costs); ``returned`` comes back to the
    holder from the county, not from the owner.
    """

    kind: LineKind
    label: str
    amount: Decimal
    months: int | None
    rate_pct: str | None
    statute: str
    owner_pays: bool
    holder_receives: bool
