"""The ZIP of an export: complete, the same each time, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlien.services.users.logic.archive import (
    Contents,
    MalformedPart,
    build_archive,
    cell,
    csv_of,
    parse_part,
)

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


def contents(tables: dict[str, Any], **fields: Any) -> Contents:
    values: dict[str, Any] = {
        "export_id": UUID(int=1),
        "user_id": UUID(int=2),
        "requested_at": MOMENT,
        "made_at": MOMENT,
        "expires_at": MOMENT,
        "language": "en",
        "tables": tables,
        "missing": (),
    }
    return Contents(**values | fields)


@pytest.mark.parametrize(
    "evil",
    [
        "=1+1",
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "＝1",
        "\ufeff=1",
        "\u00a0=1",
        "\x1f=1",
        "\u2003=1",
    ],
)
def test_text_that_a_spreadsheet_would_calculate_gets_an_apostrophe(evil: str) -> None:
    assert cell(evil) == f"'{evil}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, ""), (-12.5, "-12.5"), (7, "7"), (True, "true"), (["a"], '["a"]'), ("plain", "plain")],
)
def test_other_values_are_written_as_they_are(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.dictionaries(TEXT, VALUE, max_size=4), max_size=4))
def test_no_cell_of_any_csv_begins_like_a_formula(rows: list[dict[str, Any]]) -> None:
    text = csv_of(rows).decode("utf-8-sig")
    for line in csv.reader(io.StringIO(text, newline="")):
        for shown in line:
            looks_like_one = shown.lstrip()[:1] in ("=", "+", "@")
            assert not looks_like_one
            if shown[:1] == "-":
                float(shown)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
        st.lists(st.dictionaries(TEXT, VALUE, max_size=3), max_size=3),
        max_size=3,
    )
)
def test_json_of_a_zip_is_what_was_given(tables: dict[str, Any]) -> None:
    body = build_archive(contents({"auth": tables}))
    archive = zipfile.ZipFile(io.BytesIO(body))
    for name, rows in tables.items():
        assert json.loads(archive.read(f"auth/{name}.json")) == rows


def test_same_contents_give_the_same_bytes() -> None:
    one = contents({"auth": {"rows": [{"a": 1}]}})
    assert build_archive(one) == build_archive(one)


def test_language_without_a_text_is_answered_in_english() -> None:
    body = build_archive(contents({}, language="xx", missing=("auth",)))
    text = zipfile.ZipFile(io.BytesIO(body)).read("README.txt").decode("utf-8-sig")
    assert "INCOMPLETE: these parts did not answer in time: auth" in text


@pytest.mark.parametrize("name", ["../etc", "a/b", "", "A", "a.b", "a" * 64, "a\n"])
def test_name_that_could_leave_the_archive_is_refused(name: str) -> None:
    with pytest.raises(MalformedPart):
        parse_part(json.dumps({name: []}).encode())
    with pytest.raises(MalformedPart):
        build_archive(contents({name: {}} if name else {"": {"a": []}}))


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        part = parse_part(body)
    except MalformedPart:
        return
    assert isinstance(part, dict)


def test_deeply_nested_json_is_refused() -> None:
    with pytest.raises(MalformedPart):
        parse_part(b"[" * 200_000)
