"""The rejects file: what stands in it, and that no spreadsheet runs any of it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from taxlien.services.liens.adapters.rejects import RejectsWriter, spreadsheet_safe
from taxlien.services.liens.logic.records import Reject


def test_each_reject_is_a_row_with_line_column_reason_and_raw(tmp_path: Path) -> None:
    path = tmp_path / "rejects.csv"
    with RejectsWriter(path) as writer:
        writer.write(
            Reject(line=7, column="Face", reason="not an amount of money", raw='a,"b\nc",d')
        )
        writer.write(Reject(line=9, reason="a quote that is never closed", raw="ü"))
    rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
    assert rows == [
        ["line", "column", "reason", "raw"],
        ["7", "Face", "not an amount of money", 'a,"b\nc",d'],
        ["9", "", "a quote that is never closed", "ü"],
    ]
    assert writer.count == 2


def test_nothing_rejected_leaves_no_file(tmp_path: Path) -> None:
    with RejectsWriter(tmp_path / "rejects.csv"):
        pass
    assert not (tmp_path / "rejects.csv").exists()


def test_rejects_of_an_earlier_import_go_and_a_users_own_file_stays(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "rejects.csv", tmp_path / "notes.csv"
    with RejectsWriter(ours) as writer:
        writer.write(Reject(line=7, reason="not an amount of money"))
    theirs.write_text("line,what I think of it\n")
    for path in (ours, theirs):
        with RejectsWriter(path):
            pass
    assert (ours.exists(), theirs.exists()) == (False, True)


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n@x", "＝1"]
)
def test_a_formula_is_shown_and_not_run(text: str) -> None:
    assert spreadsheet_safe(text) == f"'{text}"


def test_plain_text_stays_as_it_is() -> None:
    assert spreadsheet_safe("0001,A-2,5.00") == "0001,A-2,5.00"
