"""Liens to judge a ranking by: parcels of the simulator's world, on streets as they are really named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from taxlien.interfaces.liens import Lien
from taxlien.run.simulator.world.draws import Draw
from taxlien.run.simulator.world.world import World

COUNTIES = 48
PARCELS_EACH = 75
SEED = 7

STREETS = """
1ST ST|NW 22 AVE|NE 22ND ST|22ND AVE|SECOND ST|3RD AVE|TENTH AVE|TWENTY-FIRST ST|42ND ST|W 42 ST
100TH TER|ST CHARLES AVE|SAINT ANDREWS BLVD|ST JOHNS RD|ST AUGUSTINE RD|ST PETER ST|ST LOUIS ST
MLK JR BLVD|DR MARTIN LUTHER KING BLVD|US HWY 27|US HIGHWAY 441|STATE ROAD 50|SR 44|COUNTY ROAD 210
CR 210|I-95 FRONTAGE RD|FORT KING RD|FT CAROLINE RD|MT VERNON AVE|MOUNT PLEASANT RD|O'BRIEN LN
MCDONALD DR|DE LA CRUZ CT|CAÑON DR|WASHINGTON ST|WASHINGTON AVE|N WASHINGTON ST|S WASHINGTON ST
JEFFERSON ST|MADISON AVE|ARMSTRONG AV|HARLEM AVE|PARK AVE|PARK LN|PARKER ST|N PARK CIR|ENGLEWOOD AVE
INGLEWOOD DR|ROSEWOOD CT|HAWTHORNE PL|CHESTNUT HILL RD|BALTIMORE ST|LINCOLN HWY|LAKE SHORE DR
LAKESHORE BLVD|SPRING VALLEY TRL|SPRINGFIELD AVE|NORTHFIELD RD|NORTH ST|SOUTH ST|COURT ST
WILKES-BARRE BLVD|PENNSYLVANIA AVE|MASSACHUSETTS AVE NW|MAIN ST|E MAIN ST|W MAIN ST|MAINE AVE|BROADWAY
BROAD ST|OAK ST|OAKLAND AVE
"""


def names() -> list[str]:
    return [name for line in STREETS.strip().splitlines() for name in line.split("|")]


def liens() -> Iterator[Lien]:
    """Yield the corpus, always the same. Half of the parcels have one of ``STREETS``."""
    world = World.made(SEED, COUNTIES, COUNTIES * PARCELS_EACH, date(2026, 3, 1))
    streets = names()
    now = datetime(2026, 3, 1, tzinfo=UTC)
    for county in world.counties:
        for number in range(PARCELS_EACH):
            parcel = world.parcel(county, number)
            draw = Draw(SEED, county.index, number)
            situs = parcel.situs or None
            if draw.chance(0.5):
                unit = f" APT {draw.between(1, 40)}" if draw.chance(0.1) else ""
                situs = f"{draw.between(1, 999)} {draw.pick(streets)}{unit}"
            year = draw.between(2019, 2024)
            yield Lien(
                lien_id=UUID(int=county.index * 1000 + number),
                version=1,
                kind="certificate",
                status="sold",
                state=county.state,
                county_fips=county.fips,
                county=county.name,
                parcel_id=parcel.parcel_id,
                parcel_key="".join(c for c in parcel.parcel_id.upper() if c.isalnum()),
                source="relevance",
                first_seen_at=now,
                last_changed_at=now,
                tax_year=year,
                certificate_number=f"{year}-{county.index * 100 + number:06d}",
                face_amount=Decimal(draw.between(200, 9000)),
                situs_address=situs,
                city=parcel.city,
                zip_code=parcel.zip_code,
                synthetic=True,
            )
