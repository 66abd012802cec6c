"""The features of risk, one function for training and serving, and the sign the field knows of each.

The value of the property is none of them: no source tells it as of the sale. It counts by the law's rule.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from taxlien.services.ml.logic.redemption.columns import Columns
from taxlien.services.ml.logic.redemption.history import log_face

from .history import History

Singles = NDArray[np.float32]

SIGNS: dict[str, int] = {
    "log_face": 0,
    "premium_share": 1,
    "redeemed_before": -1,
    "open_before": 1,
    "unsold_before": 1,
}
"""Feature -> 1 where more of it may never lower the risk, -1 where it may never raise it."""
NAMES = tuple(SIGNS)
OF_A_PARCEL = tuple(NAMES.index(name) for name in NAMES if name.endswith("_before"))


def features_of(columns: Columns, history: History) -> Singles:
    """Return the features (``NAMES``); what is not known is NaN."""
    with np.errstate(over="ignore"):
        share = np.log1p(100 * columns.premium / np.maximum(columns.face, 1.0))
        matrix = np.column_stack([log_face(columns.face), share, history.before(columns)])
        return np.asarray(matrix, np.float32)
