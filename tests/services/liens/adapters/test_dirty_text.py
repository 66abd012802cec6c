"""Delimited files as counties really publish them: every accident has a right value or a reason."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from taxlien.services.liens.adapters.delimited import Lines
from taxlien.services.liens.adapters.reading import read_records, sample_file
from taxlien.services.liens.adapters.shipped import load_mapping
from taxlien.services.liens.logic.mapping import County, Mapping
from taxlien.services.liens.logic.proposing import propose
from taxlien.services.liens.logic.records import ReadCounts, Reject, UnreadableFile

Read = Callable[..., Any]
HEADER_2019 = b"ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID\n"


def florida(read: Read, content: bytes) -> Any:
    return read(content, load_mapping("realtaxlien_fl"), "fl_polk/2019_results.csv")


def test_an_unquoted_thousands_separator_is_put_back(read: Read) -> None:
    row = b"0000002,0000001,012622-000010-000260,000.25,$1,875.34,4775221,X\n"
    found = florida(read, HEADER_2019 + row)
    assert [lien.face_amount for lien in found.liens] == [Decimal("1875.34")]
    assert found.counts.repaired == 1


def test_commas_in_a_bidders_name_move_no_amount(read: Read) -> None:
    rows = (
        b"0000004,0000003,022622-000000-011020,000.25,$1,234,576.40,7474412,SMITH, JOHN\n"
        b"0000005,0000004,022622-000000-011040,009.25,$654.08,7765210,DOE, J, JR\n"
    )
    found = florida(read, HEADER_2019 + rows)
    assert [lien.face_amount for lien in found.liens] == [Decimal("1234576.40"), Decimal("654.08")]
    assert not found.rejects


@pytest.mark.parametrize(
    "row",
    [
        b"1,1,0126-0001,000.25,$1,875\n",  # the bidder is missing: as many cells as the header
        b"1,1,0126-0001,000.25,$1,875.34\n",
        b"1,1,0126-0001,000.25,1,234,SMITH\n",  # 1,234 or 1 and bidder 234
        b"1,1,0126-0001,000.25,$1,875,4775221,X\n",
        b"1,1,0126-0001,000.25,$12,34.50,4775221\n",
        b"1,1,0126-0001,009,25,$654.08,7765210\n",
        b"1,1,0126,0001,000.25,$654.08,7765210\n",
    ],
)
def test_a_shift_without_one_single_repair_is_rejected(read: Read, row: bytes) -> None:
    found = florida(read, HEADER_2019 + row)
    assert not found.liens
    assert len(found.rejects) == 1
    assert found.rejects[0].line == 2
    assert found.rejects[0].raw == row.decode().strip()


def test_a_quoted_cell_is_never_joined_with_its_neighbour(read: Read) -> None:
    row = b'1,1,0126-0001,000.25,"$1",875.34,4775221,X\n'
    assert florida(read, HEADER_2019 + row).rejects[0].reason.startswith("column shift")


def test_quoted_thousands_are_read(read: Read) -> None:
    found = florida(read, HEADER_2019 + b'1,1,0126-0001,000.25,"$1,875.34",4775221\n')
    assert found.liens[0].face_amount == Decimal("1875.34")
    assert found.counts.repaired == 0


def test_a_row_that_is_too_short_is_rejected_with_both_counts(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\nA-1,7\nA-2,8,5.00\n")
    assert [r.reason for r in found.rejects] == ["the row has 2 cells, the header 3"]
    assert [lien.parcel_id for lien in found.liens] == ["A-2"]


def test_empty_cells_past_the_header_are_no_shift(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\nA-1,7,5.00,,\n")
    assert found.liens[0].face_amount == Decimal("5.00")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_read(read: Read, end: bytes) -> None:
    found = read(end.join([b"Parcel,Cert,Face", b"A-1,7,5.00", b"A-2,8,6.00", b""]))
    assert [(lien.line, lien.face_amount) for lien in found.liens] == [
        (2, Decimal("5.00")),
        (3, Decimal("6.00")),
    ]
    assert found.every_line_is_accounted_for


def test_mixed_line_ends_in_one_file_are_read(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\r\nA-1,7,5.00\rA-2,8,6.00\nA-3,9,7.00\r\n\r\nA-4,1,8.00")
    assert [lien.line for lien in found.liens] == [2, 3, 4, 6]
    assert found.counts.blank == 1
    assert found.every_line_is_accounted_for


def test_a_line_break_inside_quotes_belongs_to_the_cell(read: Read) -> None:
    found = read(b'Parcel,Face,Address\nA-1,5.00,"1 Main St\r\nTampa, FL"\nA-2,6.00,x\n')
    assert [lien.situs_address for lien in found.liens] == ["1 Main St, Tampa, FL", "x"]
    assert [lien.line for lien in found.liens] == [2, 4]
    assert found.counts.joined == 1
    assert found.every_line_is_accounted_for


def test_an_unclosed_quote_costs_one_line_only(read: Read) -> None:
    rows = [b'A-1,5.00,"never closed', *(b"A-%d,6.00,x" % n for n in range(2, 400))]
    found = read(b"Parcel,Face,Address\n" + b"\n".join(rows) + b"\n")
    assert [(r.line, r.reason) for r in found.rejects] == [(2, "a quote that is never closed")]
    assert len(found.liens) == 398
    assert found.every_line_is_accounted_for


def test_an_unclosed_quote_does_not_pair_with_the_next_rows_quotes(read: Read) -> None:
    found = read(b'Parcel,Face,Address\nA-1,5.00,"open\nA-2,6.00,"1, Main"\nA-3,"7.00",y\n')
    assert [r.line for r in found.rejects] == [2]
    assert [lien.face_amount for lien in found.liens] == [Decimal("6.00"), Decimal("7.00")]


def test_text_after_a_closing_quote_is_a_reject(read: Read) -> None:
    found = read(b'Parcel,Face,Address\nA-1,5.00,"JOHN "JACK" SMITH"\nA-2,6.00,y\n')
    assert found.rejects[0].reason == "text after a closing quote"
    assert len(found.liens) == 1


def test_an_inch_mark_inside_a_cell_is_a_character(read: Read) -> None:
    found = read(b'Parcel,Face,Address\nA-1,5.00,LOT 5" WIDE\n')
    assert found.liens[0].situs_address == 'LOT 5" WIDE'


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_other_delimiters_are_found(read: Read, mark: str) -> None:
    text = f"Parcel{mark}Face{mark}Address\nA-1{mark}1,875.34{mark}1, Main St\n"
    lien = read(text.encode()).liens[0]
    assert (lien.face_amount, lien.situs_address) == (Decimal("1875.34"), "1, Main St")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_every_usual_encoding_is_read(read: Read, encoding: str) -> None:
    rows = "".join(f"A-{n},5.00,{n} Cañon ’Ave\n" for n in range(9))
    found = read(f"Parcel,Face,Address\n{rows}".encode(encoding))
    assert found.liens[0].situs_address == "0 Cañon ’Ave"
    assert len(found.liens) == 9


def test_lines_of_different_encodings_in_one_file_are_read(read: Read) -> None:
    rows = b"A-1,5.00,Ca\xc3\xb1on\nA-2,6.00,Ca\xf1on\nA-3,7.00,Ca\x81on\n"
    found = read(codecs.BOM_UTF8 + b"Parcel,Face,Address\n" + rows)
    assert [lien.situs_address for lien in found.liens][:2] == ["Cañon", "Cañon"]
    assert len(found.liens) == 3


def test_a_nul_byte_costs_its_line(read: Read) -> None:
    found = read(b"Parcel,Face\nA-1,5.00\nA-\x002,6.00\nA-3,7.00\n")
    assert [(r.line, r.reason) for r in found.rejects] == [(3, "the line holds a NUL byte")]
    assert "\x00" not in found.rejects[0].raw


def test_a_line_over_a_mebibyte_is_rejected_and_the_next_is_read(read: Read) -> None:
    found = read(b"Parcel,Face\nA-1,5.00\n" + b"x" * 3_000_000 + b"\nA-3,7.00\r\n")
    assert [(r.line, r.reason) for r in found.rejects] == [(3, "a line longer than 1 MiB")]
    assert [(lien.line, lien.parcel_id) for lien in found.liens] == [(2, "A-1"), (4, "A-3")]


def test_a_line_of_two_gigabytes_is_never_held() -> None:
    mebibyte = b"x" * (1 << 20)
    handed_out = 0

    def chunks() -> Any:
        nonlocal handed_out
        yield b"a,b\n1,2\n"
        for _ in range(2048):
            handed_out += len(mebibyte)
            yield mebibyte
        yield b"\n3,4\n"

    lines = list(Lines(chunks(), ReadCounts()))
    assert handed_out == 2 << 30
    assert [line for line in lines if not isinstance(line, Reject)] == [
        (1, "a,b", "\n"),
        (2, "1,2", "\n"),
        (4, "3,4", "\n"),
    ]
    rejected = [line for line in lines if isinstance(line, Reject)]
    assert [(r.line, len(r.raw)) for r in rejected] == [(3, 100)]


def test_an_empty_file_is_unreadable(read: Read) -> None:
    for content in (b"", b"\xef\xbb\xbf", b"\r\n \r\n"):
        with pytest.raises(UnreadableFile, match="empty"):
            read(content)


def test_a_header_alone_gives_no_rows_and_says_so(read: Read) -> None:
    found = read(b"Parcel,Face\n")
    assert found.liens == []
    assert found.unmet == ["0 rows were read, at least 1 are expected"]


def test_a_header_that_does_not_fit_is_unreadable_and_named(read: Read) -> None:
    with pytest.raises(UnreadableFile, match=r"no column for face_amount \(looked for Face\)"):
        read(b"Parcel,Amount\nA-1,5.00\n")


def test_a_column_that_stands_twice_is_unreadable(read: Read) -> None:
    with pytest.raises(UnreadableFile, match=r"'Face' more than once \(columns 2, 3\)"):
        read(b"Parcel,Face,face\nA-1,5.00,6.00\n")


def test_a_title_above_the_header_is_passed_over(read: Read) -> None:
    found = read(b"Polk County\nTax sale of 2019,,\nParcel,Cert,Face\nA-1,7,5.00\n")
    assert [lien.line for lien in found.liens] == [4]
    assert found.counts.header == 3
    assert found.every_line_is_accounted_for


def test_a_header_said_again_is_left_out(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\nA-1,7,5.00\nParcel,Cert,Face\nA-2,8,6.00\n")
    assert len(found.liens) == 2
    assert found.counts.skipped == 1


def test_another_header_in_the_middle_makes_the_file_unreadable(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="another header"):
        read(b"Parcel,Cert,Face\nA-1,7,5.00\nCert,Parcel,Face\n8,A-2,6.00\n")


def test_the_same_row_again_is_counted_and_not_emitted(read: Read) -> None:
    found = read(b"Parcel,Cert,Face,Buyer\nA-1,7,5.00,1234\nA-1,7,5.00,999\n")
    assert len(found.liens) == 1
    assert found.counts.duplicates == 1
    assert found.every_line_is_accounted_for


def test_the_same_key_with_other_values_names_the_first_line(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\nA-1,7,5.00\nA-2,8,1.00\nA1,7,6.00\n")
    assert [r.reason for r in found.rejects] == ["the same key as line 2, with other values"]


def test_a_certificate_of_zeros_is_none_and_rows_do_not_collapse(read: Read) -> None:
    found = read(b"Parcel,Cert,Adv,Face\nA-1,0000000,11,5.00\nA-1,0,12,6.00\n")
    assert [(lien.certificate_number, lien.advertising_number) for lien in found.liens] == [
        (None, "11"),
        (None, "12"),
    ]


def test_no_buyer_is_ever_emitted(read: Read) -> None:
    found = read(b"Parcel,Face,Buyer,Note\nA-1,5.00,JANE ROE,corner\n")
    assert found.liens[0].attributes == {"note": "corner"}


def test_columns_nobody_mapped_are_reported_and_not_emitted(read: Read) -> None:
    found = read(b"Parcel,Face,Owner Name\nA-1,5.00,JANE ROE\n")
    assert found.unmet == ["the mapping does not know the column 'Owner Name'"]
    assert found.liens[0].attributes == {}


def test_a_parcel_number_rounded_by_a_spreadsheet_is_rejected(read: Read) -> None:
    found = read(b"Parcel,Face\n1.23457E+12,5.00\n0012E0034,6.00\n")
    assert "digits are lost" in found.rejects[0].reason
    assert found.rejects[0].column == "Parcel"
    assert found.liens[0].parcel_id == "0012E0034"


def test_leading_zeros_of_parcels_stay(read: Read) -> None:
    lien = read(b"Parcel,Face\n 001-02 a,5.00\n").liens[0]
    assert (lien.parcel_id, lien.parcel_key) == ("001-02 a", "00102A")


def test_reading_reports_progress_in_bytes_of_the_file(tmp_path: Path, simple: Any) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Parcel,Face\n" + b"".join(b"A-%d,5.00\n" % n for n in range(60_000)))
    seen: list[int] = []
    for _ in read_records(path, simple, on_progress=lambda c: seen.append(c.bytes_read)):
        pass
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    assert seen[-1] == path.stat().st_size


def test_a_row_of_empty_cells_is_a_blank_line(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\nA-1,7,5.00\n,,\n , ,\n")
    assert (len(found.liens), found.rejects, found.counts.blank) == (1, [], 2)
    assert found.every_line_is_accounted_for


def test_a_total_is_no_parcel(read: Read) -> None:
    found = read(b"Parcel,Cert,Face\nA-1,7,5.00\nGrand Total 1,,5.00\n40 parcels,,\n")
    assert [reject.reason for reject in found.rejects] == ["a total, not a parcel number"] * 2


@pytest.mark.parametrize("day", ["9999-12-31", "01/01/1700"])
def test_a_day_no_sale_was_on_is_rejected(read: Read, day: str) -> None:
    found = read(f"Parcel,Face,Sold\nA-1,5.00,{day}\n".encode())
    assert [reject.reason for reject in found.rejects] == ["a date outside the years 1800 to 2200"]


def test_a_column_that_stands_twice_can_be_named_by_its_number(read: Read, simple: Mapping) -> None:
    face = msgspec.structs.replace(simple.columns["face_amount"], sources=("column 3",))
    mapping = msgspec.structs.replace(simple, columns={**simple.columns, "face_amount": face})
    [lien] = read(b"Parcel,Face,Face\nA-1,5.00,6.00\n", mapping).liens
    assert lien.face_amount == Decimal("6.00")


def test_a_file_without_a_header_is_read_by_its_proposed_mapping(
    read: Read, tmp_path: Path
) -> None:
    content = "".join(f"12-34-{n:05d},{n}00.50,\n" for n in range(1, 21)).encode()
    path = tmp_path / "bare.csv"
    path.write_bytes(content)
    sample = sample_file(path)
    mapping = propose(sample.header, sample.rows).mapping
    assert mapping is not None
    found = read(content, mapping, values={"county": "12105"})
    assert (len(found.liens), found.unmet) == (20, [])


def test_rows_say_their_county_with_its_state_or_leave_it_to_the_user(
    read: Read, simple: Mapping
) -> None:
    county = County(column="where", state_column="state")
    signals = {"where": ("County",), "state": ("State",)}
    mapping = msgspec.structs.replace(simple, county=county, signals=signals)
    rows = (
        b"A-1,5.00,8069,\nA-2,5.00,69,Colorado\nA-3,5.00,105,12\nA-4,5.00,,\nA-5,5.00,x,Ontario\n"
    )
    found = read(b"Parcel,Face,County,State\n" + rows, mapping, values={"county": "12105"})
    assert [lien.county_fips for lien in found.liens] == ["08069", "08069", "12105", "12105"]
    assert [reject.reason for reject in found.rejects] == ["no state 'Ontario' is known"]
