"""What holds for any input: no cell is changed, no byte breaks the reader."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from taxlien.services.liens.adapters.delimited import DelimitedRows
from taxlien.services.liens.adapters.opening import OpenedFile
from taxlien.services.liens.adapters.reading import ReadOptions, read_records, sample_file
from taxlien.services.liens.adapters.shipped import load_mapping
from taxlien.services.liens.logic.records import LienRecord, ReadCounts, Reject, UnreadableFile

NASTY = st.text(
    st.one_of(
        st.sampled_from("\",;|\t\r\n '$.0123456789AÄ“\u2028\x0b\x0c\x85é=-+"),
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    ),
    max_size=20,
)
ROWS = st.lists(st.lists(NASTY, min_size=2, max_size=5), min_size=1, max_size=12)


def written(rows: list[list[str]], delimiter: str, end: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode()


def read_back(content: bytes, delimiter: str) -> list[list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.csv")
        path.write_bytes(content)
        with OpenedFile(path) as opened:
            source = DelimitedRows(opened, delimiter, ReadCounts())
            items = list(source.rows())
    assert not [item for item in items if isinstance(item, Reject)]
    return [item[1] for item in items if not isinstance(item, Reject)]


@given(ROWS, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]))
@settings(max_examples=150, deadline=None)
@example([["", '"'], ["\r", "\n"], ["a\r\n", '""']], ",", "\r")
@example([["{", "x"], ["y", "z"]], ",", "\n")
def test_cells_written_as_csv_come_back_unchanged(
    rows: list[list[str]], delimiter: str, end: str
) -> None:
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    content = b"first,line\n".replace(b",", delimiter.encode()) + written(rows, delimiter, end)
    assert read_back(content, delimiter)[1:] == rows


@given(st.lists(st.lists(st.text("ab 1.$-", min_size=1), min_size=2, max_size=4), min_size=1))
@settings(max_examples=60, deadline=None)
def test_cells_written_without_quotes_come_back_unchanged(rows: list[list[str]]) -> None:
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    text = "".join(",".join(row) + "\n" for row in [["x", "y"], *rows])
    assert read_back(text.encode(), ",")[1:] == rows


def outcome(content: bytes, name: str) -> str:
    """Read as four mappings would; only ``UnreadableFile`` may be raised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        with contextlib.suppress(UnreadableFile):
            sample_file(path)
        read = 0
        for source in ("realtaxlien_fl", "king_wa_bid4assets", "allegheny_pa", "larimer_co"):
            options = ReadOptions(values={"year": "2019", "county": "polk"})
            stream = read_records(path, load_mapping(source), options=options)
            try:
                read += sum(isinstance(item, LienRecord) for item in stream)
            except UnreadableFile:
                continue
            c = stream.counts
            parts = c.records + c.rejects + c.duplicates + c.skipped + c.header + c.blank + c.joined
            assert parts == c.lines
        return str(read)


HEADERS = st.sampled_from(
    [
        b"",
        b"ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID\n",
        b"_id,pin,number,total_amount\r\n1,A1,2,",
        b"pin;number;total_amount\n",
        b'[{"pin": "A1", "number": 1, "total_amount": ',
        b'{"pin": "A1", "number": 1, "total_amount": 3}\n',
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"\xff\xfe",
    ]
)


@given(HEADERS, st.binary(max_size=400), st.booleans())
@settings(max_examples=200, deadline=None)
@example(b"", b"\xff\xfe\x00", False)
@example(b"", b'[{"pin": 1e999999999, "number": 1, "total_amount": 1}]', False)
@example(b"", b'{"pin": NaN, "number": 1, "total_amount": Infinity}', False)
@example(b"", b"[" * 5000, False)
@example(b'[{"a": ', b"[" * 100_000, False)
def test_arbitrary_bytes_raise_nothing_but_unreadable_file(
    head: bytes, body: bytes, packed: bool
) -> None:
    content = head + body
    assert outcome(gzip.compress(content) if packed else content, "list").isdigit()


CELLS = st.text("0123456789$.,-() \"AX'E+/\n", max_size=14)


@given(st.lists(st.lists(CELLS, min_size=4, max_size=9), max_size=15))
@settings(max_examples=150, deadline=None)
def test_rows_that_almost_fit_raise_nothing_and_every_line_is_accounted_for(
    rows: list[list[str]],
) -> None:
    head = "ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID\n"
    content = head + "".join(",".join(row) + "\n" for row in rows)
    assert outcome(content.encode(), "list").isdigit()


@given(st.integers(0, 10**9), st.booleans(), st.sampled_from(["X", "SMITH, JOHN", "A, B, JR", ""]))
@settings(max_examples=150, deadline=None)
def test_a_split_amount_is_right_or_rejected_and_never_another(
    cents: int, dollar: bool, bidder: str
) -> None:
    amount = f"{'$' if dollar else ''}{cents // 100:,}.{cents % 100:02d}"
    row = f"0000002,0000001,012622-000010,000.25,{amount},4775221,{bidder}\n"
    head = "ADVNUM,CERTIFICATE NUMBER,PARCEL,WINNINGBID,FACE AMOUNT,BIDDER ID\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "list.csv")
        path.write_text(head + row)
        options = ReadOptions(values={"year": "2019", "county": "polk"})
        items = list(read_records(path, load_mapping("realtaxlien_fl"), options=options))
    assert len(items) == 1
    assert isinstance(items[0], Reject) or items[0].face_amount * 100 == cents
