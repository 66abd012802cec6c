"""The site files of property platforms that ship: readable, named, and collected only where allowed."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from property_pages import PLATFORMS
from taxlien.services.scraper.logic.sites import COLLECTABLE, parse_site

FILES = [
    file
    for platform in ("qpublic", "beacon", "iasworld", "floridapa", "mygovonline")
    for file in sorted((PLATFORMS / platform / "sites").glob("*.yml"))
]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parts[-3]}/{f.stem}")
def test_a_site_file_is_named_as_it_says_and_lies_in_its_county(file: Path) -> None:
    site = parse_site(file.read_text())
    assert (site.name, site.platform) == (file.stem, file.parts[-3])
    with (Path(__file__).parents[4] / "data" / "counties.csv").open() as lines:
        county = next(row for row in csv.reader(lines) if row[0] == site.county_fips)
    assert site.title.startswith(f"{county[2]}, ")
    assert site.name.startswith(f"{county[3].lower()}_")
    assert site.name[3:].replace("_", "") == county[1].lower().replace(".", "").replace(
        " ", ""
    ).replace("st", "saint", 1 if site.name == "fl_saint_johns" else 0)


def test_no_real_property_site_is_collected_and_schneiders_terms_are_quoted() -> None:
    sites = [parse_site(file.read_text()) for file in FILES]
    assert len(sites) == 22
    assert not [site for site in sites if site.legal_status in COLLECTABLE]
    schneider = [site for site in sites if site.platform in {"qpublic", "beacon"}]
    assert {site.legal_status for site in schneider} == {"terms_forbid"}
    assert all(site.terms.url and site.terms.read_on and site.terms.says for site in schneider)
