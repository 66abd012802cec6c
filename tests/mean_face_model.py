"""The smallest family of models: it says the mean face amount it was taught."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from taxlien.services.ml.adapters.family import Family
from taxlien.services.ml.adapters.learning import Measured, clusters_of
from taxlien.services.ml.logic.case import Case


class Answer(msgspec.Struct, frozen=True):
    id: str | None
    face: float
    model_version: str


class MeanFace:
    def __init__(self, face: float, version: str) -> None:
        self.face, self.version = face, version

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[Answer]:
        if any(case.id == "poison" for case in cases):
            raise RuntimeError("an engine's error")
        return [Answer(case.id, self.face, self.version) for case in cases]


def load(files: Mapping[str, bytes], version: str) -> MeanFace:
    return MeanFace(json.loads(files["model.json"])["face"], version)


class _Training:
    def train(self, table: pl.DataFrame, memory: pl.DataFrame, seed: int) -> dict[str, bytes]:
        if table.is_empty():
            raise ValueError("no rows")
        mean = float(table["face_amount"].to_numpy().mean())
        return {"model.json": json.dumps({"face": round(mean, 2)}).encode()}

    def measure(self, model: Any, table: pl.DataFrame) -> Measured:
        loss = np.abs(table["face_amount"].to_numpy() - model.face)
        county, parcel = (
            table[name].to_numpy().astype("S24") for name in ("county_fips", "parcel_key")
        )
        return Measured(loss, clusters_of(county, parcel), {"loss": float(loss.mean())})


TRAINING = _Training()
FAMILY = Family("mean_face", "mean_face_model:load", "mean_face_model:TRAINING")
