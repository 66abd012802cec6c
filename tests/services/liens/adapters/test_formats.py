"""Packed files, workbooks, JSON, and what is no table at all."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from taxlien.services.liens.adapters.opening import CHUNK
from taxlien.services.liens.adapters.reading import read_records
from taxlien.services.liens.adapters.xlsx import cell_text
from taxlien.services.liens.logic.records import UnreadableFile

Read = Callable[..., Any]
LIST = b"Parcel,Cert,Face\n" + b"".join(b"A-%d,%d,%d.50\n" % (n, n, n) for n in range(1, 90_000))
SHORTER = b"".join(LIST.splitlines(keepends=True)[:20_000])  # still some chunks


def workbook(rows: list[list[Any]], *more: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    for index, content in enumerate((rows, *more)):
        sheet = book.active if index == 0 else book.create_sheet()
        for row in content:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(read: Read) -> None:
    found = read(gzip.compress(LIST), name="list.csv")
    assert len(found.liens) == 89_999
    assert found.counts.bytes_read == found.counts.bytes_total == len(gzip.compress(LIST))


def test_a_plain_file_called_gz_is_read(read: Read) -> None:
    assert len(read(b"Parcel,Face\nA-1,5.00\n", name="list.csv.gz").liens) == 1


def test_gzip_members_one_after_another_are_one_file(read: Read) -> None:
    packed = gzip.compress(SHORTER[:1000]) + gzip.compress(SHORTER[1000:]) + b"\x00" * 512
    assert len(SHORTER) > CHUNK
    assert len(read(packed).liens) == 19_999


@pytest.mark.parametrize("kept", [15, 2_000, CHUNK, -9, -1])
def test_a_gzip_that_was_cut_off_is_unreadable(read: Read, kept: int) -> None:
    packed = gzip.compress(LIST, compresslevel=1)
    assert len(packed) > CHUNK
    with pytest.raises(UnreadableFile, match="cut off"):
        read(packed[:kept])


def test_a_damaged_gzip_is_unreadable(read: Read) -> None:
    packed = bytearray(gzip.compress(SHORTER))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(UnreadableFile, match="damaged gzip"):
        read(bytes(packed))


def test_other_bytes_after_the_gzip_are_unreadable(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="other bytes follow"):
        read(gzip.compress(b"Parcel,Face\nA-1,5.00\n") + b"<html>")


def test_a_zip_of_one_file_is_read_and_of_two_is_refused(read: Read) -> None:
    for count in (1, 2):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(count):
                archive.writestr(f"{n}.csv", SHORTER)
        if count == 1:
            assert len(read(out.getvalue()).liens) == 19_999
        else:
            with pytest.raises(UnreadableFile, match="a zip of 2 files"):
                read(out.getvalue())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"PAR1....", "Parquet"),
        (b"PK\x03\x04 not a zip", "damaged zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not a workbook", "workbook cannot be read"),
        (b'[{"Parcel": "A-1", "Face": 5}, {"Parcel"', "not valid JSON"),
        (b'{"a": 1, "b": [1, 2]}\n\n', "no column for parcel"),
        (b'{"a": 1,\n "b": [1, 2]}', "without a list of objects"),
        (b"[]", "no objects"),
        (b'[{"a": ' + b"[" * 100_000, "nested more than"),
    ],
)
def test_what_is_no_table_is_refused_in_words(read: Read, content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        read(content)


def test_a_missing_file_is_unreadable(tmp_path: Any, simple: Any) -> None:
    with pytest.raises(UnreadableFile, match="cannot open"):
        list(read_records(tmp_path / "nothing.csv", simple))


def test_a_workbooks_numbers_are_exact_and_its_dates_days(read: Read) -> None:
    book = workbook(
        [
            ["Delinquent list"],
            [],
            ["Parcel", "Face", "Rate", "Sold", "Year", "Cert"],
            ["0012-3", 1875.34, 0.25, date(2019, 5, 31), 2018, 17.0],
            [
                "0012-4",
                0.1 + 0.2,
                "18%",
                datetime.fromisoformat("2019-06-01 09:30"),
                2018.0,
                "00018",
            ],
        ]
    )
    first, second = read(book, name="list.xlsx").liens
    assert (first.face_amount, first.bid_rate_pct) == (Decimal("1875.34"), Decimal("0.25"))
    assert (first.sale_date, first.tax_year, first.certificate_number) == (
        date(2019, 5, 31),
        2018,
        "17",
    )
    assert (second.face_amount, second.sale_date) == (Decimal("0.30"), date(2019, 6, 1))
    assert (first.line, second.line) == (4, 5)


def test_the_sheet_with_the_table_is_found(read: Read) -> None:
    book = workbook([["Notes"], ["see next sheet"]], [["Parcel", "Face"], ["A-1", 5]])
    found = read(gzip.compress(book), name="list.xlsx.gz")
    assert [lien.face_amount for lien in found.liens] == [Decimal("5.00")]


def test_a_parcel_too_long_for_a_spreadsheets_number_is_rejected(read: Read) -> None:
    found = read(workbook([["Parcel", "Face"], [12345678901234567.0, 5.0], [123456789012345.0, 6]]))
    assert "digits are lost" in found.rejects[0].reason
    assert [lien.parcel_id for lien in found.liens] == ["123456789012345"]


def test_cells_of_a_workbook_become_text() -> None:
    cells = [True, None, 3.0, 1e15, date(2020, 1, 2), "a\x00b"]
    assert [cell_text(cell) for cell in cells] == [
        "true",
        "",
        "3",
        "1.000000E+15",
        "2020-01-02",
        "a b",
    ]


def test_an_array_of_objects_is_read_with_exact_amounts(read: Read) -> None:
    text = (
        '[{"Parcel": "A-1", "Face": 1875.34}, {"Parcel": "A-2", "Face": "6.00", "Note": null}, 7]'
    )
    found = read(text.encode(), name="list.json")
    assert [lien.face_amount for lien in found.liens] == [Decimal("1875.34"), Decimal("6.00")]
    assert [(r.line, r.reason) for r in found.rejects] == [
        (3, "not an object with names and values")
    ]
    assert found.every_line_is_accounted_for


def test_objects_inside_an_object_are_found_and_flattened(read: Read) -> None:
    features = [{"type": "F", "properties": {"Parcel": f"A-{n}", "Face": n}} for n in range(1, 4)]
    text = json.dumps({"type": "Collection", "count": 3, "features": features})
    assert [lien.parcel_id for lien in read(text.encode()).liens] == ["A-1", "A-2", "A-3"]


def test_a_list_that_describes_another_is_passed_over(read: Read) -> None:
    fields = [{"name": "Parcel", "type": "text"}, {"name": "Face", "type": "double"}]
    features = [{"attributes": {"Parcel": f"A-{n}", "Face": n}} for n in range(1, 4)]
    text = json.dumps({"layer": "sale", "fields": fields, "features": features})
    assert [lien.parcel_id for lien in read(text.encode()).liens] == ["A-1", "A-2", "A-3"]


def test_one_object_a_line_is_read_and_a_broken_one_costs_its_line(read: Read) -> None:
    text = b'{"Parcel": "A-1", "Face": 5}\n{"Parcel": \n\n{"Parcel": "A-3", "Face": 7.25}\n'
    found = read(text, name="list.ndjson")
    assert [(lien.line, lien.face_amount) for lien in found.liens] == [
        (1, Decimal("5.00")),
        (4, Decimal("7.25")),
    ]
    assert [(r.line, r.reason) for r in found.rejects] == [(2, "not valid JSON")]
    assert found.every_line_is_accounted_for


def test_bytes_that_are_no_text_are_refused_in_words(read: Read) -> None:
    with pytest.raises(UnreadableFile, match="neither text nor a workbook"):
        read(bytes(range(256)) * 4)
