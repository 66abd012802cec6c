"""The modules of a Schneider report: each writes its body, or nothing where a parcel has none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from taxlien.run.simulator.plays.play import dollars, safe, us_day
from taxlien.run.simulator.plays.schneider_styles import Style
from taxlien.run.simulator.world.assessments import Bill, Roll, Sale
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.parcels import Parcel


@dataclass(frozen=True, slots=True)
class Record:
    """All that a report is written from. ``millage`` is in ten-thousandths of a mill."""

    county: County
    style: Style
    parcel: Parcel
    rolls: tuple[Roll, ...]
    bills: tuple[Bill, ...]
    sales: tuple[Sale, ...]
    millage: int


def summary(record: Record, pane: str) -> str:
    """Identity, place and use. Three ways of writing it, after the county's style."""
    match record.style.summary:
        case "plain":
            return _plain_summary(record, pane)
        case "columns":
            return _dynamic_summary(record, f"{pane}_ctl01_dynamicSummary_rptrDynamicColumns")
        case _:
            return _dynamic_summary(record, f"{pane}_ctl01_dynamicSummaryData_rptrDynamicColumns")


def _facts(record: Record) -> list[tuple[str, str, str]]:
    """Id of the cell, label, value: in the order of the page."""
    held, mill = record.parcel, record.millage
    return [
        ("lblParcelID", record.style.parcel_label, held.parcel_id),
        ("lblAccountNumber", record.style.account_label, held.account),
        ("lblPropertyAddress", record.style.address_label, held.situs),
        ("lblLegalDescription_lblSuppressed", "Legal Description", held.legal),
        ("lblGrossAcres", "Acres", held.acres),
        ("lblLandUse", record.style.use_label, f"{held.use} ({held.use_code})"),
        ("lblDistrict", "Millage Group", "UNINCORPORATED (01)"),
        ("lblMillageRate", "Millage Rate", f"{mill // 10_000}.{mill % 10_000:04d}"),
        ("lblHomestead", "Homestead", "Y" if held.homestead else "N"),
    ]


def _plain_summary(record: Record, pane: str) -> str:
    rows = []
    for cell, label, value in _facts(record):
        rows.append(
            f'<tr>\n        <th scope="row">\n            {label}</th>\n        <td>\n            '
            f'<span id="{pane}_ctl01_{cell}" style="display:inline-block;width:100%;">{safe(value)}'
            "</span></td>\n    </tr>"
        )
        if label == "Legal Description":
            rows.append(
                f'<tr>\n        <td scope="row"></td>\n        <td>\n            <span id="{pane}_ctl01_'
                'lblLegalNote_lblSuppressed"><span class="important-note">(Note: Not to be used on legal '
                "documents)</span></span>\n        </td>\n    </tr>"
            )
    return (
        '<table class="tabular-data-two-column" role="presentation">\n    <tbody>'
        + "\n    ".join(rows)
        + "\n</tbody></table>"
    )


def _dynamic_summary(record: Record, prefix: str) -> str:
    rows = "".join(
        f'<tr id="{prefix}_ctl{n:02d}_trRow"><th scope="row"><strong>{label}</strong></th><td><div '
        f'id="{prefix}_ctl{n:02d}_pnlSingleValue"><span>{safe(value)}</span></div></td></tr>\n'
        for n, (_, label, value) in enumerate(_facts(record))
    )
    return f'<table class="tabular-data-two-column" role="presentation"><tbody>\n{rows}</tbody></table>'


