"""Propose a mapping for a file nobody has mapped yet, from its header's words and its cells' shapes.

A proposal is for a person to confirm: every field comes with a confidence and an example, and what is
missing is said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from .mapping import (
    Column,
    County,
    Expect,
    Mapping,
    Parser,
    Personal,
    Recognise,
    Source,
    StatusRule,
    column_key,
    dump_mapping,
)
from .normalising import cell_parser
from .proposed_county import ProposedCounty, find_county
from .proposed_dates import date_formats

HEADER_WITHIN = 30
BY_SHAPE = 0.4
"""The most confidence in a column that is known by its cells alone."""


class ProposedField(msgspec.Struct, frozen=True):
    """One guess. ``confidence`` is from 0 to 1: 0.9 and more is a known name with fitting cells."""

    field: str
    column: str
    parse: Parser
    confidence: float
    example: str | None


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed mapping, or null with what is ``missing`` for one. ``unknown`` columns are not read."""

    mapping: Mapping | None
    fields: tuple[ProposedField, ...]
    personal: tuple[str, ...]
    unknown: tuple[str, ...]
    missing: tuple[str, ...]

    def as_yaml(self) -> str:
        """The proposed mapping as text to edit. Raises ``ValueError`` where there is none."""
        if self.mapping is None:
            raise ValueError(f"no mapping can be proposed: {', '.join(self.missing)}")
        return dump_mapping(self.mapping)


