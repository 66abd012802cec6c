"""The way from the calendar to a county's storefronts, their folders, and the pages of the items."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.logic.pages import PageRequest, Scope
from taxlien.services.scraper.logic.sites import Site

CALENDAR = "/county-tax-sales"
_NUMBER_NAMED = re.compile(r"(?<!\d)(\d{5,8})(?!\d)")
_SLUG = re.compile(r"[A-Za-z0-9_-]{1,80}")


def beginning(site: Site, scope: Scope) -> Iterator[PageRequest]:
    """Ask for the storefronts in ``start.storefronts``, else for the calendar that names them."""
    named = site.start.get("storefronts")
    slugs = [str(slug) for slug in named] if isinstance(named, list | tuple) else []
    for slug in slugs:
        if _SLUG.fullmatch(slug):
            yield storefront_request(slug)
    if not slugs:
        yield PageRequest(key="calendar", kind="calendar", path=CALENDAR, session="visit")


def storefront_request(slug: str) -> PageRequest:
    """The page of one sale. Its items come by a call of their own."""
    return PageRequest(
        key=f"storefront/{slug}", kind="storefront", path=f"/storefront/{slug}", session="visit"
    )


def items_request(storefront: int, folder: int) -> PageRequest:
    """All items of one folder of a storefront."""
    return PageRequest(
        key=f"items/{storefront}/{folder}",
        kind="items",
        path="/api/storefront/auctions/index?take=9999&skip=0&page=1&pageSize=9999",
        method="POST",
        json={"storefrontId": storefront, "storefrontCollectionId": folder},
        headers={"X-Requested-With": "XMLHttpRequest"},
        session="visit",
    )


def auction_request(lien: LienObserved) -> PageRequest:
    """The page of one item. What names the item in the list goes along, so that it stays one item."""
    context = {"item_id": lien.item_id or ""}
    if lien.parcel_id:
        context["parcel_id"] = lien.parcel_id
    if lien.sale_date:
        context["sale_date"] = lien.sale_date.isoformat()
    return PageRequest(
        key=f"auction/{lien.item_id}",
        kind="auction",
        path=f"/auction/index/{lien.item_id}",
        session="visit",
        context=context,
    )


def request_of_file(name: str) -> PageRequest:
    """The request that would have given a saved page, as far as its name tells."""
    lower = name.lower()
    context: dict[str, str] = {}
    kind = "auction"
    if "calendar" in lower or "county-tax-sales" in lower:
        kind = "calendar"
    elif "storefront" in lower:
        kind = "storefront"
    elif lower.endswith(".json"):
        kind = "items"
    elif found := _NUMBER_NAMED.search(name):
        context["item_id"] = found[1]
    return PageRequest(key=f"file/{name}", kind=kind, path=f"/{quote(name)}", context=context)


def county_of(site: Site) -> tuple[str, str] | None:
    """Return county and state of a site (``quirks``, else its name: ``ca_riverside``); None: the nation."""
    if site.county_fips == "00000":
        return None
    quirks: Mapping[str, str] = site.quirks
    state, _, county = site.name.partition("_")
    return quirks.get("county") or county.replace("_", " "), (quirks.get("state") or state).upper()
