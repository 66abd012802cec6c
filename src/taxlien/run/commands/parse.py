"""``taxlien parse``: what a saved page says, as one JSON object. Needs no server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from taxlien.interfaces.scraper import LienObserved, ParcelObserved
    from taxlien.services.scraper.logic.pages import Reading
    from taxlien.services.scraper.logic.sites import Site

READABLE = frozenset({"ok", "empty", "not_found"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("parse")(parse)


def parse(
    file: Annotated[str, typer.Argument(help="A saved page; - reads standard input.")],
    platform: Annotated[str, typer.Option(help="Such as qpublic, realauction, iasworld.")],
    site: Annotated[
        str | None, typer.Option(help="The county's site, such as fl_dixie; none: a usual one.")
    ] = None,
) -> None:
    """Print what a page says as JSON: amounts as numbers, dates as YYYY-MM-DD, null where it is silent.

    Ends with 1 when the page cannot be read, with 2 when there is no such platform, site or file.
    """
    import msgspec

    from taxlien.services.scraper.adapters.platforms.platform import read_by
    from taxlien.services.scraper.adapters.platforms.registry import (
        UnknownPlatform,
        UnknownSite,
        platform_of,
        shipped_site,
    )
    from taxlien.services.scraper.logic.pages import Page
    from taxlien.services.scraper.logic.sites import SiteError

    try:
        reader = platform_of(platform)
        county = _usual_site(platform) if site is None else shipped_site(platform, site)
        text = _text(file)
    except (UnknownPlatform, UnknownSite, SiteError) as error:
        typer.echo(f"taxlien parse: {error}", err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"taxlien parse: {file}: {error.strerror or error}", err=True)
        raise typer.Exit(2) from None
    request = reader.page_of_file("page" if file == "-" else Path(file).name, county)
    page = Page(request=request, url=f"{county.base_url}{request.path}", text=text)
    reading = read_by(reader, page, county)
    encoder = msgspec.json.Encoder(decimal_format="number")
    body = encoder.encode(document(reading))
    typer.echo(msgspec.json.format(body, indent=2).decode())
    if reading.verdict not in READABLE:
        reason = f": {reading.reason}" if reading.reason else ""
        typer.echo(f"taxlien parse: {reading.verdict}{reason}", err=True)
        raise typer.Exit(1)


def document(reading: Reading) -> dict[str, Any]:
    """Return what a page says under the names that the command prints."""
    parcel = reading.parcels[0] if reading.parcels else None
    certificates = [lien for lien in reading.liens if lien.kind == "certificate"]
    items = [lien for lien in reading.liens if lien.kind != "certificate"]
    found: dict[str, Any] = {
        "verdict": reading.verdict,
        "reason": reading.reason,
        **_parcel(parcel),
        "certificates": [_item(lien) for lien in certificates],
        "auction_items": [_item(lien) for lien in items],
        "sale_days": [_fields(day) for day in reading.sales],
        "promised": reading.promised,
        "missing": dict(parcel.missing) if parcel else {},
        "origins": dict(parcel.origins) if parcel else {},
    }
    if len(reading.parcels) > 1:
        found["further_parcels"] = [_parcel(other) for other in reading.parcels[1:]]
    if reading.notes:
        found["notes"] = list(reading.notes)
    return found


def _parcel(parcel: ParcelObserved | None) -> dict[str, Any]:
    from taxlien.interfaces.scraper import ParcelObserved

    names = [
        name
        for name in ParcelObserved.__struct_fields__
        if name not in {"values", "taxes", "transfers", "origins", "missing"}
    ]
    return {
        **{name: getattr(parcel, name, None) for name in names},
        "values": [_fields(value) for value in parcel.values] if parcel else [],
        "taxes": [_fields(tax) for tax in parcel.taxes] if parcel else [],
        "sales": [_fields(transfer) for transfer in parcel.transfers] if parcel else [],
    }


def _item(lien: LienObserved) -> dict[str, Any]:
    """Return an item with its day of sale under the auction's word for it too."""
    return {**_fields(lien), "auction_date": lien.sale_date}


def _fields(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__struct_fields__}


def _text(file: str) -> str:
    """Return a saved page's text; its charset is found as it would be on the way from the host."""
    import sys
    from datetime import UTC, datetime

    from taxlien.services.scraper.adapters.fetching.charsets import text_of
    from taxlien.services.scraper.adapters.fetching.outcomes import Fetched

    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    now = datetime.now(UTC)
    return text_of(Fetched(url="", status=200, headers={}, content=content, fetched_at=now))


def _usual_site(platform: str) -> Site:
    from taxlien.services.scraper.logic.sites import Site

    return Site(
        name="page",
        platform=platform,
        title="A saved page",
        county_fips="00000",
        base_url="https://county.example",
        legal_status="unknown",
    )
