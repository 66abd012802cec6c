"""The site files of the auction and certificate platforms say true things of their counties."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from taxlien.services.scraper.adapters.platforms import (
    bid4assets,
    lienhub,
    realauction,
    realtaxlien,
)
from taxlien.services.scraper.logic.pages import Scope
from taxlien.services.scraper.logic.sites import COLLECTABLE, parse_site

PLATFORMS = {
    module.PLATFORM.name: module.PLATFORM
    for module in (realauction, realtaxlien, lienhub, bid4assets)
}
HOME = Path("src/taxlien/services/scraper/adapters/platforms")
FILES = sorted(path for name in PLATFORMS for path in (HOME / name / "sites").glob("*.yml"))


@pytest.fixture(scope="module")
def counties() -> dict[str, str]:
    """FIPS code -> state."""
    with Path("data/counties.csv").open() as file:
        return {row["fips"]: row["state"] for row in csv.DictReader(file)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_a_site_file_names_its_county_and_begins_somewhere(
    path: Path, counties: dict[str, str]
) -> None:
    site = parse_site(path.read_text())
    assert (site.name, site.platform) == (path.stem, path.parts[-3])
    assert site.name[:2].upper() == counties.get(site.county_fips, "US")
    requests = PLATFORMS[site.platform].start(site, Scope(today=date(2026, 7, 1)))
    assert requests
    assert len({request.key for request in requests}) == len(requests)
    assert all(request.path.startswith("/") for request in requests)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_no_site_is_collected_before_somebody_has_read_its_terms(path: Path) -> None:
    site = parse_site(path.read_text())
    assert site.legal_status not in COLLECTABLE
    assert site.terms.says
