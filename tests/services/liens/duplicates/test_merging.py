"""Parcels are merged beside the data: certain ones by themselves, and any merge can be taken back."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from taxlien.interfaces.scraper import (
    LienObserved,
    PageCard,
    ParcelObserved,
    ScrapeObserved,
    SourceCard,
)
from taxlien.kit.errors import Conflict, NotFound
from taxlien.kit.http.app import create_app
from taxlien.services.liens import service
from taxlien.services.liens.endpoints import router

FIPS = "12105"


def page(source: str, *said: Any) -> ScrapeObserved:
    card = SourceCard(
        name=source, title=source, platform="x", county_fips=FIPS, legal_status="open_data", url="u"
    )
    return ScrapeObserved(
        run_id=UUID(int=1),
        source=card,
        page=PageCard(
            key="p", url="u", fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
            parser_version="x/1", content_sha256="00" * 32,
        ),
        parcels=tuple(part for part in said if isinstance(part, ParcelObserved)),
        liens=tuple(part for part in said if isinstance(part, LienObserved)),
    )  # fmt: skip


def lien(parcel_id: str, **fields: Any) -> LienObserved:
    return LienObserved(
        kind="certificate", status="advertised", parcel_id=parcel_id, tax_year=2025,
        face_amount=Decimal("10.00"), **fields,
    )  # fmt: skip


async def hear(catalogue: Any, *pages: ScrapeObserved) -> None:
    async with catalogue.database.session() as session:
        await service.record_collected(session, pages)


async def compare(catalogue: Any) -> Any:
    async with catalogue.database.session() as session:
        return await service.compare_parcels(session, FIPS, at=datetime.now(UTC))


async def listed(catalogue: Any) -> tuple[Any, Any]:
    async with catalogue.database.session() as session:
        return await service.duplicates(session, FIPS, 100)


async def view(catalogue: Any, parcel_id: str) -> service.ParcelView:
    async with catalogue.database.session() as session:
        return await service.parcel(session, FIPS, parcel_id)


async def test_number_without_its_leading_zeros_is_merged_and_liens_keep_their_key(
    catalogue: Any,
) -> None:
    await hear(catalogue, page("assessor", ParcelObserved(parcel_id="0012-345", acres=Decimal(1))))
    await hear(catalogue, page("auction", lien("12-345")))
    found = await compare(catalogue)
    assert (found.merged, found.candidates) == (1, 0)
    [merge], _ = await listed(catalogue)
    assert (merge.score, merge.decided_by, merge.evidence["rule"]) == (
        Decimal("1.000"),
        "rule",
        "parcel number",
    )
    for number in ("12345", "0012-345"):
        seen = await view(catalogue, number)
        assert (seen.parcel.parcel_key, seen.other_keys) == ("0012345", ("12345",))
        assert [lien.parcel_key for lien in seen.liens] == ["12345"]
    assert (await compare(catalogue)).merged == 0


async def test_further_number_of_a_parcel_that_is_anothers_number_merges_them(
    catalogue: Any,
) -> None:
    parcel = ParcelObserved(parcel_id="24-28-23-000", other_ids={"Alternate Key": "R-771234"})
    await hear(catalogue, page("assessor", parcel), page("auction", lien("R771234")))
    assert (await compare(catalogue)).merged == 1


async def test_parcels_that_one_source_lists_both_are_two(catalogue: Any) -> None:
    await hear(catalogue, page("auction", lien("0012345"), lien("12345")))
    await hear(catalogue, page("assessor", ParcelObserved(parcel_id="X-1")))
    found = await compare(catalogue)
    assert (found.merged, found.candidates) == (0, 0)


async def test_same_address_is_a_candidate_that_a_person_merges_or_dismisses(
    catalogue: Any,
) -> None:
    await hear(
        catalogue,
        page(
            "assessor",
            ParcelObserved(parcel_id="A-100", situs_address="12 N OAK STREET", city="LAKELAND"),
            ParcelObserved(parcel_id="A-200", situs_address="9 ELM AVE", city="LAKELAND"),
        ),
        page(
            "auction",
            lien("B-100", situs_address="12 North Oak St", city="LAKELAND"),
            lien("B-200", situs_address="9 Elm Av", city="LAKELAND"),
        ),
    )
    assert (await compare(catalogue)).candidates == 2
    merges, candidates = await listed(catalogue)
    assert (merges, [c.score for c in candidates]) == ([], [Decimal("1.000")] * 2)
    async with catalogue.database.session() as session:
        merge = await service.merge_parcels(session, FIPS, "A-100", "B-100")
        await service.dismiss(session, FIPS, "A-200", "B-200")
    assert (merge.decided_by, merge.evidence["rule"]) == ("person", "address")
    assert (await compare(catalogue)).candidates == 0
    assert [len(found) for found in await listed(catalogue)] == [1, 0]
    with pytest.raises(Conflict):
        async with catalogue.database.session() as session:
            await service.merge_parcels(session, FIPS, "B100", "A100")
    with pytest.raises(NotFound):
        async with catalogue.database.session() as session:
            await service.merge_parcels(session, FIPS, "B100", "NOPE1")


async def test_merge_taken_back_is_not_made_again(catalogue: Any) -> None:
    await hear(catalogue, page("a", lien("0012345")), page("b", lien("12345")))
    await compare(catalogue)
    [merge], _ = await listed(catalogue)
    async with catalogue.database.session() as session:
        await service.undo_merge(session, merge.id)
    found = await compare(catalogue)
    assert (found.merged, found.candidates) == (0, 0)
    assert (await view(catalogue, "12345")).other_keys == ()
    with pytest.raises(NotFound):
        async with catalogue.database.session() as session:
            await service.undo_merge(session, merge.id)
    assert await catalogue.count("parcel_merges") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM liens.parcel_merges",
        "UPDATE liens.parcel_merges SET score = 0",
        "UPDATE liens.parcel_merges SET undone_at = now(), other_key = 'X'",
    ],
)
async def test_merge_is_never_removed_or_rewritten(catalogue: Any, statement: str) -> None:
    await hear(catalogue, page("a", lien("0012345")), page("b", lien("12345")))
    await compare(catalogue)
    with pytest.raises(Exception, match="append-only"):
        async with catalogue.database.session() as session:
            await session.execute(text(statement))


KEYS = [f"K{n}00{n}" for n in range(6)]


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 100_000), steps=st.integers(1, 6))
async def test_undoing_restores_exactly_what_was_there(
    catalogue: Any, seed: int, steps: int
) -> None:
    """After any merges and undoings, undoing the last merges brings back every earlier answer."""
    await hear(catalogue, page("a", *(lien(key) for key in KEYS)))
    chance = random.Random(seed)
    history: list[tuple[list[Any], UUID]] = []
    async with catalogue.database.session() as session:
        for _ in range(steps):
            before = await _answers(session)
            one, other = chance.sample(KEYS, 2)
            try:
                merge = await service.merge_parcels(session, FIPS, one, other)
            except Conflict:
                continue
            history.append((before, merge.id))
        while history:
            before, merge_id = history.pop()
            await service.undo_merge(session, merge_id)
            assert await _answers(session) == before


async def _answers(session: Any) -> list[Any]:
    seen = [await service.parcel(session, FIPS, key) for key in KEYS]
    return [(view.parcel, view.other_keys, view.liens) for view in seen]


async def test_parcel_is_answered_under_any_of_its_numbers(catalogue: Any) -> None:
    parcel = ParcelObserved(parcel_id="0012-345", acres=Decimal("0.25"), flags=("bankruptcy",))
    await hear(catalogue, page("assessor", parcel), page("auction", lien("12-345")))
    await compare(catalogue)
    app = create_app(title="test", routers=[router], databases={"liens": catalogue.database})
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://liens.test") as http:
        body = (await http.get(f"/v1/liens/parcels/{FIPS}/12-345")).json()
        missing = await http.get(f"/v1/liens/parcels/{FIPS}/NOPE-1")
    assert (body["parcel_id"], body["acres"], body["flags"]) == ("0012-345", "0.25", ["bankruptcy"])
    assert (body["other_keys"], len(body["liens"])) == (["12345"], 1)
    assert missing.status_code == 404


async def test_counties_of_several_sources_are_compared_once_something_new_came(
    catalogue: Any,
) -> None:
    async def due() -> list[str]:
        async with catalogue.database.session() as session:
            return await service.counties_to_compare(session)

    await hear(catalogue, page("a", lien("0012345")))
    assert await due() == []
    await hear(catalogue, page("b", lien("12345")))
    assert await due() == [FIPS]
    await compare(catalogue)
    assert await due() == []
