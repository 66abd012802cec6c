"""Teaches the buying policy: PPO on walks through problems (needs the extra ``rl``: torch).

The policy leaves as ONNX, so that serving needs neither torch nor this file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from taxlien.services.ml.logic.allocation.practice import Problem
from taxlien.services.ml.logic.allocation.walk import FEATURES, Walk

Seen = NDArray[np.float32]

LAYERS = (32, 32)
PERCENT = 100.0  # rewards are percent of the budget: about one in size


class BuyingEnv(gymnasium.Env[Seen, np.int64]):  # type: ignore[misc, unused-ignore]
    """A walk through one problem after another; the reward is what a step adds to the value.

    Observation: ``walk.FEATURES``. Action: 0 passes, 1 buys. An episode ends when no lien that fits
    is left.
    """

    def __init__(self, problems: Callable[[int], Problem], first: int) -> None:
        self.observation_space = gymnasium.spaces.Box(-10.0, 10.0, (len(FEATURES),), np.float32)
        self.action_space = gymnasium.spaces.Discrete(2)
        self._problems = problems
        self._next = first
        self._last = np.zeros(len(FEATURES), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Seen, dict[str, Any]]:
        super().reset(seed=seed)
        self._walk = Walk(*self._problems(self._next))
        self._next += 1
        return self._look(), {}

    def step(self, action: np.int64) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        gained = self._walk.step(buy=bool(action))
        reward = PERCENT * gained / self._walk.wishes.budget
        return self._look(), reward, self._walk.over, False, {}

    def _look(self) -> Seen:
        if not self._walk.over:
            self._last = self._walk.look()
        return self._last


def train(problems: Callable[[int], Problem], steps: int, seed: int) -> bytes:
    """Return the policy after so many steps as ONNX: FEATURES in, scores of pass and buy out."""
    torch.set_num_threads(1)  # the layers are small, and one thread gives the same policy again
    learner = PPO(
        "MlpPolicy",
        BuyingEnv(problems, first=seed * 1_000_000),
        gamma=1.0,  # a walk is short and its end is all that counts
        n_steps=2048,
        batch_size=256,
        ent_coef=0.005,
        policy_kwargs={"net_arch": list(LAYERS)},
        seed=seed,
        device="cpu",
    )
    learner.set_logger(
        Logger(folder=None, output_formats=[])
    )  # the usual one leaves a folder behind
    learner.learn(total_timesteps=steps)
    return _as_onnx(learner.policy)


def _as_onnx(policy: Any) -> bytes:
    layers = [each for each in policy.mlp_extractor.policy_net if hasattr(each, "weight")]
    nodes, weights, name = [], [], "seen"
    for number, layer in enumerate([*layers, policy.action_net]):
        last = layer is policy.action_net
        out = "scores" if last else f"sum{number}"
        weights += [_tensor(f"w{number}", layer.weight), _tensor(f"b{number}", layer.bias)]
        nodes.append(helper.make_node("Gemm", [name, f"w{number}", f"b{number}"], [out], transB=1))
        if not last:
            name = f"layer{number}"
            nodes.append(helper.make_node("Tanh", [out], [name]))
    graph = helper.make_graph(
        nodes,
        "buying policy",
        [helper.make_tensor_value_info("seen", TensorProto.FLOAT, [None, len(FEATURES)])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [None, 2])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _tensor(name: str, values: torch.Tensor) -> Any:
    return numpy_helper.from_array(values.detach().numpy().astype(np.float32), name)
