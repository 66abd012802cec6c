"""What is written beside a trained model: what taught it, how it did, whether any of it is made up.

It is a file of the artifact, so that what an answer says of its model cannot part from the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from .findings import Findings

TrainedOn = Literal["synthetic", "imported"]
FILE = "about.json"


class Taught(msgspec.Struct, frozen=True):
    """How many ``rows`` of a source the frame had, the frozen ones among them, and of which sales."""

    source: str
    rows: int
    first_sale: date | None
    last_sale: date | None


class About(msgspec.Struct, frozen=True, kw_only=True):
    """``parameters`` say how it was trained, ``frozen_evaluation`` how it did on rows that taught it
    nothing; ``data_sha256`` names those that did, ``sources`` where they came from."""

    name: str
    data_sha256: str
    parameters: Mapping[str, str | int | float]
    frozen_evaluation: Mapping[str, float]
    sources: tuple[Taught, ...] = ()
    findings: Findings = Findings()

    @property
    def trained_on(self) -> TrainedOn:
        """Say whether liens that were made up taught it."""
        return "synthetic" if self.parameters.get("synthetic") == "true" else "imported"


def dump(about: About) -> bytes:
    """Return the file: the same for the same facts."""
    return msgspec.json.encode(about, order="sorted")


def read(content: bytes) -> About:
    """Return what ``dump`` wrote. Raises ``msgspec.ValidationError``, ``msgspec.DecodeError``."""
    return msgspec.json.decode(content, type=About)


def trained_on(files: Mapping[str, bytes]) -> TrainedOn | None:
    """Say what kind of liens taught the model of an artifact's files; None where nobody wrote it down."""
    return read(files[FILE]).trained_on if FILE in files else None
