"""Case numbers of courts are numbers, though they begin like an address."""

from __future__ import annotations

import pytest

from taxlien.services.scraper.logic.natures import shape_of


@pytest.mark.parametrize("text", ["2025 CV 02041", "2019CA000123", "2025 CV 02041 (0)"])
def test_a_case_number_is_a_number(text: str) -> None:
    assert shape_of(text) == "number"


@pytest.mark.parametrize("text", ["12 SW 5TH AVE", "829 SPRING GARDEN ST", "20 CV LANE 5"])
def test_an_address_stays_an_address(text: str) -> None:
    assert shape_of(text) == "address"
