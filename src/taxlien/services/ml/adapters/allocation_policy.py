"""Serves the learned buying policy from its ONNX file."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from taxlien.services.ml.logic.allocation.walk import FEATURES, Policy


class UnfitPolicy(ValueError):
    """The file is no policy for what a walk shows today."""


def load(content: bytes) -> Policy:
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
