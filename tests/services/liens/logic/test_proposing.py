"""A proposal for a file nobody mapped: what it finds, doubts and misses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from taxlien.services.liens.logic.mapping import parse_mapping
from taxlien.services.liens.logic.proposing import find_header, propose

HEADER = ["Folio #", "Owner Name", "Prop Address", "Total Due", "Int. Rate", "Sale Date", "Remarks"]
ROWS = [
    ["01-2345-678", "ROE JANE", "1 MAIN ST", "$1,234.50", "18%", "5/31/24", "a"],
    ["01-2345-679", "DOE JOHN", "2 MAIN ST", "$99.00", "5.25%", "6/1/24", ""],
]


def test_known_words_with_fitting_cells_are_proposed_with_an_example() -> None:
    proposal = propose(HEADER, ROWS)
    found = {field.field: (field.column, field.example) for field in proposal.fields}
    assert found["parcel_id"] == ("Folio #", "01-2345-678")
    assert found["face_amount"] == ("Total Due", "$1,234.50")
    assert found["situs_address"] == ("Prop Address", "1 MAIN ST")
    assert found["sale_date"] == ("Sale Date", "5/31/24")
    assert all(0.3 <= field.confidence <= 0.95 for field in proposal.fields)


def test_owners_are_marked_personal_and_the_rest_is_said() -> None:
    proposal = propose(HEADER, ROWS)
    assert proposal.personal == ("Owner Name",)
    assert proposal.unknown == ("Remarks",)
    assert [entry.split(":")[0] for entry in proposal.missing] == ["county", "tax_year"]


def test_the_proposal_is_a_mapping_to_edit() -> None:
    proposal = propose(HEADER, ROWS)
    mapping = parse_mapping(proposal.as_yaml())
    assert mapping == proposal.mapping
    assert mapping.ignore == ("Remarks",)
    assert mapping.columns["sale_date"].formats == ("MM/DD/YY",)


def test_a_word_whose_cells_do_not_fit_is_doubted() -> None:
    rows = [["01-2345-678", "see clerk"], ["01-2345-679", "$5.00"]]
    fields = {f.field: f.confidence for f in propose(["Parcel", "Total Due"], rows).fields}
    assert fields["face_amount"] < fields["parcel_id"]


def test_without_a_parcel_there_is_no_mapping() -> None:
    proposal = propose(["Colour", "Owner"], [["red", "ROE"]])
    assert proposal.mapping is None
    assert proposal.missing[0].startswith("parcel_id")
    with pytest.raises(ValueError, match="parcel_id"):
        proposal.as_yaml()


def test_parcels_and_amounts_are_known_by_their_shape_without_a_header() -> None:
    rows = [[f"{n:06d}-0001", f"{Decimal(n)}.50"] for n in range(10, 30)]
    header, first = find_header(rows)
    assert (header, first) == (["column 1", "column 2"], 0)
    found = {field.field: field.column for field in propose(header, rows).fields}
    assert found == {"parcel_id": "column 1", "face_amount": "column 2"}


def test_the_header_is_found_below_titles_and_above_wider_rows() -> None:
    rows = [
        ["Tax sale"],
        ["Parcel", "Due", "Bidder"],
        ["12-1", "5.00", "X", "Y"],
        ["12-2", "6.00", "X", "Y"],
    ]
    assert find_header(rows) == (["Parcel", "Due", "Bidder"], 2)
