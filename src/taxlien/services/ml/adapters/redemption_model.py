"""Redemption from a trained artifact: two forests, the hazards they start from, and what sales have shown.

The artifact is a folder of plain files: ``model.json``, ``history.npz``, and trees as UBJSON. No pickle.
Where holders' later taxes taught, those have trees and curves of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.adapters import tree_files
from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.adapters.fixed_trees import held_at
from taxlien.services.ml.adapters.tree_calls import ask
from taxlien.services.ml.logic.about import TrainedOn, trained_on
from taxlien.services.ml.logic.calibration import Pooled
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.redemption.answer import (
    ASKED,
    Reason,
    RedemptionAnswer,
    ends_untold,
    evidence_of,
    reasons_of,
)
from taxlien.services.ml.logic.redemption.baseline import FAR, NEAR, TAXES, Baseline, log_odds
from taxlien.services.ml.logic.redemption.columns import Columns, Floats, columns_of_cases
from taxlien.services.ml.logic.redemption.features import NAMES, OF_A_SALE, Singles, features_of
from taxlien.services.ml.logic.redemption.history import County, History
from taxlien.services.ml.logic.redemption.labels import Endings
from taxlien.services.ml.logic.redemption.spread import (
    UNKNOWN_COUNTY,
    UNKNOWN_STATE,
    interval_of,
)
from taxlien.services.ml.logic.shares.forest import Forest
from taxlien.services.ml.logic.survival import EDGES, expected_months, incidence

FORMAT = 1
CHUNK = 32_768
_ASKED = {months: EDGES.index(months) for months in ASKED}
_COUNTY_ARRAYS = ("day", "parcel", "face", "premium", "ended", "paid_day", "paid_parcel")
MOST_EXPLAINED = 16
_HASHED = (tree_files.HISTORY, "near.ubj", "far.ubj")
_TAXES = "taxes.ubj"
_PLACES = np.arange(len(EDGES), dtype=np.float32)
_EXPLAINED = EDGES.index(12)
_SALE_PLACES = [NAMES.index(name) for name in OF_A_SALE]


class Tables(msgspec.Struct, frozen=True):
    """All of a model but its trees and its history; ``near`` speaks of sales that were seen, ``far`` of
    all others. Curves and spreads have one entry an edge; no curve, too little was known there."""

    baseline: Baseline
    endings: Mapping[str, Endings]
    near_curves: tuple[Pooled | None, ...]
    far_curves: tuple[Pooled | None, ...]
    near_spread: tuple[float, ...]
    far_spread: tuple[float, ...]
    tax_curves: tuple[Pooled | None, ...] = ()
    tax_spread: tuple[float, ...] = ()
    features: tuple[str, ...] = NAMES
    edges: tuple[int, ...] = EDGES
    format: int = FORMAT
    sha256: Mapping[str, str] = {}


@dataclass(frozen=True)
class Told:
    """What is said of many cases: chances by each edge, and which trees told them."""

    redeemed: Floats
    deeded: Floats
    void: Floats
    told_by: NDArray[np.int8]


@dataclass(frozen=True)
class RedemptionModel:
    """Redemption of cases of any state."""

    near: xgboost.Booster
    far: xgboost.Booster
    tables: Tables
    history: History
    version: str = ""
    trained_on: TrainedOn | None = None
    taxes: xgboost.Booster | None = None
    _rates: dict[tuple[tuple[float, ...], str], float] = field(
        default_factory=dict, repr=False, compare=False
    )

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[RedemptionAnswer]:
        """Return one answer a case, in order. Reasons (exact Shapley values) are told if ``explain``, and
        unasked of few cases: of many they would cost more than the answers."""
        reasons = len(cases) <= MOST_EXPLAINED if explain is None else explain
        answers: list[RedemptionAnswer] = []
        columns = columns_of_cases(cases)
        matrix = features_of(columns, self.history)
        for start in range(0, len(cases), CHUNK):
            part = slice(start, start + CHUNK)
            told = self._tell(columns.only(part), matrix[part])
            why = self._explain(told.told_by, matrix[part]) if reasons else None
            answers += self._answers(cases[part], columns.day[part].tolist(), told, why)
        return answers

    def tell(self, columns: Columns) -> Told:
        """Return the chances of ``columns``, without words."""
        return self._tell(columns, features_of(columns, self.history))

    def _tell(self, columns: Columns, matrix: Singles) -> Told:
        odds, told_by = self._start(columns)
        hazards = np.empty(odds.shape)
        for which, trees in self._trees.items():
            chosen = told_by == which
            if chosen.any():
                hazards[chosen] = hazards_of(trees, matrix[chosen], odds[chosen])
        return calibrated(hazards, columns.state, told_by, self.tables)

    @property
    def _trees(self) -> dict[int, xgboost.Booster]:
        some = {NEAR: self.near, FAR: self.far}
        return some if self.taxes is None else some | {TAXES: self.taxes}

    def _start(self, columns: Columns) -> tuple[Floats, NDArray[np.int8]]:
        """Return the baseline's log odds, and which trees can speak: but the far ones only of what was
        seen, where the parcel or the face is known, as of all that taught them."""
        odds, told_by = log_odds(self.tables.baseline, columns)
        placed = np.isfinite(columns.parcel) | np.isfinite(columns.face)
        return odds, np.where(placed, told_by, np.int8(FAR))

    @cached_property
    def explained(self) -> dict[int, Forest]:
        """The trees as they speak of the interval that reasons are told of: near, far, of taxes."""
        return {
            which: Forest(held_at(trees, len(NAMES), _EXPLAINED), len(NAMES))
            for which, trees in self._trees.items()
        }

    def _explain(self, told_by: NDArray[np.int8], matrix: Singles) -> list[tuple[Reason, ...]]:
        pulls = np.empty(matrix.shape)
        for which, forest in self.explained.items():
            chosen = told_by == which
            if chosen.any():
                pulls[chosen] = forest.shares(matrix[chosen])
        return reasons_of(NAMES, pulls, np.isnan(matrix))

    def _answers(
        self,
        cases: Sequence[Case],
        days: Sequence[float],
        told: Told,
        why: list[tuple[Reason, ...]] | None,
    ) -> list[RedemptionAnswer]:
        cells = [
            self.tables.baseline.of(case.state or "", case.county_fips or "", day)
            for case, day in zip(cases, days, strict=True)
        ]
        spread = np.array([self._spread(level) for level, _ in cells])
        low, high = interval_of(told.redeemed[:, -1], spread)
        months = expected_months(told.redeemed)
        beside = np.column_stack([told.redeemed, low, high, told.deeded, told.void])
        rows = zip(
            cases, cells, np.round(beside, 5).tolist(), np.round(months, 2).tolist(),
            why or [()] * len(cases), strict=True,
        )  # fmt: skip
        answers = []
        for case, (level, cell), rounded, mean, reasons in rows:
            *curve, least, most, deeded, void = rounded
            answers.append(
                RedemptionAnswer(
                    id=case.id,
                    basis="insufficient_data" if level == "all" else "model",
                    p_redeem=curve[-1],
                    p_redeem_by_months={m: curve[k] for m, k in _ASKED.items()},
                    expected_months=None if mean != mean else mean,
                    interval=(least, most),
                    p_deeded=None if deeded != deeded else deeded,
                    p_void=None if void != void else void,
                    n=cell.n,
                    cell=level,
                    base_rate=self._usual(cell.by_interval, case.state or ""),
                    reasons=reasons,
                    evidence=evidence_of(level, cell.n, case.state or ""),
                    notes=() if deeded == deeded else (ends_untold(case.state),),
                    problems=case.problems,
                    model_version=self.version,
                    trained_on=self.trained_on,
                )
            )
        return answers

    def _usual(self, hazards: tuple[float, ...], state: str) -> float:
        """Return what the liens of a cell redeem at within the horizon."""
        found = self._rates.get((hazards, state))
        if found is None:
            ways = _other_ways(self.tables.endings.get(state))
            redeemed, _ = incidence(np.array([hazards]), ways)
            found = self._rates[hazards, state] = round(float(redeemed[0, -1]), 5)
        return found

    def _spread(self, level: str) -> float:
        if level == "sale":
            return self.tables.near_spread[-1]
        if level == "taxes":
            return self.tables.tax_spread[-1]
        added = {"county": 0.0, "state": UNKNOWN_COUNTY, "all": UNKNOWN_STATE}[level]
        return float(np.hypot(self.tables.far_spread[-1], added))


def hazards_of(trees: xgboost.Booster, matrix: Singles, odds: Floats) -> Floats:
    """Return the chance to redeem in each interval (cases, intervals), from the baseline's log odds."""
    n, intervals = odds.shape
    found = np.empty((n, intervals))
    for start in range(0, n, CHUNK):
        part = matrix[start : start + CHUNK]
        asked = np.empty((len(part), intervals, part.shape[1] + 1), np.float32)
        asked[:, :, :-1] = part[:, None]
        asked[:, :, -1] = _PLACES
        margin = odds[start : start + CHUNK].astype(np.float32)
        chances = ask(trees, asked.reshape(-1, asked.shape[2]), margin.reshape(-1))
        found[start : start + CHUNK] = chances.reshape(len(part), intervals)
    return found


