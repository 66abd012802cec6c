"""Collecting with a database of its own, from a simulator of county sites in a process of its own."""

from __future__ import annotations

import pytest

from county_collector import collector
from simulated_counties import SimulatedCounties, simulator

__all__ = ["collector", "simulator"]


@pytest.fixture
def counties(simulator: SimulatedCounties) -> SimulatedCounties:
    """The simulator as it starts: no faults, its first day."""
    return simulator
