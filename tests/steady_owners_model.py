"""A redemption model for tests: owners of one county pay steadily, those of another hardly ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taxlien.services.ml.adapters.family import Family
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.redemption.answer import RedemptionAnswer

GOOD, BAD = "19153", "45019"
_EVER = {GOOD: 0.97, BAD: 0.3}


class SteadyOwners:
    def __init__(self, version: str) -> None:
        self.version = version

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[RedemptionAnswer]:
        return [self._answer(case) for case in cases]

    def _answer(self, case: Case) -> RedemptionAnswer:
        ever = _EVER.get(case.county_fips or "", 0.6)
        return RedemptionAnswer(
            id=case.id,
            basis="model" if case.county_fips in _EVER else "insufficient_data",
            p_redeem=ever,
            p_redeem_by_months={6: 0.3 * ever, 12: 0.5 * ever, 24: 0.8 * ever, 36: 0.95 * ever},
            expected_months=14.0,
            interval=(0.1, 0.99),
            model_version=self.version,
        )


def load(files: Mapping[str, bytes], version: str) -> SteadyOwners:
    return SteadyOwners(version)


FAMILY = Family("redemption", "steady_owners_model:load", "steady_owners_model:FAMILY")
