"""XGBoost by itself. Loaded as usual it also loads pandas and scikit-learn, wherever they are installed:
100 MB more in every process that answers, and seconds before its first answer. Only arrays are handed to
it here, so both are out of its sight while it is loaded, and of nobody else's.
"""

from __future__ import annotations

import sys

_BESIDE = [name for name in ("pandas", "sklearn") if name not in sys.modules]
for _name in _BESIDE:
    sys.modules[_name] = None  # type: ignore[assignment]
try:
    import xgboost
    from xgboost.libpath import find_lib_path
finally:
    for _name in _BESIDE:
        del sys.modules[_name]

__all__ = ["find_lib_path", "xgboost"]
