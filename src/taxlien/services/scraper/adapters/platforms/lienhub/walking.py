"""The way through a county: its sale's main page, the list page by page, and the county's certificates.

The list's address has an id that is new in every session, and its pages want the token of the page before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec

from taxlien.services.scraper.logic.pages import PageRequest, Scope
from taxlien.services.scraper.logic.sites import Site

ROWS_A_PAGE = 100
MOST_PAGES = 2_000
HELD_AT_ONCE = 2_000
HELD_FIELDS = (
    "account_number",
    "tax_year",
    "certificate_number",
    "issued_date",
    "expiration_date",
    "purchase_amt",
    "issued_date_year",
    "extended_data_advertised_number",
    "property_address",
    "legal_description",
    "assessed_value",
    "certs_issued",
    "certs_redeemed",
    "certs_outstanding",
)
_STATE = re.compile(r"^[a-z]{2}_")


def slug(site: Site) -> str:
    """How the county is called in addresses: ``ids.slug``, else its name (``fl_miami_dade``: miami-dade)."""
    named = site.ids.get("slug") or site.ids.get("county")
    return named or _STATE.sub("", site.name).replace("_", "-")


def beginning(site: Site, scope: Scope) -> Iterator[PageRequest]:
    """``quirks.lists`` may be ``advertised`` or ``held``, where only one of them is wanted."""
    wanted = site.quirks.get("lists", "")
    if wanted != "held":
        yield PageRequest(
            key="main",
            kind="main",
            path=f"/county/{slug(site)}/certsale/main",
            session="sale",
        )
    if wanted != "advertised":
        yield PageRequest(
            key="held", kind="held", path=_held_path(site), session="held", context={"start": "0"}
        )


def list_request(site: Site, unique_id: str, context: Mapping[str, str]) -> PageRequest:
    """The first page of the advertised list; as CSV where ``quirks.format`` says so."""
    csv = site.quirks.get("format") == "csv"
    use = "download_advertised_list" if csv else "print_advertised_list"
    return PageRequest(
        key="list/csv" if csv else "list/1",
        kind="list",
        path=f"/county/{slug(site)}/certsale/main?unique_id={unique_id}&use_this={use}",
        session="sale",
        context={**context, "unique_id": unique_id, "page": "1"},
    )


def page_request(
    site: Site, number: int, hidden: Mapping[str, str], context: Mapping[str, str]
) -> PageRequest:
    """A further page: the hidden form of the page before, with another number."""
    unique_id = context.get("unique_id", "")
    return PageRequest(
        key=f"list/{number}",
        kind="list",
        path=f"/county/{slug(site)}/certsale/main?unique_id={unique_id}&use_this=print_advertised_list",
        method="POST",
        form={**hidden, "page_number": str(number)},
        session="sale",
        context={**context, "page": str(number)},
    )


def held_request(site: Site, token: str, start: int) -> PageRequest:
    """The county's certificates from row ``start`` on, as the page's own script asks for them."""
    columns = [
        {"data": name, "name": "", "searchable": True, "orderable": True} for name in HELD_FIELDS
    ]
    asked = {
        "draw": 1,
        "columns": columns,
        "order": [{"column": 0, "dir": "asc", "name": ""}],
        "start": start,
        "length": HELD_AT_ONCE,
        "search": {"value": "", "regex": False},
        "filters": {},
    }
    return PageRequest(
        key=f"held/{start}",
        kind="held",
        path=_held_path(site),
        method="POST",
        form={"datatables_ajax_data": msgspec.json.encode(asked).decode(), "csrf_token": token},
        headers={"X-Requested-With": "XMLHttpRequest"},
        session="held",
        context={"start": str(start), "token": token},
    )


def request_of_file(name: str, site: Site) -> PageRequest:
    """The request that would have given a saved page, as far as its name tells."""
    lower = name.lower()
    kind = "list"
    if "held" in lower:
        kind = "held"
    elif "main" in lower and "list" not in lower:
        kind = "main"
    return PageRequest(key=f"file/{name}", kind=kind, path=f"/{quote(name)}")


def _held_path(site: Site) -> str:
    return f"/county/{slug(site)}/countyheld/certificates"
