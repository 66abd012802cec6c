"""A model that is asked about liens in bulk, without words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from taxlien.services.ml.logic.risk.asked import AskedLien, Scored


@runtime_checkable
class Scorer(Protocol):
    """Safe to ask from several threads at once."""

    def score(self, liens: Sequence[AskedLien]) -> list[Scored]:
        """Return what is said of each lien, in order."""
        ...
