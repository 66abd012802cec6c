"""Files of a model made of trees and a history by county: plain arrays and UBJSON, no pickle."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import numpy as np

from taxlien.services.ml.adapters.boosting import xgboost

from .artifacts import UnfitArtifact

HISTORY = "history.npz"


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever damaged bytes make of four libraries into ``UnfitArtifact``."""
    try:
        yield
    except UnfitArtifact:
        raise
    except Exception as broken:
        raise UnfitArtifact(f"the files cannot be read: {type(broken).__name__}") from broken


def packed(counties: Mapping[bytes, Any], names: Sequence[str]) -> bytes:
    """Return the arrays ``names`` of every county as one file."""
    content = io.BytesIO()
    arrays = {
        f"{fips.decode()}/{name}": getattr(county, name)
        for fips, county in sorted(counties.items())
        for name in names
    }
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def unpacked(content: bytes, names: Sequence[str]) -> dict[bytes, list[Any]]:
    """Return for each county its arrays, in the order of ``names``."""
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    counties = sorted({key.split("/")[0] for key in arrays})
    return {fips.encode(): [arrays[f"{fips}/{name}"] for name in names] for fips in counties}


def digests(files: Mapping[str, bytes], names: Sequence[str]) -> dict[str, str]:
    """Return the SHA-256 of the files ``names``: what was written together is read together."""
    return {name: sha256(files[name]).hexdigest() for name in names}


def trees(content: bytes) -> xgboost.Booster:
    """Return trees that answer in the thread that asks: many are asked at once."""
    booster = xgboost.Booster(model_file=bytearray(content))
    booster.set_param({"nthread": 1})
    return booster
