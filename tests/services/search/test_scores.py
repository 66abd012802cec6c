"""What a model says of a lien is found by, sorted by, and kept through everything that comes after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from taxlien.interfaces.ml import LienScored, RiskScore
from taxlien.services.search import events, service
from taxlien.services.search.adapters import current
from taxlien.services.search.logic.document import document_of
from taxlien.services.search.logic.query import build_query
from taxlien.services.search.logic.scoring import beside_of, restored, scored

NOW = datetime(2026, 11, 1, tzinfo=UTC)
maybe = st.one_of(st.none(), st.decimals("0.01", "99999999", places=2))


def told(scores: dict[int, int | None], *, appointment: int = 1, version: int = 1) -> LienScored:
    return LienScored(
        county_fips="12105", model_version=1, appointment=appointment, synthetic=False, at=NOW,
        scores=tuple(
            RiskScore(lien_id=UUID(int=n), version=version, score=score)
            for n, score in scores.items()
        ),
    )  # fmt: skip


async def found(**asked: object) -> list[tuple[int, int | None, int | None]]:
    """Return number, version's score and safety of the liens found, in order."""
    hits = await (await current.writer()).search(build_query(**asked))
    items = [msgspec.json.decode(raw) for raw in hits.items]
    return [(UUID(i["lien_id"]).int, i["score"], i["safety_score"]) for i in items]


async def hear(database, *batches: Sequence[LienScored]) -> None:
    for batch in batches:
        async with database.session() as session:
            await events.keep_scores(session, list(batch))


@settings(max_examples=60, deadline=None)
@given(
    facts=st.fixed_dictionaries(
        {
            "face_amount": maybe, "premium": maybe, "market_value": maybe, "acres": maybe,
            "bid_rate_pct": st.one_of(st.none(), st.decimals("0", "18", places=2)),
            "situs_address": st.sampled_from([None, "7 OAK ST", "ÑANDÚ 3"]),
            "city": st.sampled_from([None, "LAKELAND"]),
            "zip_code": st.sampled_from([None, "33801"]),
            "property_type": st.sampled_from([None, "  ", "Condo", "VAC-RES-LOT", "Ünit"]),
            "parcel_key": st.sampled_from(["242909000001", "OTHER"]),
            "certificate_number": st.sampled_from([None, "2024-17", "17"]),
            "sale_date": st.sampled_from([None, date(2024, 6, 1)]),
            "latitude": st.sampled_from([None, 27.123456789]), "longitude": st.just(-81.5),
            "homestead": st.sampled_from([None, True, False]),
            "vacant": st.sampled_from([None, True, False]),
            "building_sqft": st.sampled_from([None, 0, 900]),
            "status": st.sampled_from(["sold", "redeemed", "advertised"]),
            "synthetic": st.booleans(),
        }
    ),
    score=st.one_of(st.none(), st.integers(1, 100)),
)  # fmt: skip
def test_a_document_is_read_back_as_it_was(make_lien, facts, score) -> None:
    document = document_of(make_lien(3, **facts))
    with_score = restored(document.item, beside_of(document), score)
    assert with_score == scored(document, score)
    assert restored(with_score.item, beside_of(with_score), None) == document


async def test_liens_are_found_and_sorted_by_risk_whatever_is_delivered_twice(
    process_index, make_lien, database_for
) -> None:
    database = await database_for("search")
    await service.index_liens([make_lien(n) for n in range(1, 6)])
    assert not (await current.writer()).has_scores()
    await hear(database, *[[told({1: 70, 2: 5, 4: 40}), told({3: None})]] * 2)
    assert await found(sort="risk_asc") == [(2, 5, 96), (4, 40, 61), (1, 70, 31)] + [
        (n, None, None) for n in (3, 5)
    ]
    assert await found(sort="risk_desc", score_min="40") == [(1, 70, 31), (4, 40, 61)]
    assert await found(score_max="5") == [(2, 5, 96)]
    assert (await current.writer()).has_scores()


async def test_what_is_older_never_replaces_what_is_newer(
    process_index, make_lien, database_for
) -> None:
    database = await database_for("search")
    await service.index_liens([make_lien(1), make_lien(2)])
    await hear(database, [told({1: 60, 2: 60}, appointment=2, version=3)])
    late = [
        told({1: 10}, appointment=1, version=9),
        told({1: 11}, appointment=2, version=2),
        told({2: 12}, appointment=3, version=1),
        told({2: 13}, appointment=2, version=4),
    ]
    await hear(database, late, late[::-1])
    assert await found(sort="risk_asc") == [(2, 12, 89), (1, 60, 41)]


async def test_a_lien_that_changes_keeps_its_score_until_another_comes(
    process_index, make_lien, database_for
) -> None:
    database = await database_for("search")
    await service.index_liens([make_lien(1), make_lien(2)])
    await hear(database, [told({1: 60, 2: 20})])
    await service.index_liens([make_lien(1, version=2, face_amount=Decimal("10.00"))])
    assert await found(score_min="50", price_max="10") == [(1, 60, 41)]
    await hear(database, [told({1: None}, version=2)])
    assert await found(score_min="1") == [(2, 20, 81)]


async def test_a_score_that_came_before_its_lien_is_there_when_it_comes(
    process_index, make_lien, database_for
) -> None:
    database = await database_for("search")
    async with database.session() as session:  # not committed yet when the first lien comes
        await events.keep_scores(session, [told({1: 60, 2: 20})])
        await service.index_liens([make_lien(1)])
    await current.close()  # what was remembered is gone
    async with database.session() as session:
        await service.index_arrived(session, [make_lien(1, version=2), make_lien(2)])
    assert await found(sort="risk_asc") == [(2, 20, 81), (1, 60, 41)]


async def test_an_index_built_anew_has_every_score(process_index, make_lien, database_for) -> None:
    database = await database_for("search")
    liens = [make_lien(n) for n in range(1, 8)]
    await service.index_liens(liens[:6])
    await hear(database, [told({1: 10, 2: 20, 3: 30, 4: 40, 7: 70})])

    class Catalogue:
        async def export_liens(self):
            yield liens[:2]
            # Meanwhile liens change, and are judged anew.
            await service.index_liens([make_lien(3, version=2)])
            await hear(database, [told({1: 11, 4: 41, 5: 51, 6: None}, appointment=2)])
            yield liens[2:]

    async def known(lien_ids):
        async with database.session() as session:
            return await service.known_scores(session, lien_ids)

    async def progress(_: int) -> None: ...

    await service.rebuild_index(await service.open_writer(), Catalogue(), progress, known)
    expected = [(1, 11), (2, 20), (3, 30), (4, 41), (5, 51), (7, 70), (6, None)]
    assert [one[:2] for one in await found(sort="risk_asc")] == expected
