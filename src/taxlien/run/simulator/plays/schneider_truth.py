"""What a Schneider report says of a parcel, as a correct parser hands it on."""

from __future__ import annotations

from decimal import Decimal

from taxlien.interfaces.scraper import ParcelObserved, TaxOfYear, Transfer, ValueOfYear
from taxlien.run.simulator.plays.play import money
from taxlien.run.simulator.plays.schneider_modules import Record
from taxlien.run.simulator.world.assessments import Bill, Sale


def observed(record: Record) -> ParcelObserved:
    """The parcel, without origins and reasons."""
    held = record.parcel
    return ParcelObserved(
        parcel_id=held.parcel_id,
        other_ids={record.style.account_label: held.account},
        owner_published=True,
        situs_address=held.situs or None,
        legal_description=held.legal,
        # The only use in the table of land is the property's class too.
        property_class=f"{held.use} ({held.use_code})",
        land_use=f"{held.use} ({held.use_code})",
        acres=Decimal(held.acres),
        building_sqft=Decimal(held.sqft) if held.built else None,
        year_built=held.year_built if held.built else None,
        homestead=held.homestead,
        values=tuple(
            ValueOfYear(
                year=roll.year, kind=kind, amount=Decimal(getattr(roll, field)), label=label
            )
            for _, label, field, kind in record.style.values
            for roll in record.rolls
        ),
        taxes=tuple(map(tax, record.bills)) if record.style.taxes else (),
        transfers=tuple(_transfer(sale, record) for sale in record.sales),
    )


def tax(bill: Bill) -> TaxOfYear:
    """A bill as its row says it."""
    return TaxOfYear(
        year=bill.year,
        bill_number=bill.number,
        amount=money(bill.amount),
        paid=money(bill.amount - bill.due),
        due=money(bill.due),
        paid_on=bill.paid_on,
    )


def _transfer(sale: Sale, record: Record) -> Transfer:
    deed: str | None = sale.code
    qualification: str | None = None
    reference = f"{sale.book}/{sale.page}"
    if record.style.sales_grid == "gvwSales":
        deed, reference = f"{sale.deed} ({sale.code})", f"{sale.book}-{sale.page}"
        qualification = "01" if sale.qualified else "11"
    elif record.county.state == "GA":
        deed, reference = None, f"{sale.book} {sale.page}"
        qualification = "Fair Market Improved" if sale.qualified else "Unqualified Sale"
    elif record.style.sales_grid != "grdSalesHist":
        qualification = "Qualified (Q)" if sale.qualified else "Unqualified (U)"
    return Transfer(
        date=sale.day,
        price=Decimal(sale.price),
        deed_type=deed,
        reference=reference,
        qualification=qualification,
    )