# For each field its parser, the words a header may use for it, and patterns its words may hold.
_FIELDS: dict[str, tuple[Parser, str, str]] = {
    "parcel_id": (
        "parcel",
        "parcel parcelid parcelnumber parcelno parcelnum pin pinnumber apn folio folionumber"
        " accountnumber account propertyid propid taxid taxidnumber taxparcel schedulenumber ppin"
        " mapnumber parid strap blocklot bbl ain geocode propertynumber propertykey realestatenumber",
        r"parcel|folio|^apn|^pin$",
    ),
    "certificate_number": (
        "number",
        "certificate certificatenumber certno certificateno certnum cert certnumber liennumber lienno"
        " taxcertificate certificateid",
        r"cert.*(no|num|#)",
    ),
    "advertising_number": (
        "number",
        "advnum advnumber advno advertisingnumber adv seqnum seqnumber sequence sequencenumber itemno item"
        " itemnumber lotno salenumber saleno listnumber auctionid auctionnumber",
        r"^adv.*num|^seq",
    ),
    "tax_year": ("year", "taxyear taxyr delinquentyear yeardelinquent rollyear", r"tax.*year|tax.*yr"),
    "face_amount": (
        "money",
        "faceamount facevalue face amount lienamount taxamount certificateamount totaldue"
        " totalamount totalamountdue taxesdue amountowed balance balancedue totaltaxes lien principal advamt"
        " delinquentamount delinquenttaxes totaltaxdue taxdue totalowed unpaidbalance certamount",
        r"(total|lien|face|delinq|taxes|balance).*(due|amt|amount|owed)",
    ),
    "opening_bid": (
        "money",
        "openingbid minimumbid minbid startingbid upsetprice reserve minimum upset judgment",
        r"(open|min|start|upset).*(bid|price)",
    ),
    "winning_bid": (
        "money",
        "winningbid winbid soldamount saleprice salesprice highbid finalbid soldfor winningprice",
        r"(win|final|high|sold).*(bid|price|amount)",
    ),
    "bid_rate_pct": (
        "rate_pct",
        "rate interestrate bidrate winningrate winninginterestrate ratebid certificaterate intrate",
        r"(interest|bid|win).*rate|rate.*bid",
    ),
    "premium": ("money", "premium winningpremium overbid premiumamount premiumbid", r"premium|overbid"),
    "amount_due": ("money", "amountdue winningamountdue purchaseprice", r"purchase.*(price|amount)"),
    "bid_count": ("integer", "numbids bidcount numberofbids bids", r"num.*bids"),
    "sale_date": ("date", "saledate auctiondate dateofsale solddate auctionclosed", r"(sale|auction).*date"),
    "redeemed_on": ("date", "redemptiondate dateredeemed redeemed redeemdate redeemedon", r"redem.*date"),
    "assessed_value": (
        "money",
        "assessedvalue assessed assessment av totalassessed totalassessedvalue assessmentvalue",
        r"assess.*(val|total)",
    ),
    "market_value": (
        "money",
        "marketvalue fairmarketvalue fmv justvalue fullcashvalue appraisedvalue totalvalue fcv rmv tmv"
        " truevalue",
        r"(market|apprais|just|cash|true).*val",
    ),
    "situs_address": (
        "address",
        "situs situsaddress propertyaddress address siteaddress location propertylocation streetaddress"
        " locationaddress proplocation propertystreet",
        r"(situs|property|prop|site|street).*(addr|loc)",
    ),
    "city": ("text", "city situscity propertycity municipality town township", r"(situs|prop).*city"),
    "zip_code": ("zip", "zip zipcode situszip propertyzip postalcode propertyzipcode", r"(situs|prop).*zip"),
    "property_type": (
        "text",
        "propertytype propertyclass landuse usecode proptype class classcode propertyuse use",
        r"(prop|land).*(type|class|use)",
    ),
    "acres": ("decimal", "acres acreage landacres lotacres deededacres", r"acre"),
    "building_sqft": (
        "decimal",
        "sqft squarefeet buildingsqft livingarea buildingarea heatedarea finishedsqft bldgsqft",
        r"(living|build|bldg|heated|finished).*(area|sq)",
    ),
    "year_built": ("year", "yearbuilt yrbuilt builtyear yrblt", r"y(ea)?r.*b(ui)?lt"),
    "latitude": ("coordinate", "latitude lat", r"^latitude"),
    "longitude": ("coordinate", "longitude lng lon long", r"^longitude"),
    "homestead": ("boolean", "homestead homesteaded hasexemption owneroccupied", r"homestead"),
    "vacant": ("boolean", "vacant isvacant", r"^vacant"),
}  # fmt: skip
_PERSONAL = re.compile(
    r"owner(?!occ)|bidder|buyer|purchaser|winner|taxpayer|assessee|defendant|lienholder|certholder|holdername"
    r"|userid|mail|^name|name$|phone|email|ssn|socialsec|birth|attorney|careof|grantee|grantor|primaryaccount"
)
_DATA = re.compile(
    r"\(?-?\$?\d[\d,]*(\.\d+)?%?\)?|\d{1,4}[-/]\d{1,2}[-/]\d{1,4}.*|(?=.*\d)[0-9A-Z]+(-[0-9A-Z]+)+",
    re.IGNORECASE,
).fullmatch


