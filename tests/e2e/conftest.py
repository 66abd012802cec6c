"""A running product for the journeys of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from product_runner import RunningProduct, running_product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """A product with demo data, shared by the tests of a module; nothing is collected meanwhile."""
    home = tmp_path_factory.mktemp("product") / "home"
    with running_product(home, "--no-simulate") as running:
        yield running
