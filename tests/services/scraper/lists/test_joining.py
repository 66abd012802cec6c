"""Pages of a list become one file: header once, every row, and nothing published that does not add up."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.services.scraper.logic.lists import (
    ANNOUNCED,
    ListFormat,
    ListPart,
    body_of,
    header_and_rows,
    plan_lists,
)

HEADER = ("pin", "note, with a comma")
cells = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\r\0\ufeff"), max_size=8
)
rows_of_pages = st.lists(st.lists(st.tuples(cells.filter(bool), cells), max_size=4), min_size=1)


def part(number: int, rows: int | None = 1, **fields: object) -> ListPart:
    return ListPart(
        file_name="a.csv", url="http://x/a", mapping="m", part=number, rows=rows, **fields
    )


def written(rows: list[tuple[str, str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([HEADER, *rows])
    return out.getvalue()


def joined(pages: list[str], kind: ListFormat) -> str:
    last = len(pages) - 1
    bodies = [
        body_of(part(n, format=kind), text.encode(), text, last=n == last)
        for n, text in enumerate(pages)
    ]
    return b"".join(bodies).decode()


@given(rows_of_pages)
def test_csv_pages_join_to_one_file_with_one_header_and_every_row(
    pages: list[list[tuple[str, str]]],
) -> None:
    texts = [written(rows) for rows in pages]
    whole = list(csv.reader(io.StringIO(joined(texts, "csv"), newline="")))
    assert whole == [list(HEADER), *[list(row) for rows in pages for row in rows]]
    assert [header_and_rows(text) for text in texts] == [(HEADER, len(rows)) for rows in pages]


@given(
    st.lists(
        st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2), max_size=3),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=50, deadline=None)
def test_json_pages_join_to_one_array(pages: list[list[dict[str, str]]]) -> None:
    full = [page for page in pages if page] or [[]]  # only the last page of a portal may be empty
    texts = [json.dumps(page, indent=1) + "\n" for page in full]
    assert json.loads(joined(texts, "json")) == [row for page in full for row in page]


def test_a_page_without_a_newline_at_its_end_does_not_run_into_the_next() -> None:
    assert joined(["\ufeffa,b\n1,2", "a,b\n3,4"], "csv") == "a,b\n1,2\n3,4\n"


def test_a_download_is_kept_byte_by_byte() -> None:
    raw = b"\xff\xfeanything\x00"
    assert body_of(part(0), raw, "decoded somehow", last=True) == raw


def test_pages_in_any_order_that_add_up_make_a_plan_without_problems() -> None:
    announced = part(ANNOUNCED, None, parts=3, promised=5)
    pages = [part(2, 1), part(0, 2), announced, part(1, 2)]
    [plan] = plan_lists((f"page {one.part}", one) for one in pages)
    assert plan.problems == ()
    assert [key for key, _ in plan.pages] == ["page 0", "page 1", "page 2"]
    assert plan.rows == 5


def test_a_page_that_is_unchanged_since_a_shorter_list_is_no_problem() -> None:
    """Its memory is of a run in which there were fewer pages: it must not say how many there are."""
    announced = part(ANNOUNCED, None, parts=2, promised=3)
    [plan] = plan_lists([("count", announced), ("rows 0", part(0, 2)), ("rows 1", part(1, 1))])
    assert plan.problems == ()


def problems(*parts: ListPart) -> str:
    [plan] = plan_lists((f"{n}", one) for n, one in enumerate(parts))
    return "; ".join(plan.problems)


def test_a_list_that_does_not_add_up_says_why() -> None:
    announced = part(ANNOUNCED, None, parts=3, promised=3)
    assert "1 of 3 pages are missing, among them page 2" in problems(announced, part(0), part(2))
    assert "2 rows were read, the publisher counts 3" in problems(announced, part(0), part(2))
    assert "came twice" in problems(part(0), part(0))
    assert "page 2 has other columns" in problems(part(0, header=("a",)), part(1, header=("b",)))
    assert "missing" in problems(announced)


def test_lists_of_one_run_are_planned_each_by_itself() -> None:
    other = ListPart(file_name="b.csv", url="http://x/b", mapping="m", parts=1)
    plans = plan_lists([("1", other), ("2", part(0))])
    assert [plan.first.file_name for plan in plans] == ["a.csv", "b.csv"]
