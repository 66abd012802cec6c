"""``taxlien ml`` without a product, and what it must not load."""

from __future__ import annotations

import subprocess
import sys

ENGINES = ("xgboost", "mlflow", "polars", "sklearn", "pandas", "prophet", "torch", "onnxruntime")


def test_what_listens_and_what_answers_http_loads_no_engine_until_a_model_is_asked_for() -> None:
    code = (
        "import sys, taxlien.services.ml.events, taxlien.services.ml.endpoints\n"
        f"print([name for name in {ENGINES!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
