"""How well rankings answer judged questions: nDCG@10 by category, with a floor."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import msgspec
import pytest
import yaml

from taxlien.services.search.adapters.engine import SearchEngine
from taxlien.services.search.adapters.tantivy_engine import TantivyEngine
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.query import SearchQuery, build_query

from .corpus import liens

FLOOR = 0.96
FLOOR_OF_A_CATEGORY = 0.92
DEPTH = 10
WEAK = 0.9

Grade = Mapping[int, Mapping[str, str]]


def grade(grades: Sequence[Grade], shown: Mapping[str, str | None]) -> int:
    """Return the highest grade whose patterns are all found."""
    return max(
        (
            value
            for line in grades
            for value, patterns in line.items()
            if all(re.search(p, shown[field] or "", re.I) for field, p in patterns.items())
        ),
        default=0,
    )


def ndcg(got: Sequence[int], possible: Sequence[int]) -> float:
    """Return the discounted gain of ``got`` as a share of the best that was possible."""
    best = _gain(sorted(possible, reverse=True)[:DEPTH])
    assert best > 0, "nothing in the corpus answers this question: put another"
    return _gain(got[:DEPTH]) / best


def _gain(grades: Sequence[int]) -> float:
    return sum((2**g - 1) / math.log2(place + 2) for place, g in enumerate(grades))


@pytest.fixture(scope="module")
async def engine(tmp_path_factory: pytest.TempPathFactory):
    opened: SearchEngine = TantivyEngine(
        tmp_path_factory.mktemp("relevance"), heap_bytes=30_000_000, writer=True
    )
    await opened.upsert([document_of(lien) for lien in liens()])
    await opened.commit()
    yield opened
    await opened.close()


def fields(item: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "address": item["address"],
        "city": item["city"],
        "county": item["county"],
        "state": item["state"],
        "zip": item["zip_code"],
        "parcel": item["parcel_id"],
        "certificate": item["certificate_number"],
    }


async def score(engine: SearchEngine, corpus: list[dict[str, str | None]], judged: Any) -> float:
    grades = judged["grades"]
    if "kind" in next(iter(grades[0].values())):
        suggestions = await engine.suggest(judged["q"], DEPTH)
        got = [grade(grades, {"kind": s.kind, "text": s.text}) for s in suggestions]
        best = max(value for line in grades for value in line)
        # What else could be completed is not known: one of the best must be there, and lead.
        return ndcg(got, got if best in got else [best, *got])
    asked = build_query(q=judged["q"], page_size=DEPTH, facets=False)
    hits = await engine.search(asked)
    got = [grade(grades, fields(msgspec.json.decode(raw))) for raw in hits.items]
    return ndcg(got, [grade(grades, lien) for lien in corpus])


async def test_judged_questions_are_answered_well(
    engine: SearchEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = await engine.search(SearchQuery(limit=10_000, facets=False))
    corpus = [fields(msgspec.json.decode(raw)) for raw in whole.items]
    judged = yaml.safe_load((Path(__file__).parent / "judged.yml").read_text())
    scores: dict[str, list[tuple[float, str]]] = {
        category: [(await score(engine, corpus, one), one["q"]) for one in questions]
        for category, questions in judged.items()
    }
    means = {category: mean(s for s, _ in found) for category, found in scores.items()}
    every = [one for found in scores.values() for one in found]
    total = mean(s for s, _ in every)
    lines = [f"nDCG@{DEPTH} over {len(every)} questions: {total:.3f}"]
    for category, value in means.items():
        weak = ", ".join(f"{q} {s:.2f}" for s, q in sorted(scores[category]) if s < WEAK)
        lines.append(f"  {category:<13}{value:.3f}  {weak}")
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert len(every) >= 60
    assert total >= FLOOR
    assert {c: round(v, 3) for c, v in means.items() if v < FLOOR_OF_A_CATEGORY} == {}
