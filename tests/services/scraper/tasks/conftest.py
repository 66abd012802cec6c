"""A small simulator for what runs through the broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulated_counties import SimulatedCounties, simulated


@pytest.fixture(scope="session")
def two_counties() -> Iterator[SimulatedCounties]:
    """Two counties of forty parcels in all."""
    with simulated(counties=2, parcels=40) as counties:
        yield counties
