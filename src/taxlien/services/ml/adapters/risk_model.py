"""Risk from a trained artifact: chance never to be redeemed, and the wait otherwise, by trees whose
signs are held, on the pooled cells that redemption starts from. Plain files, no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from taxlien.law.rules import Rule
from taxlien.services.ml.adapters import tree_files
from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.adapters.boosting import xgboost
from taxlien.services.ml.adapters.redemption_model import Tables as Curves
from taxlien.services.ml.adapters.redemption_model import calibrated
from taxlien.services.ml.adapters.tree_calls import ask
from taxlien.services.ml.logic.about import TrainedOn, trained_on
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.logic.redemption.answer import evidence_of
from taxlien.services.ml.logic.redemption.baseline import NEAR, Baseline, Hazards, log_odds
from taxlien.services.ml.logic.redemption.columns import Columns, columns_of_cases
from taxlien.services.ml.logic.redemption.labels import Endings
from taxlien.services.ml.logic.redemption.spread import ADDED_SPREAD, USUAL_SPREAD, interval_of
from taxlien.services.ml.logic.risk.answer import RiskAnswer
from taxlien.services.ml.logic.risk.asked import UNKNOWN, AskedLien, Scored
from taxlien.services.ml.logic.risk.bulk import (
    columns_of_liens,
    floors_of,
    lost_unredeemed_of,
    scores_of,
)
from taxlien.services.ml.logic.risk.features import NAMES, Singles, features_of
from taxlien.services.ml.logic.risk.flags import Past, flags_of, not_checked
from taxlien.services.ml.logic.risk.history import History, Parcels
from taxlien.services.ml.logic.risk.meaning import (
    LONGEST_WAIT,
    Floats,
    expected_loss,
    lost_unredeemed,
    rule_of,
    score_of,
    usual_wait,
    value_of,
)
from taxlien.services.ml.logic.risk.reasons import Reason, reasons_of
from taxlien.services.ml.logic.survival import EDGES, chance, logit

FORMAT = 1
AT_ONCE = 8_192
_ARRAYS = tuple(field.name for field in fields(Parcels))
_TREES = ("lost.ubj", "wait.ubj", "near_lost.ubj", "near_wait.ubj")
_HASHED = (tree_files.HISTORY, *_TREES)


class Tables(msgspec.Struct, frozen=True):
    """All of a model but its trees and its history. ``trees`` are how many speak of the chance and of
    the wait of any lien: none, where they told later sales no better than the cells did; ``near_trees`` of
    liens of sales that taught, where they told other parcels of them better. ``spread`` is the standard
    deviation, in log odds, of later sales' shares never redeemed about what earlier ones had told."""

    baseline: Baseline
    endings: Mapping[str, Endings]
    trees: tuple[int, int] = (0, 0)
    near_trees: tuple[int, int] = (0, 0)
    spread: float = USUAL_SPREAD
    features: tuple[str, ...] = NAMES
    edges: tuple[int, ...] = EDGES
    format: int = FORMAT
    sha256: Mapping[str, str] = {}