def owner(record: Record, pane: str) -> str:
    """Whose it is. Five ways; the second owner may stand among the lines of the address."""
    held, lines = record.parcel, [record.parcel.co_owner, *record.parcel.mailing]
    name, at = safe(held.owner), f"{pane}_ctl01"
    link = "lnkUpmSearchLinkSuppressed_lnkSearch" if held.number % 2 else None
    match record.style.owner:
        case "list":
            block = "".join(f"<div>{safe(line)}</div>" for line in lines)
            owned = _name(f"{at}_lstOwner_ctl01_sprOwnerName_", link, name)
            return (
                f'<span id="{at}_lstOwner_ctl00_sprOwnerTitle_lblSuppressed"><strong>Owner</strong><br>'
                f'</span>\n{owned}\n<span id="{at}_lstOwner_ctl01_lblOwnerAddress" style="display:'
                f'inline-block;width:100%;">{block}</span>'
            )
        case "primary":
            owned = _name(f"{at}_lstPrimaryOwner_ctl00_lblPrimaryOwnerName_", link, name)
            return (
                f'<div><strong>Primary Owner</strong><br>{owned}<br><span id="{at}_lstPrimaryOwner_ctl00_'
                f'lblPrimaryOwnerAddress">{"<br>".join(map(safe, held.mailing))}</span></div>'
            )
        case "blocks":
            second = f"<br>{safe(held.co_owner)}" if held.co_owner else ""
            owned = _name(f"{at}_sprLnkOwnerName1_", link, name)
            return (
                f'<div class="block-row"><div class="four-column-blocks">\n<span id="{at}_sprLblOwnerTitle_'
                f'lblSuppressed"></span>\n{owned}\n<span id="{at}_sprLblOwnerName2_lblSuppressed">{second}'
                f'</span>\n<span id="{at}_lblAddress1"><br>{safe(held.mailing[0])}</span>\n<span id="{at}_'
                f'lblAddress2"></span>\n<span id="{at}_lblCityStZip"><br>{safe(held.mailing[1])} </span>\n'
                f'</div>\n<div class="four-column-blocks"><span id="{at}_sprLblOwnerMultiple_lblSuppressed">'
                "</span></div></div>"
            )
        case "heading":
            return (
                '<table class="tabular-data-two-column" style="width:100%" role="presentation">\n<tbody><tr>'
                f'\n<th scope="row">\n<span id="{at}_lnkOwnerName_lblSearch">  {name} </span>\n<span id="'
                f'{at}_lblAddress"><br>{safe(held.mailing[0])}</span>\n<span id="{at}_lblCityStateZip"><br>'
                f'{safe(held.mailing[1])}</span>\n</th>\n<td style="width:70%;">\n<span id="{at}_'
                'lblMultiowner"></span>\n</td>\n</tr></tbody></table>'
            )
        case _:
            owned = _name(f"{at}_rptOwner_ctl00_sprOwnerName1_", link, name)
            return f"{owned}<br><span>{'<br>'.join(map(safe, held.mailing))}</span>"


def _name(prefix: str, link: str | None, name: str) -> str:
    """An owner's name: a link to a search on some pages, plain on others."""
    if link is None:
        return f'<span id="{prefix}lnkUpmSearchLinkSuppressed_lblSearch">{name}</span>'
    target = f"{prefix}{link}".replace("_", "$")
    return (
        f'<a id="{prefix}{link}" title="Click to search by owner name" '
        f"href=\"javascript:__doPostBack('{target}','')\">{name}</a>"
    )


def valuation(record: Record, pane: str) -> str:
    """Values of the last years, the newest first; the older two are hidden by a script."""
    hidden = ("", "", "footable-small", "footable-small", "footable-medium,default", "default")
    years = "".join(
        f'<th class="value-column" scope="col"{f" data-hide={chr(34)}{hide}{chr(34)}" if hide else ""}>'
        f"{roll.year}</th>"
        for roll, hide in zip(record.rolls, hidden, strict=False)
    )
    signed = record.style.values[0][0] != "" or record.county.state == "GA"
    toggle = '<td scope="col" data-toggle="true" style="width:16px;">&nbsp;</td>' if signed else ""
    blank = '<td scope="row">&nbsp;</td>' if signed else '<th scope="col">&nbsp;</th>'
    rows = []
    for sign, label, field, _ in record.style.values:
        cells = "".join(
            f'<td class="value-column">${getattr(roll, field):,}</td>' for roll in record.rolls
        )
        mark = f'<td align="center">{sign or "&nbsp;"}</td>' if signed else ""
        total = ' class="double-total-line"' if sign == "=" else ""
        rows.append(f'<tr{total}>\n\t\t\t\t{mark}<th scope="row">{label}</th>{cells}\n\t\t\t</tr>')
    return (
        f'<table class="tabular-data footable toggle-arrow" cellspacing="0" rowheaderindex="1" data-sort='
        f'"false" id="{pane}_ctl01_{record.style.valuation_grid}" style="width:100%;border-collapse:'
        f'collapse;">\n\t\t<thead>\n\t\t\t<tr>\n\t\t\t\t{toggle}{blank}{years}\n\t\t\t</tr>\n\t\t</thead>'
        f'<tbody>\n\t\t\t{"".join(rows)}\n\t\t</tbody>\n\t<caption class="sr-only">Valuation'
        "</caption></table>"
    )


def land(record: Record, pane: str) -> str:
    """The land table."""
    held = record.parcel
    row = (f"{held.use} ({held.use_code})", held.acres, "ACRES")
    return _grid(
        f"{pane}_ctl01_gvwList", "Land", ("Land Use", "Number of Units", "Unit Type"), [row]
    )


def buildings(record: Record, pane: str) -> str:
    """The building, where there is one."""
    held = record.parcel
    if not held.built:
        return ""
    at = f"{pane}_ctl01_lstBuildings_ctl00"
    facts = (
        ("lblType", "Type", held.use),
        ("lblHeatedArea", "Heated Area", f"{held.sqft:,}"),
        ("lblActualYearBuilt", "Actual Year Built", str(held.year_built)),
    )
    rows = "".join(
        f'<tr><th scope="row">{label}</th><td><span id="{at}_{cell}">{value}</span></td></tr>\n'
        for cell, label, value in facts
    )
    return f'<table class="tabular-data-two-column" role="presentation"><tbody>\n{rows}</tbody></table>'


