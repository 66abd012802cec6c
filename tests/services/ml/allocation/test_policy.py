"""A policy file that cannot be one is refused by name."""

from __future__ import annotations

import pytest

from taxlien.services.ml.adapters.allocation_policy import UnfitPolicy, load


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x09" * 200])
def test_broken_policy_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnfitPolicy):
        load(content)
