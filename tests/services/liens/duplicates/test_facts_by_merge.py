"""Liens of merged parcels have the facts of all of them, and lose by an undoing what came by a merge."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taxlien.interfaces.liens import LienChanged, LienCreated
from taxlien.interfaces.scraper import (
    LienObserved,
    PageCard,
    ParcelObserved,
    ScrapeObserved,
    SourceCard,
    ValueOfYear,
)
from taxlien.kit.ids import new_id
from taxlien.services.liens import service
from taxlien.services.liens.logic.parcels import LIEN_FACTS

FIPS = "12105"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def page(minute: float, source: str, *said: Any) -> ScrapeObserved:
    return ScrapeObserved(
        run_id=UUID(int=1),
        source=SourceCard(
            name=source, title=source, platform="x", county_fips=FIPS,
            legal_status="open_data", url="u",
        ),
        page=PageCard(
            key="p", url=f"https://{source}.example", parser_version="x/1",
            fetched_at=NOON + timedelta(minutes=minute), content_sha256=f"{int(minute * 10):064x}",
        ),
        parcels=tuple(part for part in said if isinstance(part, ParcelObserved)),
        liens=tuple(part for part in said if isinstance(part, LienObserved)),
    )  # fmt: skip


def assessed(parcel_id: str, *, market: int | None = None, **facts: Any) -> ParcelObserved:
    values = (ValueOfYear(year=2026, kind="market", amount=Decimal(market or 0), label="m"),)
    return ParcelObserved(parcel_id=parcel_id, values=values if market else (), **facts)


def deed(parcel_id: str, **facts: Any) -> LienObserved:
    known: dict[str, Any] = {"status": "advertised", "opening_bid": Decimal("4500.00")}
    return LienObserved(
        kind="deed_sale", parcel_id=parcel_id, certificate_number="77", **known | facts
    )


async def hear(catalogue: Any, *pages: ScrapeObserved) -> None:
    """Deliver pages twice: the second time changes nothing."""
    async with catalogue.database.session() as session:
        await service.record_collected(session, pages)
    before = await catalogue.count("outbox"), await catalogue.count("observations")
    async with catalogue.database.session() as session:
        await service.record_collected(session, pages)
    assert before == (await catalogue.count("outbox"), await catalogue.count("observations"))


async def merge(catalogue: Any, one: str, other: str) -> UUID:
    async with catalogue.database.session() as session:
        return (await service.merge_parcels(session, FIPS, one, other)).id


async def undo(catalogue: Any, merge_id: UUID) -> None:
    async with catalogue.database.session() as session:
        await service.undo_merge(session, merge_id)


async def lien_of(catalogue: Any, key: str) -> Any:
    async with catalogue.database.session() as session:
        view = await service.parcel(session, FIPS, key)
        [found] = [lien for lien in view.liens if lien.parcel_key == key]
        _, said = await service.observations(session, found.lien_id, before=None, limit=100)
    return found, [(one.source, one.url, sorted(one.values)) for one in said]


async def test_merge_gives_liens_the_assessors_facts_and_undoing_takes_them_back(
    catalogue: Any,
) -> None:
    facts = {"situs_address": "12 OAK ST", "city": "LAKELAND", "homestead": True}
    await hear(
        catalogue,
        page(0, "assessor", assessed("A-100", market=90000, acres=Decimal("0.25"), **facts)),
        page(1, "auction", deed("77001", situs_address="12 OAK", zip_code="33801")),
    )
    before, said = await lien_of(catalogue, "77001")
    await catalogue.events()
    merge_id = await merge(catalogue, "A-100", "77001")
    merged, with_merge = await lien_of(catalogue, "77001")
    assert (merged.situs_address, merged.acres, merged.homestead, merged.market_value) == (
        "12 OAK ST", Decimal("0.25"), True, Decimal("90000.00"),
    )  # fmt: skip
    assert (merged.zip_code, merged.opening_bid) == ("33801", Decimal("4500.00"))
    assert with_merge[1:] == said
    assert with_merge[0] == (
        "assessor",
        "https://assessor.example",
        ["acres", "city", "homestead", "market_value", "situs_address"],
    )
    [change] = await catalogue.events()
    assert isinstance(change, LienChanged)
    assert sorted(change.changed) == with_merge[0][2]
    await undo(catalogue, merge_id)
    after, left = await lien_of(catalogue, "77001")
    assert (values(after), left) == (values(before), said)
    [change] = await catalogue.events()
    assert (sorted(change.changed), change.lien.version) == (with_merge[0][2], 3)
    assert await catalogue.count("observations") == 2, "nothing appended is removed"
    assert await catalogue.count("own_facts") == 0


async def test_page_and_lien_that_come_after_the_merge_are_treated_alike(catalogue: Any) -> None:
    await hear(
        catalogue,
        page(0, "assessor", assessed("A-100", market=90000)),
        page(1, "auction", deed("77001")),
    )
    merge_id = await merge(catalogue, "A-100", "77001")
    await catalogue.events()
    await hear(catalogue, page(2, "assessor", assessed("A-100", market=95000, year_built=1961)))
    [change] = await catalogue.events()
    assert sorted(change.changed) == ["market_value", "year_built"]
    later = deed("77001", tax_year=2025, market_value=Decimal("1.00"))
    await hear(catalogue, page(3, "auction", later))
    [created] = await catalogue.events()
    assert isinstance(created, LienCreated)
    assert (created.lien.market_value, created.lien.year_built) == (Decimal("95000.00"), 1961)
    await hear(catalogue, page(4, "auction", deed("77001", tax_year=2025, market_value=Decimal(2))))
    assert await catalogue.events() == [], (
        "what the list says of the value is hidden by the assessor"
    )
    await undo(catalogue, merge_id)
    assert await catalogue.rows(
        "SELECT tax_year, market_value, year_built FROM liens.liens ORDER BY tax_year"
    ) == [(2025, Decimal("2.00"), None), (None, None, None)]
    assert await catalogue.rows(
        "SELECT market_value, year_built FROM liens.parcels WHERE parcel_key = '77001'"
    ) == [(None, None)]


async def test_certain_merge_brings_a_deed_sale_to_its_parcel(catalogue: Any) -> None:
    sold = LienObserved(
        kind="deed_sale", status="advertised", parcel_id=None, other_ids={"Parcel Key": "00771234"}
    )
    await hear(catalogue, page(0, "auction", sold))
    card = assessed("24-28-23-000", market=50000, other_ids={"Alternate Key": "771234"})
    await hear(catalogue, page(1, "assessor", card))
    async with catalogue.database.session() as session:
        found = await service.compare_parcels(session, FIPS, at=datetime.now(UTC))
    assert found.merged == 1
    lien, _ = await lien_of(catalogue, "00771234")
    assert lien.market_value == Decimal("50000.00")


async def test_chain_of_merges_carries_facts_and_breaks_where_it_is_undone(catalogue: Any) -> None:
    await hear(
        catalogue,
        page(0, "assessor", assessed("A-100", market=90000)),
        page(1, "auction", deed("B-100"), deed("C-100")),
    )
    first, second = await merge(catalogue, "A100", "B100"), await merge(catalogue, "B100", "C100")
    for key in ("B100", "C100"):
        assert (await lien_of(catalogue, key))[0].market_value == Decimal("90000.00")
    await undo(catalogue, first)
    for key in ("B100", "C100"):
        lien, said = await lien_of(catalogue, key)
        assert (lien.market_value, len(said)) == (None, 1)
    await merge(catalogue, "A100", "C100")
    await undo(catalogue, second)
    assert (await lien_of(catalogue, "C100"))[0].market_value == Decimal("90000.00")
    lien, said = await lien_of(catalogue, "B100")
    assert (lien.market_value, len(said)) == (None, 1)


def values(lien: Any) -> dict[str, Any]:
    """Everything a lien says but for its name, its parcel and its times."""
    apart = {"lien_id", "version", "parcel_id", "parcel_key", "first_seen_at", "last_changed_at"}
    return {name: getattr(lien, name) for name in lien.__struct_fields__ if name not in apart}


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[str, dict[str, Any]]]:
    """What two assessors say of two numbers of a property, what a list says, and when it is merged."""
    amounts = st.none() | st.integers(1, 3)
    steps = []
    for _ in range(draw(st.integers(3, 8))):
        kind = draw(st.sampled_from(["left", "right", "list", "merge", "undo"]))
        fields: dict[str, Any] = {}
        if kind in {"left", "right"}:
            fields = {
                "market": draw(amounts),
                "acres": draw(st.sampled_from([None, Decimal("0.25"), Decimal("0.5")])),
                "situs_address": draw(st.sampled_from([None, "1 OAK ST", "2 OAK ST"])),
                "homestead": draw(st.none() | st.booleans()),
            }
        elif kind == "list":
            fields = {
                "on": draw(st.sampled_from(["L", "R"])),
                "status": draw(st.sampled_from(["advertised", "sold", "redeemed"])),
                "market_value": draw(st.sampled_from([None, Decimal("1.00"), Decimal("5.00")])),
                "situs_address": draw(st.sampled_from([None, "1 OAK"])),
                "source": draw(st.sampled_from(["auction", "treasurer"])),
            }
        steps.append((kind, fields))
    return steps


def told(minute: int, name: str, kind: str, fields: dict[str, Any], *, one: bool) -> ScrapeObserved:
    """The page of a step; with ``one``, both numbers are one."""
    sides = {"left": "L", "right": "L" if one else "R"}
    if kind == "list":
        said = {n: value for n, value in fields.items() if n not in {"on", "source"}}
        on = "L" if one else fields["on"]
        return page(minute, str(fields["source"]), deed(f"{on}{name}", **said))
    return page(minute, kind, assessed(f"{sides[kind]}{name}", **fields))


@pytest.mark.parametrize("shuffled", [False, True])
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories(), seed=st.integers(0, 10_000))
async def test_undoing_leaves_what_would_be_there_without_and_a_merge_what_one_parcel_would_have(
    catalogue: Any, story: Any, seed: int, shuffled: bool
) -> None:
    """Three parcels by one story: merged and parted; never merged; and all of it told of one number."""
    merged, never, whole = (f"{new_id().int % 10**12:012d}" for _ in range(3))
    steps = list(enumerate(story, start=1))
    if shuffled:
        random.Random(seed).shuffle(steps)
    begin = [("L", Decimal("4500.00")), ("R", Decimal("4600.00"))]
    for name in (merged, never):
        liens = [deed(f"{side}{name}", opening_bid=bid) for side, bid in begin]
        await hear(catalogue, page(0, "auction", *liens))
    await hear(catalogue, page(0, "auction", deed(f"L{whole}")))
    merge_id = None
    for minute, (kind, fields) in steps:
        if kind == "merge":
            if merge_id is None:
                merge_id = await merge(catalogue, f"L{merged}", f"R{merged}")
        elif kind == "undo":
            if merge_id is not None:
                await undo(catalogue, merge_id)
            merge_id = None
        else:
            for name in (merged, never, whole):
                said = told(minute, name, kind, fields, one=name == whole)
                async with catalogue.database.session() as session:
                    await service.record_collected(session, [said])
    if merge_id is None:
        merge_id = await merge(catalogue, f"L{merged}", f"R{merged}")
    [known] = await catalogue.rows(
        f"SELECT {', '.join(LIEN_FACTS)} FROM liens.parcels WHERE parcel_key = :key"
        " AND observed_at IS NOT NULL", key=f"L{whole}",
    ) or [(None,) * len(LIEN_FACTS)]  # fmt: skip
    [(origins,)] = await catalogue.rows(
        "SELECT coalesce(origins, '{}') FROM liens.parcels WHERE parcel_key = :key",
        key=f"L{whole}",
    )
    expected = {n: v for n, v in zip(LIEN_FACTS, known, strict=True) if n in origins}
    for side in ("L", "R"):
        lien, _ = await lien_of(catalogue, f"{side}{merged}")
        assert {name: getattr(lien, name) for name in expected} == expected
    await undo(catalogue, merge_id)
    for side in ("L", "R"):
        parted, said = await lien_of(catalogue, f"{side}{merged}")
        alone, also_said = await lien_of(catalogue, f"{side}{never}")
        assert (values(parted), sorted(said)) == (values(alone), sorted(also_said))
    rows = [
        await catalogue.rows(
            f"SELECT left(parcel_key, 1), {', '.join(LIEN_FACTS)} FROM liens.parcels"
            " WHERE parcel_key LIKE :name ORDER BY 1", name=f"_{name}",
        )
        for name in (merged, never)
    ]  # fmt: skip
    assert rows[0] == rows[1]
