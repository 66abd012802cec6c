"""What lies in a circle or a box, and who is nearest: any engine, against trying every lien."""

from __future__ import annotations

import random
from uuid import UUID

import msgspec
import pytest

from taxlien.services.search.logic.geography import (
    METRES_A_MILE,
    Box,
    Circle,
    Point,
    spot_of,
)
from taxlien.services.search.logic.ordering import Key
from taxlien.services.search.logic.query import Filters, SearchQuery, Span

LIENS = 1500
TAMPA = Point(27.95, -82.46)
CENTRES = (TAMPA, Point(27.95, -82.46), Point(-16.5, 179.95), Point(89.8, 10.0))
CIRCLES = (
    *(Circle(TAMPA, miles) for miles in (0.001, 0.4, 3.0, 12.0, 250.0)),
    Circle(Point(-16.5, -179.98), 9.0),
    Circle(Point(90.0, 0.0), 20.0),
    Circle(Point(40.0, -100.0), 1.0),
)
BOXES = (
    Box(-82.5, 27.9, -82.4, 28.0),
    Box(-82.47, 27.93, -82.4512, 27.961),
    Box(179.9, -17.0, -179.95, -16.4),
    Box(-180.0, 89.7, 180.0, 90.0),
    Box(-180.0, -90.0, 180.0, 90.0),
    Box(-82.46, 27.95, -82.46, 27.95),
)


def numbers(hits) -> list[int]:
    return [msgspec.json.decode(raw)["n"] for raw in hits.items]


def low_of(lien_id: UUID) -> int:
    return (lien_id.int & (2**64 - 1)) - 2**63


@pytest.fixture
async def liens(engine, make_document):
    """Liens around a few centres, many at one spot, some at none; ids in no order."""
    chance = random.Random(82)
    made = {}
    for n in range(LIENS):
        centre = chance.choice(CENTRES)
        longitude = (centre.longitude + chance.gauss(0, 0.08) + 540) % 360 - 180
        latitude = min(centre.latitude + chance.gauss(0, 0.08), 90.0)
        spot = spot_of(latitude, longitude)
        if n % 10 < 2:
            spot = spot_of(27.96, -82.45)
        made[n] = msgspec.structs.replace(
            make_document(
                n, price=chance.choice((*range(9), None)), spot=None if n % 31 == 0 else spot
            ),
            lien_id=UUID(int=chance.getrandbits(128)),
        )
    documents = list(made.values())
    await engine.upsert(documents[:1000])
    await engine.commit()
    await engine.upsert(documents[1000:])
    await engine.commit()
    return made


def inside(liens, area, wanted=lambda lien: True) -> list[int]:
    return [
        n
        for n, lien in liens.items()
        if lien.spot is not None and area.holds(lien.spot) and wanted(lien)
    ]


def by_distance(liens, circle: Circle, found: list[int], way: str) -> list[int]:
    def key(n: int) -> tuple[int, int]:
        metres = round(circle.miles_to(liens[n].spot) * METRES_A_MILE)
        return metres, low_of(liens[n].lien_id)

    return sorted(found, key=key, reverse=way == "desc")


async def test_an_area_holds_what_lies_in_it_and_nothing_else(engine, liens) -> None:
    cheap = Filters(price=Span(None, 3))
    for area in (*CIRCLES, *BOXES):
        for filters in (Filters(), cheap):
            asked = msgspec.structs.replace(filters, area=area)
            expected = inside(
                liens,
                area,
                lambda lien, filters=filters: (
                    not filters.price or (lien.price is not None and lien.price <= 3)
                ),
            )
            found: list[int] = []
            after: Key | None = None
            while not found or after is not None:
                query = SearchQuery(filters=asked, sort="price_asc", limit=600, after=after)
                hits = await engine.search(query)
                assert hits.total == len(expected), (area, filters)
                if not after:
                    assert sum(value.count for value in hits.facets["state"]) == len(expected)
                found += numbers(hits)
                after = hits.last
                if not hits.items:
                    break
            assert sorted(found) == expected, (area, filters)