def calibrated(
    hazards: Floats, states: NDArray[np.bytes_], told_by: NDArray[np.int8], tables: Tables
) -> Told:
    """Return the chances by each edge that hazards come to, made honest; they never fall with time."""
    redeemed = np.empty(hazards.shape)
    deeded, void = np.full(len(hazards), np.nan), np.full(len(hazards), np.nan)
    for state in sorted(set(states.tolist())):
        name = state.decode()
        of_state = np.flatnonzero(states == state)
        ends = tables.endings.get(name)
        raw, other = incidence(hazards[of_state], _other_ways(ends))
        for curves, chosen in (
            (tables.near_curves, told_by[of_state] == NEAR),
            (tables.far_curves, told_by[of_state] == FAR),
            (tables.tax_curves, told_by[of_state] == TAXES),
        ):
            if chosen.any():
                redeemed[of_state[chosen]] = _curved(raw[chosen], curves, name)
        if ends is not None:
            left = (1 - redeemed[of_state, -1]) / np.maximum(1 - raw[:, -1], 1e-9)
            deeded[of_state] = np.minimum(np.maximum(other[0, :, -1] * left, 0), 1)
            void[of_state] = np.minimum(np.maximum(other[1, :, -1] * left, 0), 1)
    return Told(redeemed, deeded, void, told_by)