def find_header(rows: Sequence[Sequence[str]]) -> tuple[list[str], int]:
    """The header and the index of the first row of data; names are invented where there is none.

    A header is the first row with cells enough and none that looks like data. It may be narrower than
    the rows below, whose unquoted commas made cells.
    """
    width = Counter(len(row) for row in rows[:200]).most_common(1)[0][0]
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        names = [cell.strip() for cell in row]
        filled = [name for name in names if name]
        if len(filled) < max(1, (width + 1) // 2):
            continue  # a title above the table
        if not any(_DATA(name) for name in filled):
            return names, index + 1
        return [f"column {n}" for n in range(1, max(width, len(row)) + 1)], index
    return [f"column {n}" for n in range(1, width + 1)], 0


def propose(
    header: Sequence[str], rows: Sequence[Sequence[str]], name: str = "proposed"
) -> Proposal:
    """Guess which column is which field. ``rows`` are some tens of the file's first rows."""
    cells = [[row[i] for row in rows if i < len(row)] for i in range(len(header))]
    place = find_county(header, cells)
    places = set() if place is None else {place.county, place.state} - {None}
    people = {i for i, title in enumerate(header) if _PERSONAL.search(column_key(title))} - places
    guesses = sorted(
        (
            (confidence, field, index)
            for index in range(len(header))
            if index not in people and index not in places
            for field in _FIELDS
            if (confidence := _confidence(field, header[index], cells[index])) >= 0.3
        ),
        key=lambda guess: (-guess[0], list(_FIELDS).index(guess[1]), guess[2]),
    )
    chosen: dict[str, ProposedField] = {}
    taken: set[int] = set()
    for confidence, field, index in guesses:
        if field not in chosen and index not in taken:
            taken.add(index)
            example = next((cell.strip() for cell in cells[index] if cell.strip()), None)
            parse = _FIELDS[field][0]
            chosen[field] = ProposedField(field, header[index], parse, confidence, example)
    _take_amount_due(chosen)
    columns = {field: _column(header, cells, guess) for field, guess in chosen.items()}
    read = {field.column for field in chosen.values()}
    others = [i for i in range(len(header)) if i not in people | places]
    unread = [i for i in others if header[i] not in read]
    unknown = tuple(header[i] for i in unread)
    titles = [header[i] for i in sorted(people)]
    mapping = None
    if "parcel_id" in chosen:
        mapping = _mapping(name, columns, titles, unknown)
        mapping = _placed(_numbered(mapping, header, cells), header, place)
    missing = _missing(header, cells, chosen, unread, place)
    fields = [chosen[field] for field in _FIELDS if field in chosen]
    return Proposal(
        mapping=mapping,
        fields=(*fields, *_county_shown(header, cells, place)),
        personal=tuple(header[i] for i in sorted(people)),
        unknown=unknown,
        missing=tuple(missing),
    )


def _take_amount_due(chosen: dict[str, ProposedField]) -> None:
    """On a list where nothing was bid, the amount due is the lien itself and not what a winner pays."""
    face = chosen.get("face_amount")
    by_name = face is not None and face.confidence > BY_SHAPE
    if "amount_due" in chosen and not by_name and not chosen.keys() & {"winning_bid", "premium"}:
        found = chosen.pop("amount_due")
        chosen["face_amount"] = msgspec.structs.replace(found, field="face_amount")


def _missing(
    header: Sequence[str],
    cells: Sequence[Sequence[str]],
    chosen: dict[str, ProposedField],
    unread: Sequence[int],
    place: ProposedCounty | None,
) -> list[str]:
    """What the mapping lacks, field by field, and why where a column has the name but not the cells."""
    unfit = {field: reason for i in unread for field, reason in _unfit(header[i], cells[i]).items()}
    missing = [f"{field}: {reason}" for field, reason in unfit.items() if field not in chosen]
    if "parcel_id" not in chosen and "parcel_id" not in unfit:
        missing.insert(0, "parcel_id: no column looks like a parcel number")
    if place is None:
        missing.append("county: the file does not say it; give it when you import")
    elif not place.complete:
        missing.append(
            f"county: the column {header[place.county]!r} does not say the state; give the FIPS code of"
            " one of its counties when you import"
        )
    if "tax_year" not in chosen and "tax_year" not in unfit:
        missing.append("tax_year: no column says it")
    return missing


def _unfit(title: str, cells: Sequence[str]) -> dict[str, str]:
    """The fields a column is called by, each with the first of its cells that does not fit."""
    found = {}
    for field, (parse, words, _) in _FIELDS.items():
        filled = [cell.strip() for cell in cells if cell.strip()]
        if column_key(title) in words.split() and filled:
            check = _reads(parse, filled)
            bad = next((cell for cell in filled if not check(cell)), None)
            if bad is not None:
                found[field] = f"most cells of {title.strip()!r} do not fit, such as {bad[:40]!r}"
    return found


def _county_shown(
    header: Sequence[str], cells: Sequence[Sequence[str]], place: ProposedCounty | None
) -> list[ProposedField]:
    if place is None:
        return []
    used = [i for i in (place.county, place.state) if i is not None]
    example = ", ".join(next((c.strip() for c in cells[i] if c.strip()), "") for i in used)
    titles = ", ".join(header[i] for i in used)
    return [ProposedField("county", titles, "text", 0.95 if place.complete else 0.6, example)]


def _placed(mapping: Mapping, header: Sequence[str], place: ProposedCounty | None) -> Mapping:
    """The mapping with the columns that say the county."""
    if place is None:
        return mapping
    signals = {"county": (header[place.county],)}
    if place.state is not None:
        signals["county_state"] = (header[place.state],)
    return msgspec.structs.replace(mapping, county=place.entry(), signals=signals)


def _numbered(mapping: Mapping, header: Sequence[str], cells: Sequence[Sequence[str]]) -> Mapping:
    """The mapping of a file without a header, which is known by the shapes of its full columns."""
    if list(header) != [f"column {n}" for n in range(1, len(header) + 1)]:
        return mapping
    field_of = {column.sources[0]: field for field, column in mapping.columns.items()}
    names = tuple(
        field_of.get(title, "-") if all(cell.strip() for cell in cells[index]) else "-"
        for index, title in enumerate(header)
    )
    return msgspec.structs.replace(mapping, recognise=Recognise(headerless=(names,)))


def _confidence(field: str, title: str, cells: Sequence[str]) -> float:
    parse, words, pattern = _FIELDS[field]
    key = column_key(title)
    if key in words.split():
        confidence = 0.95
    elif re.search(pattern, key):
        confidence = 0.7
    elif field == "parcel_id" and _looks_like_parcels(cells):
        confidence = BY_SHAPE
    elif field == "face_amount" and _all(cells, re.compile(r"\$?[\d,]*\d\.\d\d").fullmatch):
        confidence = 0.35
    else:
        return 0.0
    filled = [cell for cell in cells if cell.strip()]
    if not filled:
        return round(confidence * 0.6, 2)
    check = _reads(parse, filled)
    return round(confidence * sum(map(check, filled)) / len(filled), 2)


def _reads(parse: Parser, cells: Sequence[str]) -> Callable[[str], bool]:
    formats = date_formats(cells) if parse == "date" else ()
    if parse == "date" and not formats:
        return lambda cell: False
    read: Callable[[str], Any] = cell_parser(Column(sources=("x",), parse=parse, formats=formats))

    def check(cell: str) -> bool:
        try:
            return read(cell) is not None
        except ValueError:
            return False

    return check


def _looks_like_parcels(cells: Sequence[str]) -> bool:
    shape = re.compile(r"(?=(?:.*\d){5})[0-9A-Z][0-9A-Z .-]{6,30}", re.IGNORECASE).fullmatch
    return _all(cells, shape) and len(set(cells)) > 0.8 * len(cells)


def _all(cells: Sequence[str], shape: Callable[[str], object]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(map(shape, filled))


def _column(header: Sequence[str], cells: Sequence[Sequence[str]], guess: ProposedField) -> Column:
    index = list(header).index(guess.column)
    filled = [cell for cell in cells[index] if cell.strip()]
    formats = (date_formats(filled) or ("MM/DD/YYYY",)) if guess.parse == "date" else ()
    sure = guess.field == "parcel_id" or guess.confidence >= 0.9
    least = Decimal(0) if guess.parse == "money" else None
    return Column(
        sources=(guess.column,), parse=guess.parse, required=sure, formats=formats, minimum=least
    )


def _mapping(
    name: str, columns: dict[str, Column], people: Sequence[str], unknown: tuple[str, ...]
) -> Mapping:
    sold = {"winning_bid", "bid_rate_pct", "premium", "amount_due"} & set(columns)
    return Mapping(
        name=name,
        title="A proposed mapping: read every line before you use it",
        source=Source(legal_status="unknown", licence="Not stated: say what use its terms allow."),
        county=County(parameter="{county}"),
        constants={"kind": "certificate"},
        columns=columns,
        personal={f"person_{n}": Personal(sources=(title,)) for n, title in enumerate(people, 1)},
        ignore=unknown,
        status=(StatusRule(status="sold" if sold else "advertised"),),
        expect=Expect(min_rows=1, max_reject_share=Decimal("0.05")),
    )
