"""The way through a certificate site: batches, their lists page by page, and details where wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from taxlien.services.scraper.logic.pages import PageRequest, Scope
from taxlien.services.scraper.logic.sites import Site

_BATCH_NAMED = re.compile(r"itemSetDID[-=_]?(\d{1,9})", re.IGNORECASE)
_CERTIFICATE_NAMED = re.compile(
    r"(?:details|map|history)?[-_](\d{4,12})(?:\.redacted)?\.html?$", re.IGNORECASE
)
_YEAR_NAMED = re.compile(r"(20\d\d)_")
MOST_PAGES = 2_000
PREVIEW = "preview"


def beginning(site: Site, scope: Scope) -> Iterator[PageRequest]:
    """Ask for the batches in ``start.batches``, else for the list of batches; for the preview, if named.

    ``quirks``: ``preview: yes`` reads the list of the coming sale too. ``start.lists`` names files to be
    handed whole to the catalogue: ``path``, ``mapping``, and the mapping's parameters (county, year).
    """
    files = site.start.get("lists")
    for named in files if isinstance(files, list | tuple) else ():
        if isinstance(named, dict) and {"path", "mapping"} <= named.keys():
            yield file_request({str(key): str(value) for key, value in named.items()})
    named = site.start.get("batches")
    batches = [str(batch) for batch in named] if isinstance(named, list | tuple) else []
    for batch in batches:
        if batch.isdecimal():
            yield list_request(batch, 1)
    if not batches:
        yield PageRequest(
            key="batches",
            kind="batches",
            path="/index.cfm?folder=itemSetCountyHeld",
            session="lists",
        )
    if site.quirks.get("preview") == "yes":
        yield list_request(PREVIEW, 1)


def file_request(named: Mapping[str, str]) -> PageRequest:
    """A file as the site file names it. Its mapping's parameters go along as ``with_<name>``."""
    path = named["path"]
    given = {f"with_{key}": value for key, value in named.items() if key not in {"path", "mapping"}}
    name = path.rpartition("/")[2]
    return PageRequest(
        key=f"file/{name}",
        kind="file",
        path=path,
        session="lists",
        context={"mapping": named["mapping"], "file_name": name, **given},
    )


def list_request(batch: str, number: int) -> PageRequest:
    """One page of the list of a batch, or of the coming sale's (``PREVIEW``).

    Further pages are asked for by the site's own search form.
    """
    path = f"/index.cfm?folder=searchCert&itemSetDID={batch}"
    key = f"list/{batch}/{number}"
    if batch == PREVIEW:
        path, key = "/index.cfm?folder=previewitems", f"preview/{number}"
    context = {"batch": batch, "page": str(number)}
    if number == 1:
        return PageRequest(key=key, kind="list", path=path, session="lists", context=context)
    return PageRequest(
        key=key,
        kind="list",
        path=path,
        method="POST",
        form={
            "pageNum": str(number),
            "orderBy": "AdvNum",
            "orderDir": "asc",
            "doSearch": "true",
            "justFirstCertOnGroups": "1",
        },
        session="lists",
        context=context,
    )


def details_request(certificate: str, context: dict[str, str]) -> PageRequest:
    """The popup of one certificate. What the list said of its sale goes along."""
    return PageRequest(
        key=f"certificate/{certificate}",
        kind="certificate",
        path="/popup/popup-certificates.cfm",
        method="POST",
        form={"certID": certificate, "page": "certpop-property-details.cfm"},
        headers={"X-Requested-With": "XMLHttpRequest"},
        session="lists",
        context={**context, "certificate": certificate},
    )


def request_of_file(name: str) -> PageRequest:
    """The request that would have given a saved page, as far as its name tells."""
    context: dict[str, str] = {}
    lower = name.lower()
    kind = "list"
    if "popup" in lower or "certpop" in lower:
        kind = "certificate"
        if found := _CERTIFICATE_NAMED.search(name):
            context["certificate"] = found[1]
    elif "countyheld" in lower or "batches" in lower:
        kind = "batches"
    elif lower.endswith((".csv", ".txt", ".tsv")):
        kind = "file"
        context["file"] = "unsold" if "unsold" in lower else "list"
        if found := _YEAR_NAMED.match(name):
            context["sale_year"] = found[1]
    if found := _BATCH_NAMED.search(name):
        context["batch"] = found[1]
    return PageRequest(key=f"file/{name}", kind=kind, path=f"/{quote(name)}", context=context)