_Columns = tuple[tuple[str, Callable[[Sale], str]], ...]


def sales(record: Record, pane: str) -> str:
    """Transfers, the newest first: four sets of columns."""
    grid = record.style.sales_grid
    columns = _GEORGIA_SALES if record.county.state == "GA" else _SALES[grid]
    if not record.sales:
        return ""
    rows = [[cell(sale) for _, cell in columns] for sale in record.sales]
    return _grid(f"{pane}_ctl01_{grid}", "Sales", [title for title, _ in columns], rows)


def _price(sale: Sale) -> str:
    return f"${sale.price:,}.00"


def _sold_on(sale: Sale) -> str:
    return us_day(sale.day)


def _reason(sale: Sale) -> str:
    return "Fair Market Improved" if sale.qualified else "Unqualified Sale"


_GEORGIA_SALES: _Columns = (
    ("Sale Date", _sold_on),
    ("Deed Book / Page", lambda s: f"{s.book} {s.page}"),
    ("Plat Book / Page", lambda s: ""),
    ("Sale Price", _price),
    ("Reason", _reason),
    ("Grantor", lambda s: s.grantor),
)
_FLAT: _Columns = (
    ("Multi Parcel", lambda s: "N"),
    ("Sale Date", _sold_on),
    ("Sale Price", _price),
    ("Instrument", lambda s: s.code),
    ("Book/Page", lambda s: f"{s.book}/{s.page}"),
    ("Qualification", lambda s: "Qualified (Q)" if s.qualified else "Unqualified (U)"),
    ("Vacant/Improved", lambda s: "Improved"),
    ("Grantor", lambda s: s.grantor),
)
_SALES: dict[str, _Columns] = {
    "gvwSales": (
        ("Sale Date", _sold_on),
        ("Sale Price", _price),
        ("Legal Reference", lambda s: f"{s.book}-{s.page}"),
        ("Grantor", lambda s: s.grantor),
        ("LUC at Sale", lambda s: ""),
        ("Deed Type", lambda s: f"{s.deed} ({s.code})"),
        ("N.A.L. Code", lambda s: "01" if s.qualified else "11"),
    ),
    "grdSalesHist": (
        ("Sale Date", _sold_on),
        ("Instrument", lambda s: s.code),
        ("Book", lambda s: str(s.book)),
        ("Page", lambda s: str(s.page)),
        ("Sale Price", _price),
    ),
    "grdSales": _FLAT,
    "grdSales_grdFlat": _FLAT,
}


def taxes(record: Record, pane: str) -> str:
    """The collector's bills, where the county shows them here."""
    if not record.style.taxes:
        return ""
    head = ("Tax Year", "Bill Number", "Amount", "Paid", "Balance Due", "Date Paid")
    rows = [
        (
            str(bill.year),
            bill.number,
            dollars(bill.amount),
            dollars(bill.amount - bill.due),
            dollars(bill.due),
            us_day(bill.paid_on) if bill.paid_on else "",
        )
        for bill in record.bills
    ]
    return _grid(f"{pane}_ctl01_gvwTaxHistory", "Tax History", head, rows)


def _grid(table: str, caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A grid of Schneider: the first cell of every row is a ``th``, the others are ``td``."""
    titles = "".join(f'<th align="left" scope="col">{title}</th>' for title in head)
    lines = "".join(
        f'<tr>\n\t\t\t\t\t<th scope="row">{safe(row[0])}</th>'
        + "".join(f"<td>{safe(cell) or '&nbsp;'}</td>" for cell in row[1:])
        + "\n\t\t\t\t</tr>"
        for row in rows
    )
    return (
        f'<div>\n\t\t<table class="tabular-data footable toggle-arrow" cellspacing="0" data-sort="false" '
        f'id="{table}" style="width:100%;border-collapse:collapse;">\n\t\t\t<thead>\n\t\t\t\t<tr>\n\t\t\t\t\t'
        f"{titles}\n\t\t\t\t</tr>\n\t\t\t</thead><tbody>\n\t\t\t\t{lines}\n\t\t\t</tbody>\n\t\t<caption "
        f'class="sr-only">{caption}</caption></table>\n\t</div>'
    )


Module = Callable[[Record, str], str]


def modules_of(style: Style) -> tuple[tuple[str, Module], ...]:
    """The modules of a style, with their titles, in the order of its pages."""
    return (
        ("Summary" if style.summary == "plain" else "Parcel Summary", summary),
        (style.owner_title, owner),
        (style.valuation_title, valuation),
        ("Land" if style.name != "bay" else "Land Information", land),
        ("Buildings" if style.name != "clay" else "Building Information", buildings),
        ("Sales", sales),
        ("Tax History", taxes),
    )
