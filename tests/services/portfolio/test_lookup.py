"""The catalogue itself answers what the portfolio asks of it, in the shape it is read in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from taxlien.kit.http.app import create_app
from taxlien.kit.http.client import ServiceClient
from taxlien.kit.ids import new_id
from taxlien.services.liens import service
from taxlien.services.liens.endpoints import router
from taxlien.services.liens.logic.records import LienRecord
from taxlien.services.portfolio.adapters.lien_lookup import HttpLienLookup

CERTIFICATE = LienRecord(
    line=2,
    kind="certificate",
    status="sold",
    state="FL",
    county_fips="12105",
    parcel_id="24-29-09-000001",
    parcel_key="242909000001",
    tax_year=2018,
    certificate_number="0000001",
    face_amount="1875.34",
    sale_date=date(2019, 5, 31),
    sale_date_basis="published",
)


@pytest.fixture
async def lookup(database_for):
    """A lookup before the real liens service, which knows one certificate."""
    database = await database_for("liens")
    async with database.session() as session:
        await service.load_counties(session)
        county = await service.register_source(
            session, name="county", title="county", legal_status="open_data", synthetic=False
        )
        said = service.Provenance(county, datetime.now(UTC), "test/1")
        await service.record_observations(session, [CERTIFICATE], said)
    app = create_app(title="liens", routers=[router], databases={"liens": database})
    found = HttpLienLookup(ServiceClient.for_app(app, target="liens"))
    yield found
    await found.close()


async def test_the_catalogue_answers_for_a_lien_and_for_a_parcel(lookup) -> None:
    parcel = await lookup.parcel("12105", "242909000001")
    [lien] = parcel.liens
    assert (parcel.parcel_id, lien.face_amount) == ("24-29-09-000001", Decimal("1875.34"))
    assert await lookup.lien(lien.lien_id) == lien
    assert await lookup.lien(new_id()) is None
    assert await lookup.parcel("12105", "9") is None
