"""Pages of RealTaxLien: lists whose header rows hold tables of their own, and popups of boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import quote

from taxlien.run.simulator.plays.play import dollars, full_day, safe
from taxlien.run.simulator.world.assessments import Roll
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.liens import Certificate

ITEMS_A_PAGE = 50

_STATUSES = {
    "advertised": "Available",
    "struck_off": "Available",
    "sold": "Sold",
    "redeemed": "Redeemed",
    "removed": "Removed",
}


def address_of(certificate: Certificate, county: County) -> str:
    """The one line that the link to the map asks for."""
    held = certificate.parcel
    return " ".join(part for part in (held.situs, held.city, county.state, held.zip_code) if part)


def list_body(
    rows: Sequence[Certificate],
    outstanding: Mapping[str, bool],
    county: County,
    place: tuple[int, int, int],
    *,
    held: bool,
) -> str:
    """A page of a list. ``place`` is its number, how many there are, and how many records in all."""
    number, pages, total = place
    lines = "".join(
        _row(c, county, "highlightRow" if n % 2 == 0 else "evenRow", outstanding[c.certificate_id])
        for n, c in enumerate(rows)
    )
    buttons = _BUY if held else ""
    words = 'purchase and press "Buy Certificates"' if held else "review"
    return _LIST.format(
        words=words,
        buttons=buttons,
        place=f"Page {number} of {pages} (Displaying {len(rows)} of {total} records)",
        number=number,
        header=_HEADER,
        rows=lines,
    )


def _row(certificate: Certificate, county: County, style: str, outstanding: bool) -> str:
    number, held = certificate.certificate_id, certificate.parcel
    opening = f'<a href="javascript:void(0)" data-certID="{number}" data-page="certpop-property-details.cfm">'
    year = '<td style="text-align:center;padding:10px">\n' + opening + "\n{}\n</a>\n</td>\n"
    icon = (
        '<img src="/images/general/icon_outstandingtaxes.png" class="outstandingCerts outstandingCertsTltp" '
        'style="position: absolute;left:79px;">\n'
        if outstanding
        else ""
    )
    where = safe(address_of(certificate, county))
    return (
        f'<tr class="{style}" id="cert{number}"> \n<td class="advNum" >\n{opening}'
        f"{certificate.advertising_number}</a> \n&nbsp;\n</td>\n{year.format(certificate.tax_year)}"
        f'{year.format(certificate.tax_year + 1)}<td class="icons" style="width: 170px;">\n<div style='
        f"'white-space: nowrap;'>\n<a href='http://maps.google.com/maps?q={where}' target='_blank'><img alt="
        f"'Map Location' src='/images/general/btn_map_White.gif' ></a> \n{icon}</div> \n</td>\n"
        f'<td class="parcel">\n<a href="http://records.example/parcel?id={quote(held.parcel_id)}" '
        f'target="_blank">{safe(held.parcel_id)}</a>\n</td>\n<td class="faceValue">\n'
        f'{dollars(certificate.face)}\n</td>\n<td nowrap align="center"> \n&nbsp;\n</td>\n<td class='
        '"bidOptions" style="padding-left: 0px;text-align:center;"> \n<img class="unAvailNtBdTltp" src='
        '"/images/general/iconRequired.gif"> \n</td> \n</tr>\n'
    )


def _sorted_by(title: str) -> str:
    return (
        f'<td>\n<table>\n<tr>\n<td style="font-weight:bold;color:white">{title}</td>\n<td>\n<a href='
        '"javascript:sortByColumn(\'Parcel\',\'asc\');">\n<img alt="Sort Ascending" src="/images/general/'
        'arrow_up_white.gif" />\n</a>\n</td>\n</tr>\n</table>\n</td>\n'
    )


_HEADER = (
    '<tr class="searchResultHeader bglight">\n'
    + _sorted_by("ADV NUM")
    + '<td align="center" style="padding:3px;width:120px;">Tax Year</td>\n<td align="center" style='
    '"padding:3px;width:120px;">Cert Year</td>\n<td align="center">&nbsp;</td>\n'
    + _sorted_by("Parcel ID")
    + _sorted_by("Face Amount")
    + '<td class="userBidEntryHeader"> \nBuy Now\n</td>\n<td class="bidOptionsHeader">\nSelect Items\n</td> '
    "\n</tr>\n"
)


def popup(
    certificate: Certificate,
    county: County,
    roll: Roll,
    others: Sequence[Certificate],
    today: date,
) -> str:
    """The popup of one certificate."""
    held = certificate.parcel
    unpaid = [c for c in others if c.state in {"sold", "struck_off"}]
    redeemed = sum(c.state == "redeemed" for c in others)
    total = dollars(certificate.face + sum(c.face for c in unpaid)) if unpaid else "N/A"
    street = f"{safe(held.situs)}<br>" if held.situs else ""
    link = f'<a href="http://records.example/parcel?id={quote(held.parcel_id)}" target="_blank">'
    facts = (
        ("Parcel ID", f"{link}{safe(held.parcel_id)}</a>"),
        ("Alternate Parcel ID", held.account),
        ("Property Address", f"{street}{held.city}, {county.state} {held.zip_code}"),
        ("Use Code", f"{held.use_code} - {held.use} "),
        ("Year Built", str(held.year_built or "")),
        ("Sale Date ", ""),
        ("Gross Sq Ft", str(held.sqft or "")),
        ("Area (Sqft or Acres)", held.acres),
        ("Living Square Feet", str(held.sqft or "")),
        ("Legal Description", safe(held.legal)),
    )
    summary = (
        ("Face Value", dollars(certificate.face)),
        ("Additional Unpaid Certificates", str(len(unpaid)) if unpaid else "N/A"),
        ("Total Face Amount Outstanding", total),
        ("Redeemed Certificates", str(redeemed) if redeemed else "N/A"),
    )
    values = (
        ("Assessed Value", dollars(roll.assessed * 100)),
        ("Building Value", dollars(roll.building * 100)),
        ("Land Value", dollars(roll.land * 100)),
        ("Total Value", dollars(roll.market * 100)),
    )
    owner = (("Owner Name", held.owner), ("Owner Address", " ".join(held.mailing)))
    return _POPUP.format(
        head=f"ADV NUM: {certificate.advertising_number} &nbsp; &nbsp;\nParcel ID: {link}"
        f"{safe(held.parcel_id)}</a> &nbsp; &nbsp;\nTax Year:\n{certificate.tax_year}\n&nbsp; &nbsp;\n"
        f"Status: {_STATUSES[certificate.state]}",
        number=certificate.certificate_id,
        property=_box("PROPERTY INFORMATION ", facts),
        summary=_box("CERTIFICATE SUMMARY", summary),
        values=_box("VALUATION", values),
        owner=_box("OWNER INFORMATION", owner),
        day=full_day(today),
    )


def _box(heading: str, rows: Sequence[tuple[str, str]]) -> str:
    lines = "".join(
        f"<tr>\n<td>{label}</td>\n<td> \n{value}\n</td>\n</tr>\n" for label, value in rows
    )
    return (
        f'<div class="box" >\n<div class="box-header">{heading}</div>\n<table class="details">\n{lines}'
        "<tr><td>&nbsp;</td></tr>\n</table>\n</div>\n"
    )


_BUY = (
    '<input class="padded-button bidAll" type="button" value="Buy Certificates" onClick="BuyNowMultiple();" '
    'id="BuyCertsBtn">\n'
)
_LIST = """<form id="searchFrm" name="searchFrm" action="index.cfm?folder=searchCert" method="post">
<input type="hidden" id="pageNum" name="pageNum" value="{number}" />
<input type="hidden" id="orderBy" name="orderBy" value="AdvNum" />
<input type="hidden" id="orderDir" name="orderDir" value="asc" />
<input type="hidden" id="pageSize" name="pageSize" value="50" />
</form>
<div class="left" id="instructional-text">
<span class="subTitle">Select the certificates you wish to {words}.</div>
</span>
<div id="resultContainer">
{buttons}<div id="paginationToolbar" class="center bgdark">
<span class="paginationContainer">
<span class="pageDescriptor">
{place}
</span>
</span>
</div>
<table id="searchResults" cellspacing="1" class="center">
<tbody>
{header}{rows}</tbody>
</table>
</div>
"""
BATCHES = """<table id="batches" class="center">
<tr class="searchResultHeader"><td>Batch</td><td>Certificates</td></tr>
{rows}</table>
"""
CLOSED = """<form id="searchFrm" name="searchFrm" action="index.cfm?folder=previewitems" method="post">
<input type="hidden" id="pageNum" name="pageNum" value="1" />
<p>
Preview Items for Sale for the {sale} Tax Lien Auction is currently unavailable. Please check the Bidding
Rules for availabilty.</p>
</form>
"""
FRAME = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<a name="top"></a>
<html lang="en">
<head>
<title>{county} - RealTaxLien</title>
<meta name="description" content="Realauction Online Taxliens" />
<meta name="robots" content="noindex,nofollow" />
<meta name="info" content="Connection Timeout">
<link rel="stylesheet" type="text/css" href="/common/css/styles.css?v=1.002">
</head>
<body>
<div id="topMenu" class="menuWrapper"><a tabindex="0" href="index.cfm?folder=home">home</a></div>
<h2 id="contentTitle" style="margin: 0;" class="bgLight">
{heading}
</h2>
{body}
</body>
</html>
"""
NOBODY = """<div class="popup-header">
<a href="javascript:void(0)" onclick="closePop();" class="close">X</a>
ADV NUM: 0000000 &nbsp; &nbsp;
</div>
<div class="popup-content">
</div>
"""
_POPUP = """<div class="popup-header">
<a href="javascript:void(0)" onclick="closePop();" class="close">X</a>
{head}
</div>
<div class="popup-content">
<div class="popup-tabs">
<a href="javascript:void(0)" class="certpop-nav active" data-cert="{number}"
 data-page="certpop-property-details.cfm">Parcel Details</a>
</div>
<div class="popup-body">
<table class="table" >
<tr>
<td class="left" style="height:auto">
{property}</td>
<td class="right" >
{summary}{values}{owner}</td>
</tr>
<tr>
<td colspan=2>
<div class="msg" >
<strong>The Parcel and/or Property information displayed on this website is current as of
<strong>{day}</strong>.</strong><br />
</div>
</td>
</tr>
</table>
</div>
</div>
"""
