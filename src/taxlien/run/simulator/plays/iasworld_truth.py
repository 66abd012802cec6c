"""What iasWorld's datalets say of a parcel, all modes together, as a correct parser hands it on."""

from __future__ import annotations

from decimal import Decimal

from taxlien.interfaces.scraper import ParcelObserved, Transfer, ValueOfYear
from taxlien.run.simulator.plays.iasworld_datalets import Record, legal_lines, use_of
from taxlien.run.simulator.plays.schneider_truth import tax
from taxlien.run.simulator.world.assessments import Roll


def observed(record: Record) -> ParcelObserved:
    """The parcel, without origins and reasons."""
    held = record.parcel
    return ParcelObserved(
        parcel_id=held.parcel_id,
        owner_published=True,
        situs_address=held.situs or None,
        city=held.city if held.situs else None,
        zip_code=held.zip_code if held.situs else None,
        legal_description=" ".join(legal_lines(held)),
        property_class=held.property_class,
        land_use=use_of(held),
        acres=Decimal(held.acres),
        building_sqft=Decimal(held.sqft) if held.built else None,
        year_built=held.year_built if held.built else None,
        homestead=held.homestead,
        values=tuple(value for roll in record.rolls for value in _values(roll)),
        taxes=tuple(map(tax, record.bills)),
        transfers=tuple(
            Transfer(
                date=sale.day,
                price=Decimal(sale.price),
                deed_type=sale.code,
                reference=f"{sale.book}/{sale.page}",
            )
            for sale in record.sales
        ),
    )


def _values(roll: Roll) -> tuple[ValueOfYear, ...]:
    return (
        ValueOfYear(year=roll.year, kind="land", amount=Decimal(roll.land), label="Land"),
        ValueOfYear(
            year=roll.year,
            kind="improvement",
            amount=Decimal(roll.building + roll.features),
            label="Building",
        ),
        ValueOfYear(year=roll.year, kind="market", amount=Decimal(roll.market), label="Total"),
        ValueOfYear(year=roll.year, kind="assessed", amount=Decimal(roll.assessed), label="Total"),
    )
