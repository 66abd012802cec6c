"""Models whose memory of earlier sales is brought up to date without teaching them anew.

The trees stay as they were judged; what accounts and parcels went through since is looked up by them as
before, strictly before the day of the sale that is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from taxlien.services.ml.logic.about import FILE
from taxlien.services.ml.logic.watching import seen

from . import auction_model, risk_model
from .auction_model import AuctionModel
from .auction_trainer import levels_by_method, outcomes_by_method
from .risk_trainer import history_from

Files = Mapping[str, bytes]


def _price(files: Files, table: pl.DataFrame) -> dict[str, bytes]:
    model = auction_model.load(files)
    levels = {
        method: known
        for method, known in levels_by_method(table).items()
        if method in model.methods and model.methods[method].levels
    }
    return auction_model.dump(auction_model.remembering(model, levels, _last_day(model, table)))


def _last_day(model: AuctionModel, table: pl.DataFrame) -> int:
    days = [int(known.columns.day.max()) for known in outcomes_by_method(table).values()]
    return max([model.last_day, *days])


def _risk(files: Files, table: pl.DataFrame) -> dict[str, bytes]:
    return risk_model.dump(replace(risk_model.load(files), history=history_from(table)))


_WAYS: Mapping[str, Callable[[Files, pl.DataFrame], dict[str, bytes]]] = {
    "price": _price,
    "risk": _risk,
}
REMEMBERING = tuple(_WAYS)
"""Models that can. Which sales were seen is part of what the redemption model was taught: it cannot."""


def remember(name: str, files: Files, table: pl.DataFrame) -> dict[str, bytes]:
    """Return the files of a model that remembers all of ``table``; what is written about it stays.

    Raises ``KeyError`` for a model that cannot, ``UnfitArtifact`` where ``files`` are none.
    """
    made = _WAYS[name](files, table)
    return made | {name: files[name] for name in (FILE, seen.FILE) if name in files}
