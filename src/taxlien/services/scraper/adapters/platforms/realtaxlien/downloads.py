"""Files these sites offer: results, unsold items, items to bid on, advertised items. Comma or tab.

Files that a site file names go whole to the catalogue, by its mappings; this reads one that was saved. A row
with more cells than the header is left out and counted: a thousands comma without quotes moves every cell
behind it.
"""

from __future__ import annotations

import csv
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
    "face_amount": ("face amount", "facevalue", "face value", "adv amt", "amount due"),
    "bid_rate_pct": ("winningbid", "winning bid"),
    "premium": ("winningpremium", "winning premium"),
    "bid": ("bid",),
}
_OF_WORDS = {label: field for field, labels in _FIELDS.items() for label in labels}
_FLORIDA = "12"
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
        if "face_amount" not in fields or not {"parcel_id", "account"} & set(fields):
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
            found.take(field, text, label, percent)
        elif field == "account" and (number := identifier(text)):
            found.other_ids[label] = number
            found.miss("parcel_id", f"the list gives the {label!r} instead")
    if sale_year := year(context.get("sale_year")):
        found.take("tax_year", str(sale_year - 1), "the year before the file's", year)
    found.require(PROMISED, "the list has no such column")
    found.miss("sale_date", "the list names no day")
    status = _status(found, fields, context, site)
    return LienObserved(
        kind="certificate",
        status=status,
        parcel_id=found.values.pop("parcel_id", None),
        **found.record(),
    )


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
