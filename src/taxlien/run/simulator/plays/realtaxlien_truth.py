"""What a row and a popup of RealTaxLien say, as a correct parser hands it on."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from taxlien.interfaces.scraper import (
    ItemStatus,
    LienObserved,
    ParcelObserved,
    ValueKind,
    ValueOfYear,
)
from taxlien.run.simulator.plays.play import money
from taxlien.run.simulator.plays.realtaxlien_pages import address_of
from taxlien.run.simulator.world.assessments import Roll
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.liens import Certificate

_POPUP_STATUS: dict[str, ItemStatus] = {
    "advertised": "available",
    "struck_off": "available",
    "sold": "sold",
    "redeemed": "redeemed",
    "removed": "removed",
}


def listed(certificate: Certificate, county: County) -> LienObserved:
    """The row of a list: the county's own certificates, or those of a coming sale."""
    held = certificate.state == "struck_off"
    return LienObserved(
        kind="certificate",
        status="available" if held else "advertised",
        parcel_id=certificate.parcel.parcel_id,
        item_id=certificate.certificate_id,
        advertising_number=certificate.advertising_number,
        tax_year=certificate.tax_year,
        face_amount=money(certificate.face),
        situs_address=address_of(certificate, county),
        zip_code=certificate.parcel.zip_code,
    )


def observed(
    certificate: Certificate, roll: Roll, others: Sequence[Certificate]
) -> tuple[LienObserved, ParcelObserved]:
    """The popup: the certificate, and its parcel."""
    held = certificate.parcel
    unpaid = [c.face for c in others if c.state in {"sold", "struck_off"}]
    other_ids = {"Alternate Parcel ID": held.account}
    lien = LienObserved(
        kind="certificate",
        status=_POPUP_STATUS[certificate.state],
        parcel_id=held.parcel_id,
        other_ids=other_ids,
        item_id=certificate.certificate_id,
        advertising_number=certificate.advertising_number,
        tax_year=certificate.tax_year,
        face_amount=money(certificate.face),
        amount_due=money(certificate.face + sum(unpaid)) if unpaid else None,
        assessed_value=Decimal(roll.assessed),
        market_value=Decimal(roll.market),
        situs_address=held.situs or None,
        city=held.city,
        zip_code=held.zip_code,
    )
    parcel = ParcelObserved(
        parcel_id=held.parcel_id,
        other_ids=other_ids,
        owner_published=True,
        situs_address=held.situs or None,
        city=held.city,
        zip_code=held.zip_code,
        legal_description=held.legal,
        land_use=f"{held.use_code} - {held.use}",
        acres=Decimal(held.acres),
        building_sqft=Decimal(held.sqft) if held.built else None,
        year_built=held.year_built if held.built else None,
        values=(
            _value("Assessed Value", "assessed", roll.assessed),
            _value("Building Value", "improvement", roll.building),
            _value("Land Value", "land", roll.land),
            _value("Total Value", "market", roll.market),
        ),
    )
    return lien, parcel


def _value(label: str, kind: ValueKind, amount: int) -> ValueOfYear:
    return ValueOfYear(year=None, kind=kind, amount=Decimal(amount), label=label)
