"""Files these sites offer: results, unsold items, items to bid on, advertised items. Comma or tab.

Files that a site file names go whole to the catalogue, by its mappings; this reads one that was saved. A row
with more cells than the header is left out and counted: a thousands comma without quotes moves every cell
behind it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from taxlien.interfaces.scraper import ItemStatus, LienObserved
from taxlien.services.scraper.logic.labelled import Labelled, identifier
from taxlien.services.scraper.logic.reading_cells import money, squeeze, words, year
from taxlien.services.scraper.logic.sites import Site

from .lists import percent

PROMISED = ("parcel_id", "advertising_number", "face_amount", "tax_year")
_FIELDS: dict[str, tuple[str, ...]] = {
    "item_id": ("ra itemid", "ra item id"),
    "advertising_number": (
        *("advnum", "adv num", "advertising number", "seqnum", "seq number", "sequence"),
    ),
    "certificate_number": ("certificate number", "number", "certificate"),
    "parcel_id": ("parcel", "parcel id", "folio", "folio1", "folio2"),
    "account": ("account",),
    "block": ("block",),
    "lot": ("lot",),
    "qualifier": ("qual", "qualifier"),
    "face_amount": (
        *("face amount", "facevalue", "face value", "adv amt", "amount due", "total in sale"),
    ),
    "bid_rate_pct": ("winningbid", "winning bid"),
    "premium": ("winningpremium", "winning premium", "premium"),
    "bid": ("bid",),
    "buyer": ("primary name on account", "winner", "name", "bidder id"),
}
_OF_WORDS = {label: field for field, labels in _FIELDS.items() for label in labels}
_RATE_STATES = frozenset({"04", "12", "34"})
_PREMIUM_STATES = frozenset({"08", "34"})
"""Arizona, Florida and New Jersey bid a yearly rate down; in New Jersey, at 0 percent, a premium up as in
Colorado. Elsewhere, as in Maryland, the bid is a price."""
_FLORIDA = "12"
_STRUCK = re.compile(r"(?:struck|stricken)(?: off)?(?: to(?: the)? (?:county|state))?")
"""The only thing that a buyer's name is looked at for: it is kept nowhere."""
_HIGHEST_IN_FLORIDA = Decimal(18)


class Download(NamedTuple):
    """The certificates of a file, and how many rows it has in all."""

    liens: tuple[LienObserved, ...]
    rows: int


def download_of(text: str, context: Mapping[str, str], site: Site) -> Download | None:
    """Read a file; None where its first line is no header of one of these files."""
    lines = text.lstrip("\ufeff \r\n").splitlines()
    if not lines or len(lines[0]) > 500:
        return None
    rows = csv.reader(lines, delimiter="\t" if "\t" in lines[0] else ",")
    try:
        header = [squeeze(name) for name in next(rows)]
        fields = [_OF_WORDS.get(words(name), "") for name in header]
        named = {"parcel_id", "account"} & set(fields) or {"block", "lot"} <= set(fields)
        if "face_amount" not in fields or not named:
            return None
        read = [_certificate(row, fields, header, context, site) for row in rows if any(row)]
    except csv.Error:
        return None
    return Download(tuple(lien for lien in read if lien is not None), len(read))


def _certificate(
    row: Sequence[str],
    fields: Sequence[str],
    header: Sequence[str],
    context: Mapping[str, str],
    site: Site,
) -> LienObserved | None:
    if len(row) != len(header):
        return None
    found = Labelled()
    for field, label, text in zip(fields, header, row, strict=True):
        if field in {"item_id", "advertising_number", "certificate_number", "parcel_id"}:
            found.take(field, text, label, identifier)
        elif field in {"face_amount", "premium"}:
            found.take(field, text, label, money)
        elif field == "bid_rate_pct":
            _take_bid(found, text, label, site.county_fips[:2])
        elif field == "account" and (number := identifier(text)):
            found.other_ids[label] = number
            found.miss("parcel_id", f"the list gives the {label!r} instead")
    _take_block(found, dict(zip(fields, row, strict=True)))
    if sale_year := year(context.get("sale_year")):
        found.take("tax_year", str(sale_year - 1), "the year before the file's", year)
    found.require(PROMISED, "the list has no such column")
    found.miss("sale_date", "the list names no day")
    struck = any(
        field == "buyer" and _STRUCK.fullmatch(words(text))
        for field, text in zip(fields, row, strict=True)
    )
    status = "struck_off" if struck else _status(found, fields, context, site)
    return LienObserved(
        kind="certificate",
        status=status,
        parcel_id=found.values.pop("parcel_id", None),
        **found.record(),
    )


def _take_bid(found: Labelled, text: str, label: str, state: str) -> None:
    """What was bid, by what is bid in that state: a rate, a premium or a price, under one label."""
    if state in _RATE_STATES and "$" not in text:
        found.take("bid_rate_pct", text, label, percent)
        return
    field = "premium" if state in _PREMIUM_STATES else "winning_bid"
    if field not in found.values:
        found.take(field, text, label, money)
    found.miss("bid_rate_pct", "in this state the bid is an amount of money")


def _take_block(found: Labelled, cells: dict[str, str]) -> None:
    """New Jersey names a parcel by block, lot and a qualifier, which most do not have."""
    block, lot = (identifier(cells.get(name, "")) for name in ("block", "lot"))
    if "parcel_id" in cells or block is None or lot is None:
        return
    qualifier = squeeze(cells.get("qualifier")).lstrip("-")
    parts = [block, lot, *([qualifier] if qualifier else [])]
    found.take("parcel_id", "/".join(parts), "Block, Lot, Qual", identifier)


def _status(
    found: Labelled, fields: Sequence[str], context: Mapping[str, str], site: Site
) -> ItemStatus:
    """Results are sold; in Florida number 0 at the highest rate means that nobody bid."""
    if "bid_rate_pct" in fields or "premium" in fields:
        number = found.values.get("certificate_number")
        nobody = number is not None and not number.strip("0.")
        highest = found.values.get("bid_rate_pct") == _HIGHEST_IN_FLORIDA
        return "struck_off" if nobody and highest and site.county_fips[:2] == _FLORIDA else "sold"
    return "unsold" if context.get("file") == "unsold" else "advertised"
