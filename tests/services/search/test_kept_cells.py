"""Liens of cells stay in memory within a bound, and are the same before and after."""

from __future__ import annotations

import pytest
from tantivy import Index, Query

from taxlien.services.search.adapters.tantivy_cells import KeptCells, QueryCells
from taxlien.services.search.adapters.tantivy_generation import Generation
from taxlien.services.search.adapters.tantivy_query import QueryBuilder
from taxlien.services.search.adapters.tantivy_schema import build_schema
from taxlien.services.search.logic.cells import cells_of
from taxlien.services.search.logic.geography import spot_of


@pytest.fixture
def searcher(tmp_path, make_document):
    generation = Generation(tmp_path, 15_000_000)
    generation.upsert(
        [make_document(n, spot=spot_of(27 + n % 7 * 0.3, -82.0)) for n in range(1, 71)]
    )
    generation.commit()
    generation.close()
    return Index.open(str(tmp_path)).searcher()


def test_what_is_kept_is_bounded_and_what_was_let_go_is_read_again(searcher) -> None:
    builder = QueryBuilder(build_schema(), searcher)
    kept, read = (
        KeptCells(searcher, builder, most=25),
        QueryCells(searcher, builder, Query.all_query()),
    )
    cells = [cells_of(spot_of(27 + n * 0.3, -82.0))[3] for n in range(7)]
    for _ in range(2):
        for cell in cells:
            liens = kept.read([cell])
            assert len(liens.spots) == 10
            assert set(liens.addresses) == set(read.read([cell]).addresses)
            assert kept.held <= 25
    assert len(set(kept.read(cells).addresses)) == 70
    assert kept.count(cells) == read.count(cells) == 70
    assert kept.count(["c.0.0"]) == read.count(["c.0.0"]) == len(kept.read(["c.0.0"]).spots) == 0