@dataclass(frozen=True)
class RiskModel:
    """Risk of cases of any state. ``today`` is None for the day of asking; ``near`` are the trees of liens
    of sales that taught, as ``lost`` and ``wait`` are of any."""

    lost: xgboost.Booster
    wait: xgboost.Booster
    tables: Tables
    history: History
    version: str = ""
    today: date | None = None
    trained_on: TrainedOn | None = None
    near: tuple[xgboost.Booster, xgboost.Booster] | None = None

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[RiskAnswer]:
        """Return one answer a case, in order. Reasons cost nothing here: they are told unless ``explain``
        is false."""
        columns = columns_of_cases(cases)
        matrix = features_of(columns, self.history)
        *usual, near = _starts(self.tables, columns)
        lost, wait = self._told(columns, matrix, usual[0], usual[1], near)
        today = self.today or datetime.now(UTC).date()
        past = matrix[:, NAMES.index("open_before") :].tolist()
        rules = [rule_of(case) for case in cases]
        then = np.array([lost_unredeemed(*pair) for pair in zip(cases, rules, strict=True)])
        loss = expected_loss(lost, then, wait)
        of = self.tables.baseline.of
        cells = [
            of(case.state or "", case.county_fips or "", day)
            for case, day in zip(cases, columns.day.tolist(), strict=True)
        ]
        ends = self.intervals([level for level, _ in cells], lost, then, wait)
        parts = np.column_stack([loss, lost, then, wait, *usual, *ends]).tolist()
        rows = zip(cases, rules, cells, parts, past, strict=True)
        return [self._answer(*row, today, explain is not False) for row in rows]

    def tell(self, columns: Columns) -> tuple[Floats, Floats]:
        """Return the chances never to be redeemed, and what waiting loses of a dollar otherwise."""
        return self._tell(columns, features_of(columns, self.history))

    def score(self, liens: Sequence[AskedLien]) -> list[Scored]:
        """Return what ``predict`` says in figures, for a million liens as well: nothing of states that
        taught nothing. What is said of a lien does not depend on the others."""
        told: list[Scored] = []
        for start in range(0, len(liens), AT_ONCE):
            columns, value, whole = columns_of_liens(liens[start : start + AT_ONCE])
            matrix = features_of(columns, self.history)
            lost, wait = self._tell(columns, matrix)
            loss = expected_loss(lost, lost_unredeemed_of(columns, value, whole), wait)
            past = [matrix[:, NAMES.index(name)] for name in ("open_before", "unsold_before")]
            score = np.maximum(scores_of(loss), floors_of(columns.face, value, *past))
            known = self.tables.baseline.knows(columns.state, columns.county)
            rows = zip(known.tolist(), score.tolist(), np.round(lost, 5).tolist(), strict=True)
            told += [Scored(points, chance) if sure else UNKNOWN for sure, points, chance in rows]
        return told

    def _tell(self, columns: Columns, matrix: Singles) -> tuple[Floats, Floats]:
        return self._told(columns, matrix, *_starts(self.tables, columns))

    def _told(
        self, columns: Columns, matrix: Singles, lost: Floats, wait: Floats, near: NDArray[np.bool_]
    ) -> tuple[Floats, Floats]:
        """Return what cells start from as trees correct it, if there are any by those of ``near`` sales."""
        if not len(columns):
            return np.empty(0), np.empty(0)
        # Trees taught under other laws say nothing of a state: the sense of a premium differs.
        own = np.isin(columns.state, [name.encode() for name in self.tables.baseline.states])
        far, of_near = self.tables.trees, self.tables.near_trees
        near_lost, near_wait = self.near or (self.lost, self.wait)
        odds, waited = logit(lost).astype(np.float32), wait.astype(np.float32)
        for count, trees, asked in (
            (far[0], self.lost, own & ~(near & bool(of_near[0]))), (of_near[0], near_lost, near)
        ):  # fmt: skip
            if count and asked.any():
                lost = np.where(asked, ask(trees, matrix, odds), lost).astype(np.float64)
        for count, trees, asked in (
            (far[1], self.wait, own & ~(near & bool(of_near[1]))), (of_near[1], near_wait, near)
        ):  # fmt: skip
            if count and asked.any():
                wait = np.where(asked, ask(trees, matrix, waited), wait).astype(np.float64)
        return lost, np.clip(wait, 0, LONGEST_WAIT)

    def _answer(
        self, case: Case, rule: Rule | None, found: tuple[str, Hazards], parts: list[float],
        past: list[float], today: date, explain: bool,
    ) -> RiskAnswer:  # fmt: skip
        loss, lost, then, wait, *usual, low, high = parts
        level, cell = found
        seen = Past(*(None if count != count else int(count) for count in past))
        flags = flags_of(case, rule, seen, county_seen=level in ("sale", "county"), today=today)
        floors = [flag.floor for flag in flags if flag.floor is not None]
        model_score = score_of(loss)
        score = max(model_score, *floors) if floors else model_score
        return RiskAnswer(
            id=case.id,
            basis="insufficient_data" if level == "all" else "model",
            score=score,
            safety_score=101 - score,
            model_score=model_score,
            expected_loss_per_100=round(100 * loss, 2),
            interval=(round(100 * low, 2), round(100 * high, 2)),
            p_unredeemed=round(lost, 5),
            lost_unredeemed=round(100 * then, 2),
            lost_by_delay=round(100 * wait, 2),
            flags=flags,
            not_checked=not_checked(case, rule, seen),
            floor=max(floors) if floors else None,
            n=cell.n,
            cell=level,
            evidence=evidence_of(level, cell.n, case.state or ""),  # type: ignore[arg-type]
            reasons=self._reasons(case, level, usual, parts) if explain else (),
            problems=case.problems,
            model_version=self.version,
            trained_on=self.trained_on,
        )

    def intervals(
        self, levels: Sequence[str], lost: Floats, then: Floats, wait: Floats
    ) -> tuple[Floats, Floats]:
        """Return where the loss of liens like each comes to lie four times of five, for the chance never
        to be redeemed spreads from sale to sale."""
        added = np.array([ADDED_SPREAD.get(level, 0.0) for level in levels])
        ends = interval_of(lost, np.hypot(self.tables.spread, added))
        losses = [expected_loss(end, then, wait) for end in ends]
        return np.minimum(*losses), np.maximum(*losses)

    @staticmethod
    def _reasons(
        case: Case, level: str, usual: list[float], parts: list[float]
    ) -> tuple[Reason, ...]:
        _, lost, then, wait, *_ = parts
        value = value_of(case)
        field = value[0] if value and case.face_amount else None
        return reasons_of(level, (usual[0], usual[1]), (lost, wait), then, field)