@pytest.mark.parametrize("way", ["asc", "desc"])
async def test_by_distance_every_lien_is_shown_once_and_in_order(engine, liens, way) -> None:
    cheap = Filters(price=Span(None, 3))
    for circle in CIRCLES:
        for filters in (Filters(), cheap):
            asked = msgspec.structs.replace(filters, area=circle)
            held = inside(
                liens,
                circle,
                lambda lien, filters=filters: (
                    not filters.price or (lien.price is not None and lien.price <= 3)
                ),
            )
            expected = by_distance(liens, circle, held, way)
            found: list[int] = []
            after: Key | None = None
            for _ in range(LIENS):
                query = SearchQuery(
                    filters=asked,
                    sort=f"distance_{way}",
                    limit=20 if len(expected) < 200 else 97,
                    after=after,
                    facets=False,
                )
                hits = await engine.search(query)
                assert hits.total == len(expected)
                found += numbers(hits)
                after = hits.last
                if after is None:
                    break
            assert found == expected, circle
            for offset in (0, 5, 205, 990):
                query = SearchQuery(
                    filters=asked, sort=f"distance_{way}", offset=offset, facets=offset == 5
                )
                hits = await engine.search(query)
                assert numbers(hits) == expected[offset : offset + 20], (circle, offset)
                assert (hits.last is not None) is (len(expected) > offset + 20)


def by_price(liens, found: list[int], way: str) -> list[int]:
    def key(n: int) -> tuple[int, int]:
        return liens[n].price, low_of(liens[n].lien_id)

    priced = sorted((n for n in found if liens[n].price is not None), key=key)
    unpriced = sorted(
        (n for n in found if liens[n].price is None), key=lambda n: low_of(liens[n].lien_id)
    )
    return [*priced, *unpriced] if way == "asc" else [*priced[::-1], *unpriced[::-1]]


@pytest.mark.parametrize("way", ["asc", "desc"])
async def test_a_box_that_is_asked_again_is_answered_alike(engine, liens, way) -> None:
    """What an engine keeps of a place changes no answer: order, ties, unknown values, pages, totals."""
    for box in BOXES:
        expected = by_price(liens, inside(liens, box), way)
        for again in range(3):
            found: list[int] = []
            after: Key | None = None
            while not found or after is not None:
                query = SearchQuery(
                    filters=Filters(area=box),
                    sort=f"price_{way}",
                    limit=97,
                    after=after,
                    facets=False,
                )
                hits = await engine.search(query)
                assert hits.total == len(expected)
                found += numbers(hits)
                after = hits.last
                if not hits.items:
                    break
            assert found == expected, (box, again)
            for offset in (0, 3, 205, 1990):
                query = SearchQuery(
                    filters=Filters(area=box), sort=f"price_{way}", offset=offset, facets=False
                )
                hits = await engine.search(query)
                assert numbers(hits) == expected[offset : offset + 20], (box, again, offset)
                assert (hits.last is not None) is (len(expected) > offset + 20)


async def test_words_and_areas_go_together(engine, make_document) -> None:
    here, there = spot_of(27.95, -82.46), spot_of(28.95, -82.46)
    await engine.upsert(
        [
            make_document(1, address="12 OAK ST", spot=here),
            make_document(2, address="14 OAK ST", spot=there),
            make_document(3, address="16 ELM ST", spot=here),
            make_document(4, address="18 OAK ST"),
        ]
    )
    await engine.commit()
    filters = Filters(area=Circle(TAMPA, 10.0))
    for sort in ("relevance_desc", "distance_asc", "price_asc"):
        hits = await engine.search(SearchQuery(text="oak", filters=filters, sort=sort))
        assert numbers(hits) == [1], sort
        assert hits.total == 1


async def test_a_lien_that_moves_or_goes_is_counted_where_it_is(engine, make_document) -> None:
    here, there = spot_of(27.95, -82.46), spot_of(28.95, -82.46)
    await engine.upsert([make_document(n, spot=here) for n in range(1, 40)])
    await engine.commit()
    near = SearchQuery(filters=Filters(area=Circle(TAMPA, 10.0)), sort="distance_asc", facets=False)
    assert (await engine.search(near)).total == 39
    await engine.upsert([make_document(1, version=2, spot=there)])
    await engine.delete([UUID(int=2)])
    await engine.commit()
    hits = await engine.search(near)
    assert hits.total == 37
    assert {1, 2} & set(numbers(hits)) == set()
    around = msgspec.structs.replace(near, filters=Filters(area=Circle(TAMPA, 100.0)))
    assert (await engine.search(around)).total == 38
