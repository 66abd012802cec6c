"""Serves the learned buying policy from its artifact: plain JSON and an ONNX file, no pickle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from taxlien.services.ml.adapters.artifacts import UnfitArtifact
from taxlien.services.ml.logic.allocation.walk import FEATURES, Policy
from taxlien.services.ml.logic.case import Case

FORMAT = 1
POLICY, TABLES = "policy.onnx", "model.json"


class UnfitPolicy(UnfitArtifact):
    """The file is no policy for what a walk shows today."""


class Tables(msgspec.Struct, frozen=True):
    """What goes with the policy: what it was taught to see, and the file it was written with."""

    sha256: str
    features: tuple[str, ...] = FEATURES
    format: int = FORMAT


class NoPrediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says of a single case: nothing."""

    id: str | int | None
    evidence: str = "a policy chooses among liens: ask for a portfolio"
    problems: tuple[tuple[str, str], ...] = ()
    model_version: str = ""


@dataclass(frozen=True)
class AllocationPolicy:
    """A policy that serves; ``buys`` is safe to ask from several threads at once."""

    buys: Policy
    version: str = ""

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[Any]:
        """Return that nothing is said of single cases."""
        return [
            NoPrediction(id=case.id, problems=case.problems, model_version=self.version)
            for case in cases
        ]


def dump(policy: bytes) -> dict[str, bytes]:
    """Return the files of the artifact by name."""
    tables = Tables(sha256(policy).hexdigest())
    return {TABLES: msgspec.json.encode(tables, order="deterministic"), POLICY: policy}


def load(files: Mapping[str, bytes], version: str = "") -> AllocationPolicy:
    """Return the policy of an artifact's files. Raises ``UnfitPolicy``."""
    try:
        tables = msgspec.json.decode(files[TABLES], type=Tables)
        content = files[POLICY]
    except (KeyError, msgspec.MsgspecError) as broken:
        raise UnfitPolicy(f"the files cannot be read: {type(broken).__name__}") from None
    if (tables.format, tables.features) != (FORMAT, FEATURES):
        raise UnfitPolicy("it was taught on other features or in another format")
    if tables.sha256 != sha256(content).hexdigest():
        raise UnfitPolicy("a file is not the one that was written with the policy")
    return AllocationPolicy(policy_of(content), version)


def policy_of(content: bytes) -> Policy:
    """Return the policy of an ONNX file. Raises ``UnfitPolicy`` where it cannot be one."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a walk asks for one small row at a time
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
    except Exception as broken:  # onnxruntime's errors share no class of their own
        raise UnfitPolicy("the policy file cannot be read") from broken
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].shape[-1] != len(FEATURES):
        raise UnfitPolicy(f"the policy was not taught on {len(FEATURES)} features")

    def buys(seen: NDArray[np.float32]) -> bool:
        scores = np.asarray(session.run(None, {inputs[0].name: seen[None, :]})[0])
        return bool(scores[0, 1] > scores[0, 0])

    return buys
