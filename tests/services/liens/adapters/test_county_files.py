"""Every real county file beside the project, whole: each line becomes something, amounts are right."""

from __future__ import annotations

import gzip
import os
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from taxlien.services.liens.adapters.reading import RecordStream, read_records, sample_file
from taxlien.services.liens.adapters.shipped import mapping_for
from taxlien.services.liens.logic.proposing import propose
from taxlien.services.liens.logic.records import LienRecord, Record, Reject

DATA = Path(os.environ.get("TAXLIEN_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no county files at {DATA}"),
]


def files(folder: str) -> list[Path]:
    return sorted(p for p in DATA.joinpath(folder).rglob("*.csv*") if p.is_file())


def stream_of(path: Path) -> RecordStream:
    sample = sample_file(path)
    mapping = mapping_for(path, sample.header, sample.rows)
    assert mapping is not None, f"{path} is known to no mapping"
    return read_records(path, mapping)


def lines_of(path: Path) -> int:
    content = path.read_bytes()
    text = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    return len(text.splitlines())


# folder: rows that must be read, the most that may be rejected, the least that must be repaired
FOLDERS = {
    "realtaxlien_results": (508_800, 30, 41_200),
    "baltimore_md": (291_000, 2, 0),
    "allegheny_pa": (88_101, 11, 0),
    "enrichment": (82_560, 0, 0),
    "larimer_co": (20_224, 0, 0),
    "montana_2026": (4_113, 0, 0),
    "charleston_sc": (2_329, 0, 0),
    "king_wa_bid4assets_2018": (209, 0, 0),
}


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_line_of_every_file_is_read_or_has_a_reason(folder: str) -> None:
    least_read, most_rejected, least_repaired = FOLDERS[folder]
    total: Counter[str] = Counter()
    for path in files(folder):
        stream = stream_of(path)
        rejects = [item for item in stream if isinstance(item, Reject)]
        c = stream.counts
        assert c.lines == lines_of(path), path
        parts = c.records + c.rejects + c.duplicates + c.skipped + c.header + c.blank + c.joined
        assert parts == c.lines, path
        assert all(reject.reason and reject.line for reject in rejects), path
        assert stream.unmet_expectations() == [], path
        total.update(read=c.records, rejected=c.rejects, repaired=c.repaired)
    assert total["read"] >= least_read
    assert total["rejected"] <= most_rejected
    assert total["repaired"] >= least_repaired


def test_polk_2019_amounts_are_those_of_the_raw_lines() -> None:
    path = DATA / "realtaxlien_results/fl_polk/2019_results.csv.gz"
    shape = re.compile(r"(\d+),\w*,[\d-]+,([\d.]+),\$([\d,]+\.\d\d),(?!\d\d\d,)")
    quoted = re.compile(r'(\d+),\w*,[\d-]+,([\d.]+),"?\$([\d,]+\.\d\d)"?,')
    expected = {}
    for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]:
        match = shape.match(line) or quoted.match(line)
        assert match, line
        expected[match[1]] = (Decimal(match[2]), Decimal(match[3].replace(",", "")))
    read = {
        item.advertising_number: (item.bid_rate_pct, item.face_amount)
        for item in stream_of(path)
        if isinstance(item, LienRecord)
    }
    assert read == expected
    assert read["0000002"] == (Decimal("0.25"), Decimal("1875.34"))


def test_no_two_records_of_a_file_share_their_key() -> None:
    for year in (2006, 2011, 2014, 2019):
        path = DATA / f"realtaxlien_results/fl_polk/{year}_results.csv.gz"
        keys = Counter(
            (r.county_fips, r.parcel_key, r.tax_year, r.certificate_number or r.advertising_number)
            for r in stream_of(path)
            if isinstance(r, LienRecord)
        )
        assert max(keys.values()) == 1, path


def test_no_bidder_reaches_a_record() -> None:
    path = DATA / "baltimore_md/certificate_sale_results_2010.csv.gz"
    city = "f824145a71"
    seen = [item for item in stream_of(path) if isinstance(item, LienRecord)]
    assert seen
    assert not any(city in lien.attributes.values() for lien in seen)


def test_baltimores_two_files_of_2014_are_the_same_liens() -> None:
    def keys(name: str) -> set[tuple[object, ...]]:
        items: list[Record | Reject] = list(stream_of(DATA / "baltimore_md" / name))
        return {
            (item.parcel_key, item.tax_year, item.advertising_number)
            for item in items
            if isinstance(item, LienRecord)
        }

    assert keys("full_2014_auction.csv.gz") < keys("certificate_sale_results_2014.csv.gz")


@pytest.mark.parametrize("folder", [f for f in FOLDERS if f != "enrichment"])
def test_a_proposal_for_each_county_finds_its_parcels(folder: str) -> None:
    path = next(p for p in files(folder) if p.name != "auction_index.csv")
    sample = sample_file(path)
    proposal = propose(sample.header, sample.rows)
    assert proposal.mapping is not None
    assert "parcel_id" in {field.field for field in proposal.fields}