def _other_ways(ends: Endings | None) -> Floats:
    return np.zeros((2, len(EDGES))) if ends is None else np.array([ends.deeded, ends.void])


def _curved(raw: Floats, curves: Sequence[Pooled | None], state: str) -> Floats:
    told = raw.copy()
    for k, curve in enumerate(curves):
        if curve is not None:
            told[:, k] = curve(raw[:, k], state)
    held = np.minimum(np.maximum(told, 0.0), 1.0)
    return np.asarray(np.maximum.accumulate(held, axis=1), np.float64)


def without_sale(matrix: Singles) -> Singles:
    """Return features that do not name their sale: what is known of one that was never seen."""
    plain = matrix.copy()
    plain[:, _SALE_PLACES] = np.nan
    return plain


def dump(model: RedemptionModel) -> dict[str, bytes]:
    """Return the files of the artifact by name."""
    files = {
        tree_files.HISTORY: tree_files.packed(model.history.counties, _COUNTY_ARRAYS),
        "near.ubj": bytes(model.near.save_raw("ubj")),
        "far.ubj": bytes(model.far.save_raw("ubj")),
    }
    if model.taxes is not None:
        files[_TAXES] = bytes(model.taxes.save_raw("ubj"))
    told = msgspec.structs.replace(model.tables, sha256=tree_files.digests(files, list(files)))
    return {"model.json": msgspec.json.encode(told), **files}


def load(files: Mapping[str, bytes], version: str = "") -> RedemptionModel:
    """Return the model of an artifact's files. Raises ``UnfitArtifact``."""
    with tree_files.reading():
        tables = msgspec.json.decode(files["model.json"], type=Tables)
        if (tables.format, tables.features, tables.edges) != (FORMAT, NAMES, EDGES):
            raise UnfitArtifact("it was taught on other features, intervals or in another format")
        hashed = [*_HASHED, *([_TAXES] if _TAXES in tables.sha256 else [])]
        if tables.sha256 != tree_files.digests(files, hashed):
            raise UnfitArtifact("a file is not the one that was written with the model")
        found = tree_files.unpacked(files[tree_files.HISTORY], _COUNTY_ARRAYS)
        counties = {fips: County(*arrays) for fips, arrays in found.items()}
        near, far = (tree_files.trees(files[f"{trees}.ubj"]) for trees in ("near", "far"))
        told = trained_on(files)
        taxes = tree_files.trees(files[_TAXES]) if _TAXES in hashed else None
        model = RedemptionModel(near, far, tables, History(counties), version, told, taxes)
        assert model.explained  # now, and not while somebody waits for the first reasons
        return model
