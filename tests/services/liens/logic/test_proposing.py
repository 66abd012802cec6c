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


def test_a_column_of_counties_beside_their_states_is_proposed() -> None:
    rows = [
        ["12-3456", "5.00", "Larimer", "Colorado"],
        ["12-3457", "6.00", "Polk County", "FL"],
    ]
    proposal = propose(["Parcel", "Total Due", "County", "State"], rows)
    assert proposal.mapping is not None
    assert proposal.mapping.county.state_column == "county_state"
    assert [entry.split(":")[0] for entry in proposal.missing] == ["tax_year"]
    assert parse_mapping(proposal.as_yaml()) == proposal.mapping
    assert proposal.fields[-1].example == "Larimer, Colorado"
    owners = [*rows, ["12-3458", "7.00", "Larimer", "NY"]]
    doubted = propose(["Parcel", "Total Due", "County", "State"], owners)
    assert doubted.mapping is not None
    assert doubted.mapping.county.state_column is None
    assert doubted.missing[0].startswith("county: the column 'County' does not say the state")


def test_a_stray_cell_does_not_cost_a_column_its_dates() -> None:
    rows = [[f"12-34{n:02d}", f"06/{n:02d}/2024"] for n in range(1, 20)]
    for stray in ("2024-06-30", "30-JUN-2024", "see clerk"):
        proposal = propose(["Parcel", "Sale Date"], [*rows, ["12-3499", stray]])
        assert proposal.mapping is not None
        assert proposal.mapping.columns["sale_date"].formats[0] in ("MM/DD/YYYY", "MM/DD/YYYY ...")


def test_what_has_the_name_of_a_field_and_not_its_cells_is_said() -> None:
    rows = [[f"{n}.234568E+16", "45445"] for n in range(1, 9)]
    proposal = propose(["Parcel Number", "Sale Date"], rows)
    assert proposal.mapping is None
    assert proposal.missing[:2] == (
        "parcel_id: most cells of 'Parcel Number' do not fit, such as '1.234568E+16'",
        "sale_date: most cells of 'Sale Date' do not fit, such as '45445'",
    )


def test_a_proposal_takes_no_negative_amount() -> None:
    mapping = propose(HEADER, ROWS).mapping
    assert mapping is not None
    assert mapping.columns["face_amount"].minimum == 0


def test_an_amount_due_is_the_lien_unless_another_column_is() -> None:
    row = ["12-3456", "5.00", "6.00"]
    alone = propose(["Parcel", "Amount Due", "Remarks"], [row])
    assert {f.field: f.column for f in alone.fields}["face_amount"] == "Amount Due"
    beside = propose(["Parcel", "Amount Due", "Face Amount"], [row])
    found = {f.field: f.column for f in beside.fields}
    assert (found["face_amount"], found["amount_due"]) == ("Face Amount", "Amount Due")
