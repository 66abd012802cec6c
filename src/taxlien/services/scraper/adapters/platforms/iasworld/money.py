"""Values, sales, taxes and unpaid taxes of a property, from datalets of either shape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from taxlien.interfaces.scraper import LienObserved, ValueOfYear
from taxlien.services.scraper.logic.certificate_rows import liens_of
from taxlien.services.scraper.logic.gathering import Gathering, reasons_for_lien
from taxlien.services.scraper.logic.reading_cells import US_DAYS, money, words, year
from taxlien.services.scraper.logic.reading_tables import Grid
from taxlien.services.scraper.logic.tax_rows import DUE, YEAR, taxes_of
from taxlien.services.scraper.logic.transfer_rows import transfers_of
from taxlien.services.scraper.logic.value_rows import crossed_values, value_of, values_of

from .datalets import Datalet

_SALE_DAYS = (*US_DAYS, "%d-%b-%Y")
_PAYMENT_DAYS = (*_SALE_DAYS, "%d-%b-%y")
"""Two digits of a year are enough for a payment, which is recent; a sale may be of another century."""

_VALUES = {"value", "values", "valuation", "valuations", "assessment", "assessments", "appraised"}
_SALES = {"sale", "sales", "transfer", "transfers", "conveyance"}
_TAXES = {"tax", "taxes", "charge", "charges", "payment", "payments", "bills", "receivable"}
_NOT_VALUES = {"owner", "mailing", "flags", "exemption", "exemptions", "land", "appeal", "appeals"}
_ASSESSED_YEAR = (*YEAR, "assessed tax year", "assessment year", "appraised year", "value year")
_OWED = (
    "total delq",
    "total delinquent",
    "delinquent total",
    "total delq due",
    "delinquent amount",
    *("delq taxes", "delinquent taxes", "delq tax", "total delinquent taxes"),
)


def read_money(found: list[Datalet], tax_year: str | None, into: Gathering) -> list[str]:
    """Read every datalet of values, sales and taxes. Returns remarks on rows that had to be left out."""
    remarks = []
    for datalet in found:
        about = datalet.about
        grids = [*datalet.grids, *_records(datalet)]
        if about & _VALUES and not about & _NOT_VALUES and not about & _TAXES:
            into.add_values(_values(datalet, tax_year), datalet.title)
            into.miss("values", f"{datalet.title} holds no amount under a year")
        elif about & _SALES and "tax" not in about:
            for grid in grids:
                into.add_transfers(transfers_of(grid, _SALE_DAYS)[0], datalet.title)
            into.miss("transfers", f"{datalet.title} lists no sale that could be read")
        elif about & _TAXES and not about & {"collector", "sale"}:
            for grid in grids:
                into.add_taxes(taxes_of(grid, _PAYMENT_DAYS, year(datalet.title)), datalet.title)
            into.miss("taxes", f"{datalet.title} lists no bill that could be read")
        unfit = sum(grid.unfit for grid in datalet.grids)
        if unfit:
            remarks.append(f"{datalet.title}: {unfit} rows do not fit the header")
    return remarks


def _records(datalet: Datalet) -> list[Grid]:
    """Rows of labels as grids of one row each: a label that comes again begins the next record."""
    records: list[dict[str, str]] = [{}]
    for row in datalet.rows:
        if not words(row.label):
            continue
        if row.label in records[-1]:
            records.append({})
        records[-1][row.label] = row.text
    return [Grid(tuple(r), (tuple(r.values()),)) for r in records if len(r) > 1]


def _values(datalet: Datalet, tax_year: str | None) -> list[ValueOfYear]:
    titled = year(datalet.title) or year(tax_year)
    found = [
        value
        for grid in datalet.grids
        for value in (
            values_of(grid, datalet.title, datalet.title)
            or crossed_values(grid, titled, datalet.title)
        )
    ]
    for record in _records(datalet):
        place = record.column(_ASSESSED_YEAR)
        of_year = year(record.rows[0][place]) if place is not None else None
        of_year = of_year or titled
        found += [
            value
            for label, text in zip(record.header, record.rows[0], strict=True)
            if (value := value_of(label, text, of_year, datalet.title)) is not None
        ]
    return found


def liens(found: list[Datalet], parcel_id: str) -> list[LienObserved]:
    """Return what the page says of certificates and of taxes that are overdue."""
    said: list[LienObserved] = []
    for datalet in found:
        about = datalet.about
        grids = [*datalet.grids, *_records(datalet)]
        if {"tax", "sale"} <= about or about & {"certificate", "certificates"}:
            said += [lien for g in grids for lien in liens_of(g, parcel_id, datalet.title)]
        elif about & {"delinquent", "delq"}:
            said += [o for g in grids for o in _owed(g, parcel_id, datalet.title, (*_OWED, *DUE))]
        elif about & _TAXES and "due" in about:
            said += [lien for g in grids for lien in _owed(g, parcel_id, datalet.title, _OWED)]
    return said


def _owed(grid: Grid, parcel_id: str, title: str, names: tuple[str, ...]) -> list[LienObserved]:
    """One unpaid tax for each year, or one for all of them where the table is a single total."""
    place = grid.column(names)
    if place is None:
        return []
    at = grid.column(YEAR)
    owed = []
    for row in grid.rows:
        amount = money(row[place])
        of_year = year(row[at]) if at is not None else None
        if amount and amount > 0 and (of_year or len(grid.rows) == 1):
            owed.append(_delinquency(parcel_id, of_year, amount, title))
    return owed


def _delinquency(parcel_id: str, of_year: int | None, amount: Decimal, title: str) -> LienObserved:
    there: dict[str, Any] = {"tax_year": of_year, "amount_due": amount}
    return LienObserved(
        kind="delinquency",
        status="delinquent",
        parcel_id=parcel_id,
        origins={name: title for name, value in there.items() if value is not None},
        missing=reasons_for_lien(there, f"{title} does not say"),
        **there,
    )
