"""What a family of models is to training and serving. Engines are named, and loaded when asked for."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from taxlien.services.ml.logic.case import Case

if TYPE_CHECKING:  # a process that only listens loads no SciPy: 30 MB
    from taxlien.services.ml.logic.findings import Findings


class Model(Protocol):
    """A trained model that serves; safe to ask from several threads at once."""

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> Sequence[Any]:
        """Return one answer a case, in order: structs that JSON can say. With ``explain`` they carry
        reasons that cost more than the answer; None leaves that to the model."""
        ...


@dataclass(frozen=True)
class Family:
    """Models of one kind. ``loader``, ``trainer`` and ``reporter`` are names, ``module:function``
    and ``module:object``; the last tests what the second made.

    What they name imports an engine of 170 MB, which most processes never need. ``teachers`` are families
    whose models in office it learns from.
    """

    name: str
    loader: str
    trainer: str
    reporter: str = ""
    teachers: tuple[str, ...] = ()

    def load(self, files: Mapping[str, bytes], version: str) -> Model:
        """Return the model of an artifact's files. Raises ``ValueError`` where they are none."""
        return cast(Model, pkgutil.resolve_name(self.loader)(files, version))

    def training(self) -> Any:
        """Return how this family learns: a ``learning.Learning``."""
        return cast(Any, pkgutil.resolve_name(self.trainer))

    def report(self, model: Any, taught: Any, judged: Any, seed: int) -> Findings:
        """Return what its tests found; a family without any says nothing."""
        if not self.reporter:
            return cast("Findings", pkgutil.resolve_name(_FINDINGS)())
        return cast("Findings", pkgutil.resolve_name(self.reporter)(model, taught, judged, seed))


_ADAPTERS = "taxlien.services.ml.adapters"
_FINDINGS = "taxlien.services.ml.logic.findings:Findings"


def drawn(found: Findings) -> Mapping[str, bytes]:
    """Return findings as pictures, SVG by the name of the file. What draws is loaded if there is
    something to draw."""
    if found == type(found)():
        return {}
    return cast(Mapping[str, bytes], pkgutil.resolve_name(f"{_ADAPTERS}.pictures:drawn")(found))


FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family(
            "redemption",
            f"{_ADAPTERS}.redemption_model:load",
            f"{_ADAPTERS}.redemption_training:TRAINING",
            f"{_ADAPTERS}.redemption_findings:findings_of",
        ),
        Family(
            "price",
            f"{_ADAPTERS}.auction_model:load",
            f"{_ADAPTERS}.auction_training:TRAINING",
            f"{_ADAPTERS}.auction_findings:findings_of",
        ),
        Family(
            "risk",
            f"{_ADAPTERS}.risk_model:load",
            f"{_ADAPTERS}.risk_training:TRAINING",
            f"{_ADAPTERS}.risk_findings:findings_of",
        ),
        Family(
            "allocation",
            f"{_ADAPTERS}.allocation_policy:load",
            f"{_ADAPTERS}.allocation_learning:TRAINING",
            teachers=("redemption",),
        ),
    )
}
"""Every kind of model there is, by name."""