def starts(tables: Tables, columns: Columns) -> tuple[Floats, Floats]:
    """Return what pooled cells say: the chance never to be redeemed, and the loss by waiting."""
    lost, wait, _ = _starts(tables, columns)
    return lost, wait


def _starts(tables: Tables, columns: Columns) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return what ``starts`` does, and which liens are of sales that taught."""
    odds, told_by = log_odds(tables.baseline, columns)
    plain = (None,) * len(EDGES)
    curves = Curves(tables.baseline, tables.endings, plain, plain, (), ())
    redeemed = calibrated(chance(odds), columns.state, told_by, curves).redeemed
    return 1 - redeemed[:, -1], usual_wait(redeemed), told_by == NEAR


def dump(model: RiskModel) -> dict[str, bytes]:
    """Return the files of the artifact by name."""
    files = {
        tree_files.HISTORY: tree_files.packed(model.history.counties, _ARRAYS),
        **{
            name: bytes(trees.save_raw("ubj"))
            for name, trees in zip(
                _TREES, (model.lost, model.wait, *(model.near or ())), strict=False
            )
        },
    }
    told = msgspec.structs.replace(model.tables, sha256=_digests(files))
    return {"model.json": msgspec.json.encode(told, order="deterministic"), **files}


def load(files: Mapping[str, bytes], version: str = "") -> RiskModel:
    """Return the model of an artifact's files. Raises ``UnfitArtifact``."""
    with tree_files.reading():
        tables = msgspec.json.decode(files["model.json"], type=Tables)
        if (tables.format, tables.features, tables.edges) != (FORMAT, NAMES, EDGES):
            raise UnfitArtifact("it was taught on other features, intervals or in another format")
        if tables.sha256 != _digests(files):
            raise UnfitArtifact("a file is not the one that was written with the model")
        found = tree_files.unpacked(files[tree_files.HISTORY], _ARRAYS)
        counties = {fips: Parcels(*arrays) for fips, arrays in found.items()}
        lost, wait, *near = (tree_files.trees(files[name]) for name in _TREES if name in files)
        return RiskModel(
            lost, wait, tables, History(counties), version, trained_on=trained_on(files),
            near=(near[0], near[1]) if near else None,
        )  # fmt: skip


def _digests(files: Mapping[str, bytes]) -> Mapping[str, str]:
    return tree_files.digests(files, [name for name in _HASHED if name in files])
