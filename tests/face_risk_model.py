"""The smallest model of risk: a point for each hundred dollars of the face, and some for good measure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from taxlien.services.ml.adapters.family import Family
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.risk.asked import UNKNOWN, AskedLien, Scored


class FaceRisk:
    def __init__(self, more: float) -> None:
        self.more = more
        self.asked = 0

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[Any]:
        return list(cases)

    def score(self, liens: Sequence[AskedLien]) -> list[Scored]:
        return [self._score(lien) for lien in liens]

    def _score(self, lien: AskedLien) -> Scored:
        if lien.face_amount is None:
            return UNKNOWN
        return Scored(int(lien.face_amount / 100 + self.more), 0.25)


def load(files: Mapping[str, bytes], version: str) -> FaceRisk:
    return FaceRisk(json.loads(files["model.json"])["face"])


FAMILY = Family("risk", "face_risk_model:load", "face_risk_model:FAMILY")
