"""Items of a RealAuction sale as its LOAD answer writes them: rows of labels, squeezed by tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from taxlien.run.simulator.plays.play import dollars, safe
from taxlien.run.simulator.world.auctions import Item
from taxlien.run.simulator.world.counties import County

Place = Literal["number", "multiple", "appraiser"]

_KEYS = ("Parcel ID", "Parcel ID", "Alternate Key", "Parcel Key")
_TOKENS = (
    ("@A", '<div class="'),
    ("@B", "</div>"),
    ("@C", 'class="'),
    ("@D", "<div>"),
    ("@E", "AUCTION"),
    ("@F", "</td><td"),
    ("@G", "</td></tr>"),
    ("@H", "<tr><td "),
    ("@I", "table"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """How a county words its items. ``heading`` is the element of the labels."""

    heading: Literal["td", "th"]
    key: str
    city: Literal["dashed", "plain", "spaced", "none"]
    value: str


def wording_of(county: County) -> Wording:
    """The wording of a county."""
    if county.state in {"OH", "PA"}:
        return Wording("th", "Parcel ID", "spaced", "Appraised Value")
    cities: tuple[Literal["dashed", "plain", "spaced", "none"], ...] = ("plain", "dashed", "none")
    value = "Property App. Market Value" if county.style % 3 == 2 else "Assessed Value"
    return Wording("td", _KEYS[county.style % 4], cities[county.style % 3], value)


def named_place(item: Item, wording: Wording) -> Place:
    """Some items name several parcels, and some only who would know."""
    turn = int(item.item_id) % 23
    if turn == 7:
        return "multiple"
    if turn == 11 and wording.heading == "td":
        return "appraiser"
    return "number"


def key_of(item: Item, wording: Wording) -> str:
    """What stands for the parcel: its id, or its account where the county uses a key (with zeros)."""
    if wording.key == "Parcel ID":
        return item.parcel.parcel_id
    return item.parcel.account.zfill(8) if wording.key == "Parcel Key" else item.parcel.account


def _rows(item: Item, wording: Wording, state: str) -> list[tuple[str, str]]:
    """Labels and cells, the cells as HTML."""
    foreclosure = item.kind == "foreclosure"
    sheriff = wording.heading == "th"
    rows = []
    if sheriff:
        rows.append(("Case Status:", "ACTIVE" if item.state != "canceled" else "CANCELED"))
        rows.append(("Case #:", f" {safe(item.case_number)} (0)"))
    else:
        rows.append(("Auction Type:", "FORECLOSURE" if foreclosure else "TAXDEED "))
        rows.append(("Case #:", _link("/case", item.case_number)))
    if foreclosure and not sheriff:
        rows.append(("Final Judgment Amount:", dollars(item.judgment)))
    elif not foreclosure:
        rows.append(("Certificate #:", item.certificate_number))
        rows.append(("Opening Bid:", dollars(item.opening_bid)))
    rows.append((f"{wording.key}:", _parcel_cell(item, wording, sheriff)))
    rows.append(("Property Address:", safe(item.parcel.situs)))
    if wording.city != "none":
        rows.append(("", _city(item, wording, state)))
    value = item.market if "Market" in wording.value or sheriff else item.assessed
    rows.append((f"{wording.value}:", dollars(value)))
    if sheriff:
        rows.append(("Opening Bid:", dollars(item.opening_bid)))
        rows.append(("Deposit Requirement:", dollars(item.deposit)))
    elif foreclosure:
        rows.append(("Plaintiff Max Bid:", "Hidden"))
    return rows


def _link(path: str, text: str) -> str:
    return (
        f' <a href="http://records.example{path}?id={safe(text)}" onClick = "return showExitPopup();" '
        f'target="_blank">{safe(text)}</a> '
    )


def _parcel_cell(item: Item, wording: Wording, sheriff: bool) -> str:
    match named_place(item, wording):
        case "multiple":
            return "MULTIPLE"
        case "appraiser":
            return _link("/search", "Property Appraiser")
        case _:
            key = key_of(item, wording)
            return f" {safe(key)}" if sheriff else _link("/parcel", key)


def _city(item: Item, wording: Wording, state: str) -> str:
    city, zip_code = item.parcel.city, item.parcel.zip_code
    match wording.city:
        case "dashed":
            return f"{city}, {state}- {zip_code}"
        case "spaced":
            return f"{city} , {zip_code}"
        case _:
            return f"{city}, {zip_code}"


def item_html(item: Item, wording: Wording, state: str) -> str:
    """One item, with the oddities of the real markup, squeezed."""
    rows = _rows(item, wording, state)
    aid = item.item_id
    if wording.heading == "th":
        lines = "".join(
            f'<tr><th @CAD_LBL" scope="row"{_spoken(label)}>{label}</th><td @CAD_DTA">{cell}@G'
            for label, cell in rows
        )
        opening = f'<div tabindex="0"id="AITEM_{aid}" aria-label="Auction Details"'
        message = '<div tabindex="0"@C'
        lines = lines.removesuffix("@G")  # the last row is never closed
        table = '<@I @Cad_tab" tabindex="0">'
        stats = '@A@E_STATS">'
    else:
        lines = "".join(
            f'@H{"" if not label else "tabindex=" + chr(34) + "0" + chr(34) + " "}@CAD_LBL" scope="row"'
            f'{_spoken(label)}>{label}@F tabindex="0"{"" if label == "Certificate #:" else " "}@CAD_DTA'
            f'{" ASTAT_MSGPB" if cell == "Hidden" else ""}">{cell}@G'
            for label, cell in rows
        )
        opening = f'<div id="AITEM_{aid}" aria-label="Auction Details"'
        message = "@A"
        table = '<@I @Cad_tab" >'
        stats = '@A@E_STATS" tabindex="0">'
    return (
        f'{opening} @C@E_ITEM PREVIEW" aid="{aid}" rem="0" isset="0">{stats}{message}ASTAT_MSGA ASTAT_LBL">'
        f'@B{message}ASTAT_MSGB Astat_DATA">@B{message}ASTAT_MSGC ASTAT_LBL">@B {message}ASTAT_MSGD '
        f'Astat_DATA">@B{message}ASTAT_MSG_SOLDTO_Label ASTAT_LBL">@B{message}ASTAT_MSG_SOLDTO_MSG '
        f'Astat_DATA">@B@B@A@E_DETAILS">{table}<tbody>{lines}</tbody></@I>@B@B@A@E_ITEM_SPACER">&nbsp;@B'
    )


def _spoken(label: str) -> str:
    return ' aria-label="Case Number"' if label == "Case #:" else ""


def expanded(text: str) -> str:
    """The HTML that a LOAD answer's text stands for."""
    for token, words in _TOKENS:
        text = text.replace(token, words)
    return text
