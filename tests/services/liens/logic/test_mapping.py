"""A mapping is data a person edits: a mistake is named by its key."""

from __future__ import annotations

import pytest

from taxlien.services.liens.logic.mapping import MappingError, dump_mapping, parse_mapping

GOOD = """
name: x
title: X
source: {legal_status: open_data, licence: none needed}
county: {fips: "12105"}
constants: {kind: certificate}
columns:
  parcel_id: {from: [Parcel], parse: parcel}
  homestead: {from: [No], parse: boolean, nulls: [No, on]}
status:
- {is: sold, when: {homestead: {among: [Yes, No]}}}
- {is: unsold}
"""


def test_words_that_yaml_takes_for_truth_stay_words() -> None:
    mapping = parse_mapping(GOOD)
    assert mapping.columns["homestead"].nulls == ("No", "on")
    assert mapping.status[0].when["homestead"].among == ("Yes", "No")
    assert parse_mapping(dump_mapping(mapping)) == mapping


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("parse: parcel", "parse: parcle", "columns.parcel_id.parse"),
        ("parse: parcel", "parse: money", "columns.parcel_id.parse"),
        ("from: [Parcel]", "form: [Parcel]", "columns.parcel_id"),
        ("from: [Parcel]", "from: []", "columns.parcel_id.from"),
        ("  homestead:", "  homested:", "columns.homested"),
        ("title: X", "titel: X", "titel"),
        ("legal_status: open_data", "legal_status: free", "source.legal_status"),
        ('fips: "12105"', "fips: 1210", "county.fips"),
        ('{fips: "12105"}', "{}", "county"),
        ("kind: certificate", "kind: bond", "constants.kind"),
        ("kind: certificate", "colour: red", "constants.colour"),
        ("- {is: unsold}", "", "status"),
        ("is: unsold", "is: sould", "status[1].is"),
        ("when: {homestead:", "when: {homstead:", "status[0].when.homstead"),
        ("{among: [Yes, No]}", "{}", "status[0].when.homestead"),
        (
            "parcel_id: {from: [Parcel], parse: parcel}",
            "tax_year: {from: [Y], parse: year}",
            "columns.parcel_id",
        ),
        ("parse: parcel}", 'parse: parcel, pattern: "["}', "columns.parcel_id.pattern"),
        ("parse: boolean,", "parse: boolean, minimum: low,", "columns.homestead.minimum"),
        ("title: X", "title: [", "(file)"),
    ],
)
def test_a_mistake_is_named_by_its_key(old: str, new: str, key: str) -> None:
    assert old in GOOD
    with pytest.raises(MappingError) as caught:
        parse_mapping(GOOD.replace(old, new))
    assert caught.value.key == key


@pytest.mark.parametrize("text", ["", "- a", "just words"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text)


def test_a_date_without_formats_is_refused() -> None:
    with pytest.raises(MappingError, match="formats"):
        parse_mapping(
            GOOD.replace("\nstatus:", "\n  sale_date: {from: [Sold], parse: date}\nstatus:")
        )


def test_a_format_that_names_no_day_is_refused() -> None:
    column = "\n  sale_date: {from: [Sold], parse: date, formats: [MM/YYYY]}\nstatus:"
    with pytest.raises(MappingError, match="does not say the day"):
        parse_mapping(GOOD.replace("\nstatus:", column))
