"""Changes that know what they change: a version that moved on in the meantime refuses them."""

from __future__ import annotations

from collections.abc import Collection

from taxlien.kit.errors import Conflict


class ChangedMeanwhile(Conflict):
    """Somebody else changed it after the caller read it; nothing was written."""


def check_version(expected: Collection[int] | None, version: int) -> None:
    """Raise ``ChangedMeanwhile`` unless ``version`` is expected; None expects whatever there is."""
    if expected is not None and version not in expected:
        raise ChangedMeanwhile("It was changed after you read it. Read it again, then change it.")
