"""Files of cases: every line is answered, in order, and the results appear whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from mean_face_model import MeanFace
from taxlien.services.ml.logic.case import Case
from taxlien.services.ml.service.answering import AT_ONCE, answer_file, answers

MODEL = MeanFace(5.0, "1")


class Unsayable:
    """Answers what JSON cannot say."""

    def predict(self, cases: Sequence[Case], explain: bool | None = None) -> list[object]:
        return [object() for _ in cases]


def told(*lines: bytes) -> list[dict]:
    return [json.loads(line) for line, _ in answers(lines, MODEL)]


def test_what_is_no_json_is_answered_in_its_place_with_its_line() -> None:
    found = told(b'{"id": "a"}\n', b"\n", b"{not json\n", b"\xff\xfe\n", b"[1]\n", b'{"id": 7}')
    assert [one["id"] for one in found] == ["a", None, None, None, 7]
    assert [one.get("line") for one in found] == [None, 3, 4, 5, None]
    assert found[1]["error"].startswith("not JSON")
    assert found[3]["error"] == "not an object"
    assert "error" not in found[4]


def test_what_other_programs_write_for_nothing_is_read_as_nothing() -> None:
    found = told(
        b'\xef\xbb\xbf{"id": "marked"}\r\n',
        b'{"id": "unknown", "face_amount": NaN, "premium": -Infinity}',
        b'{"id": "broken", "face_amount": NaN',
    )
    assert [one["id"] for one in found] == ["marked", "unknown", None]
    assert found[2]["error"].startswith("not JSON")


def test_a_case_that_the_model_fails_on_spoils_no_other() -> None:
    lines = [b'{"id": "%d"}' % n for n in range(9)]
    lines[4] = b'{"id": "poison", "face_amount": -1}'
    found = told(*lines)
    assert [one["id"] for one in found] == ["0", "1", "2", "3", "poison", "5", "6", "7", "8"]
    assert found[4]["basis"] == "insufficient_data"
    assert found[4]["problems"] == [["face_amount", "negative"]]
    assert {one["face"] for one in found if one["id"] != "poison"} == {5.0}


def test_a_file_of_any_length_is_held_a_piece_at_a_time() -> None:
    read = 0

    def lines(count: int):
        nonlocal read
        for read in range(1, count + 1):
            yield b"{}" if read % 1_000 else b"no case"

    ahead = [read - told for told, _ in enumerate(answers(lines(200_000), MODEL))]
    assert len(ahead) == 200_000
    assert max(ahead) <= AT_ONCE


def test_nesting_without_end_is_answered() -> None:
    assert told(b"[" * 200_000, b"{}")[1]["face"] == 5.0


def test_results_appear_whole_or_not_at_all(tmp_path: Path, monkeypatch) -> None:
    cases, results = tmp_path / "cases.jsonl", tmp_path / "new" / "results.jsonl"
    cases.write_bytes(b'{"id": "a"}\n{"id": "b"}\n')
    assert answer_file(cases, results, MODEL) == (2, 0)
    before = results.read_bytes()
    assert [json.loads(line)["id"] for line in before.splitlines()] == ["a", "b"]
    with pytest.raises(TypeError):
        answer_file(cases, results, Unsayable())
    assert results.read_bytes() == before
    assert [file.name for file in results.parent.iterdir()] == ["results.jsonl"]
