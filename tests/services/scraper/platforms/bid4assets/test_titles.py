"""Titles of items in the styles of many counties. They are made up."""

from __future__ import annotations

import pytest

from taxlien.services.scraper.adapters.platforms.bid4assets.titles import parcel_of, place_of


@pytest.mark.parametrize(
    ("title", "place", "parcel"),
    [
        ("Elko County, NV Tax Sale - APN 001-234-567", ("Elko", "NV"), "001-234-567"),
        ("[Monroe County, PA] Parcel #12/3/4", ("Monroe", "PA"), "12/3/4"),
        ("CA, Riverside County: APN 123-456-789", ("Riverside", "CA"), "123-456-789"),
        ("APN: 004-123-01, Nye County, NV", ("Nye", "NV"), "004-123-01"),
        ("Tax Sale Nye County, NV APN: 004-123-01 (1.2 acres)", ("Nye", "NV"), "004-123-01"),
        ("APN 123-456-789-0", None, "123-456-789-0"),
        ("APN: 1-2-3, 4-5-6", None, "1-2-3, 4-5-6"),
        ("APN of nothing", None, None),
    ],
)
def test_titles_name_county_and_parcel_in_many_styles(
    title: str, place: tuple[str, str] | None, parcel: str | None
) -> None:
    assert (place_of(title), parcel_of(title)) == (place, parcel)
