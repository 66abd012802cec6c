"""Split cells are put back only where one way is possible."""

from __future__ import annotations

from taxlien.services.liens.logic.repairing import (
    Shape,
    looks_like_account,
    looks_like_person,
    regroup,
)

ANY = Shape(lambda cell: True)
MONEY = Shape(lambda cell: cell.lstrip("$").replace(",", "").replace(".", "").isdigit(), "amount")
PERSON = Shape(looks_like_person, "name", mapped=False)
ACCOUNT = Shape(looks_like_account, "account", mapped=False)
WORDS = Shape(lambda cell: True, "words")


def test_an_amount_is_joined() -> None:
    assert regroup(["A", "$1", "875.34"], [ANY, MONEY]) == ["A", "$1,875.34"]
    assert regroup(["A", "$1", "234", "875.34"], [ANY, MONEY]) == ["A", "$1,234,875.34"]


def test_an_amount_without_cents_is_never_sure() -> None:
    assert regroup(["A", "1", "875"], [ANY, MONEY]) is None
    assert regroup(["A", "$1", "875"], [ANY, MONEY]) is None


def test_two_ways_are_no_way() -> None:
    assert regroup(["$1", "200", "300.00"], [MONEY, MONEY]) is None
    assert regroup(["1", "2", "3"], [WORDS, WORDS]) is None


def test_ways_that_differ_in_a_persons_cells_only_are_one() -> None:
    assert regroup(["5.00", "X", "Y", "Z"], [MONEY, PERSON, PERSON]) is not None


def test_names_swallow_no_amounts() -> None:
    assert regroup(["$1", "875.34", "SMITH", " JOHN"], [MONEY, PERSON]) == [
        "$1,875.34",
        "SMITH, JOHN",
    ]
    assert regroup(["1", "875", "12", "SMITH"], [MONEY, PERSON]) is None


def test_an_account_begins_with_its_id() -> None:
    cells = ["1622", "15", "724.76", "1622", "X", " X"]
    assert regroup(cells, [ANY, MONEY, MONEY, ACCOUNT]) == ["1622", "15", "724.76", "1622,X, X"]


def test_a_row_with_a_hundred_cells_too_many_is_not_tried() -> None:
    assert regroup(["X"] * 100, [PERSON, PERSON]) is None


def test_quoted_cells_are_whole() -> None:
    assert regroup(["A", "$1", "875.34"], [ANY, MONEY], [False, True, False]) is None
