"""Datalets: titled blocks of labels and values, or grids, with the markup's own looseness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from taxlien.run.simulator.plays.play import dollars, full_day, safe
from taxlien.run.simulator.world.assessments import Bill, Roll, Sale
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.parcels import Parcel

MODES = {
    "profile": "Parcel",
    "residential": "Residential",
    "values": "Values",
    "sales": "Sales",
    "charges": "Tax Information",
}

_TITLE = (
    "<table align=center width='100%' border='0' borderColor=black cellPadding=1 cellSpacing=0><tr><td "
    'colspan=2 class="DataletTitleColor"><font size=-1>{}</font></td></tr></table>'
)
_TABLE = "<table id='{}' align=center width='100%' border='0' borderColor=black cellPadding=1 cellSpacing=0>"
_END = (
    "<tr><td colspan=2 height=\"1\" valign=\"top\" width='100%'></td></tr><hr></table><font size='0px'><br>"
    "</font></div>"
)


@dataclass(frozen=True, slots=True)
class Record:
    """All that a parcel's datalets are written from."""

    county: County
    parcel: Parcel
    rolls: tuple[Roll, ...]
    bills: tuple[Bill, ...]
    sales: tuple[Sale, ...]


def banner(record: Record) -> str:
    """The head of every mode, with its stray declaration of XML."""
    held = record.parcel
    return (
        '<?xml version="1.0" encoding="utf-16"?><table width="100%" border="0" cellspacing="0" cellpadding='
        '"0"><tr class="DataletHeaderTop" height="1"><td class="DataletHeaderTop" width="50%" align="left" '
        f'colspan="2" nowrap="1">PARID: {safe(held.parcel_id)}</td><td class="DataletHeaderTop" width="50%" '
        'align="right" colspan="2"></td></tr><tr class="DataletHeaderBottom" height="1"><td class='
        f'"DataletHeaderBottom" width="50%" align="left" colspan="2">{safe(held.owner)},  </td><td class='
        f'"DataletHeaderBottom" width="50%" align="right" colspan="2">{safe(held.situs)}  </td></tr></table>'
    )


def datalets(record: Record, modes: Sequence[str]) -> str:
    """The blocks of the modes asked for, numbered from 1."""
    written = []
    for mode in modes:
        written += {
            "profile": _profile,
            "residential": _residential,
            "values": _values,
            "sales": _sales,
            "charges": _charges,
        }[mode](record)
    return "".join(
        f"<div id='datalet_div_{n}' name='{name}'>{_TITLE.format(title)}{_TABLE.format(title)}{body}{_END}"
        for n, (name, title, body) in enumerate(written, 1)
    )


Block = tuple[str, str, str]


def _rows(pairs: Sequence[tuple[str, str]]) -> str:
    return "".join(
        "<tr><td width='40%' valign='top' align='left' class=\"DataletSideHeading\">"
        f"{label or '&nbsp;'}</td><td width='*' valign='top' align='left' class=\"DataletData\">"
        f"{safe(value) or '&nbsp;'}</td></tr>"
        for label, value in pairs
    )


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f'<td class="DataletTopHeading">{name}</td>' for name in head)
    lines = "".join(
        "<tr>"
        + "".join(f'<td class="DataletData">{safe(c) or "&nbsp;"}</td>' for c in row)
        + "</tr>"
        for row in rows
    )
    return f"<tr>{top}</tr>{lines}"


def use_of(parcel: Parcel) -> str:
    """``110 - Single Family``, as its code and words stand in one cell."""
    return f"{parcel.use_code} - {parcel.use.title()}"


def acres_of(parcel: Parcel) -> str:
    """``.055``: no zero before the point."""
    return parcel.acres.removeprefix("0") if parcel.acres.startswith("0.") else parcel.acres


def legal_lines(parcel: Parcel) -> tuple[str, str]:
    """A description runs on in a row without a label."""
    at = parcel.legal.index(" S/D")
    return parcel.legal[:at], parcel.legal[at + 1 :]


def _profile(record: Record) -> list[Block]:
    held = record.parcel
    number, _, street = held.situs.partition(" ")
    # Fixed-width fields: the house number is padded before the street.
    situs = f"{number:<10}{street}" if number.isdecimal() else held.situs
    first, second = legal_lines(held)
    parcel_rows = [
        ("Property Location", situs),
        ("Unit Desc", ""),
        ("City", held.city if held.situs else ""),
        ("State", record.county.state if held.situs else ""),
        ("Zip Code", held.zip_code if held.situs else ""),
        ("", ""),
        ("Neighborhood Valuation Code", "1004"),
        ("Classification", held.property_class),
        ("Land Use Code", use_of(held)),
        ("", ""),
        ("Legal Description", first),
        ("", second),
        ("CAMA Acres", acres_of(held)),
        ("Homestead", "Y" if held.homestead else "N"),
    ]
    owner_rows = [
        ("In Care of", ""),
        ("Name(s)", held.owner),
        ("&nbsp", held.co_owner),
        ("Mailing Address", held.mailing[0]),
        ("City, State, Zip Code", held.mailing[1]),
    ]
    office = [("", "THE SIMULATED COLLECTOR"), ("", "1 INVENTED PLACE"), ("", "000-555-0100")]
    return [
        ("PARCEL", "Parcel", _rows(parcel_rows)),
        ("OWNER", "Parcel Mailing Address", _rows(owner_rows)),
        ("TAX_COLLECTOR", "Tax Collector", _rows(office)),
    ]


def _residential(record: Record) -> list[Block]:
    held = record.parcel
    if not held.built:
        return []
    rows = [
        ("Card", "1"),
        ("Year Built", str(held.year_built)),
        ("Total Living Area", f"{held.sqft:,}"),
    ]
    return [("RESIDENTIAL", "Residential", _rows(rows))]


def _values(record: Record) -> list[Block]:
    appraised = [
        (str(r.year), f"{r.land:,}", f"{r.building + r.features:,}", f"{r.market:,}")
        for r in record.rolls
    ]
    assessed = [(str(r.year), f"{r.assessed:,}") for r in record.rolls]
    return [
        ("APPRAISED", "Appraised Values", _grid(("Year", "Land", "Building", "Total"), appraised)),
        ("ASSESSED", "Assessed Values", _grid(("Year", "Total"), assessed)),
    ]


def _sales(record: Record) -> list[Block]:
    head = ("Sale Date", "Sale Price", "Deed Type", "Deed Book", "Deed Page", "Grantor")
    rows = [
        (full_day(s.day), f"${s.price:,}", s.code, str(s.book), str(s.page), s.grantor)
        for s in record.sales
    ]
    return [("SALES", "Sales", _grid(head, rows))] if rows else []


def _charges(record: Record) -> list[Block]:
    head = ("Tax Year", "Bill Number", "Total Billed", "Total Paid", "Balance Due", "Date Paid")
    rows = [
        (
            str(b.year),
            b.number,
            dollars(b.amount),
            dollars(b.amount - b.due),
            dollars(b.due),
            full_day(b.paid_on) if b.paid_on else "",
        )
        for b in record.bills
    ]
    return [("CHARGES", "Tax Charges", _grid(head, rows))]
