"""What matched is told in pieces that make the whole text again, however it was written."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.search.logic.highlighting import Highlights, highlights

ITEM = {
    "address": "12 N.W. 22 AVE <b>O'Brien</b>",
    "city": "PORT ST LUCIE",
    "county": "St. Lucie",
    "zip_code": "34952",
    "parcel_id": "0427-5002-6",
    "certificate_number": "2023-00017",
}


def marked(text: str, *, near: bool = False, **item: str) -> dict[str, list[str]]:
    [found] = highlights(text, [msgspec.Raw(msgspec.json.encode({**ITEM, **item}))], near=near)
    return hits(found)


def hits(found: Highlights) -> dict[str, list[str]]:
    return {name: [p.text for p in pieces if p.hit] for name, pieces in found.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nw 22nd avenue", {"address": ["N.W", "22", "AVE"]}),
        ("obrien", {"address": ["O'Brien"]}),
        ("saint luc", {"city": ["ST", "LUCIE"], "county": ["St", "Lucie"]}),
        ("349", {"zip_code": ["34952"]}),
        ("042750", {"parcel_id": ["0427-50"]}),
        ("4275.0026", {"parcel_id": ["0427-5002-6"]}),
        ("2023-17", {"certificate_number": ["2023", "00017"]}),
        ("elm", {}),
        ("", {}),
    ],
)
def test_what_matched_is_marked(text: str, expected: dict[str, list[str]]) -> None:
    assert marked(text) == expected


def test_words_with_typos_are_marked_where_they_were_forgiven() -> None:
    assert marked("lucei", near=True)["city"] == ["LUCIE"]
    assert marked("lucei") == {}


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=30), address=st.text(max_size=60))
def test_pieces_are_the_text_itself(text: str, address: str) -> None:
    item = msgspec.Raw(msgspec.json.encode({"address": address}))
    for question in (text, f"{text} {address[:20]}"):
        for near in (False, True):
            [found] = highlights(question, [item], near=near)
            for pieces in found.values():
                assert "".join(piece.text for piece in pieces) == address
                assert any(piece.hit for piece in pieces)
