"""Parcels of a large county come in pieces to be compared, whole house numbers at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from taxlien.services.liens import repository

FIPS = "12105"
HOUSES, ON_EACH = 300, 17
_MANY = text(
    """
    INSERT INTO liens.parcels (county_fips, parcel_key, parcel_id, situs_address, first_seen_at)
    SELECT :fips, n::text, n::text, repeat('0', n % 3) || (n % :houses) || ' OAK ST', now()
    FROM generate_series(1, :count) AS n
    """
)


async def test_parcels_come_in_pieces_and_those_of_one_house_number_together(
    catalogue: Any,
) -> None:
    values = {"fips": FIPS, "houses": HOUSES, "count": HOUSES * ON_EACH}
    async with catalogue.database.session() as session:
        await session.execute(_MANY, values)
        pieces = [piece async for piece in repository.sides(session, FIPS)]
    houses = [{int((side.situs_address or "").split()[0]) for side in piece} for piece in pieces]
    assert len(pieces) > 1
    assert sum(map(len, pieces)) == sum(map(len, houses)) * ON_EACH
    assert set().union(*houses) == set(range(1, HOUSES))  # 0 is the number of land without a house
    assert sum(map(len, houses)) == HOUSES - 1


async def test_other_questions_may_be_asked_between_two_pieces(catalogue: Any) -> None:
    values = {"fips": FIPS, "houses": HOUSES, "count": HOUSES * ON_EACH}
    async with catalogue.database.session() as session:
        await session.execute(_MANY, values)
        seen = 0
        async for piece in repository.sides(session, FIPS):
            assert await repository.of_different_sources(session, FIPS, []) == []
            assert await repository.merges_of_pairs(session, FIPS, [("1", "2")]) == {}
            seen += len(piece)
    assert seen == (HOUSES - 1) * ON_EACH
