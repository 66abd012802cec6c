"""The running product of the journeys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from one_product import one_product
from product_runner import RunningProduct


@pytest.fixture(scope="module")
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A product with demo data, shared with other modules; nothing is collected meanwhile."""
    with one_product(request, tmp_path_factory) as running:
        yield running
