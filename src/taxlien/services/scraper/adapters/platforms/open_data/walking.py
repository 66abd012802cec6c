"""Which pages of an open-data portal are asked for.

A site's ``start`` names the catalogue's ``mapping`` and either

* ``path``: the one download under the base URL, with the ``file_name`` it is kept under, or
* ``dataset``: the four-by-four id of a Socrata data set, in ``format`` csv (usual) or json, ``page_rows``
  rows a page (10,000), and what SoQL allows in ``select`` and ``where``. What is not selected is never
  fetched: columns with people's names are left out there.

``parameters`` are values for the mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from taxlien.services.scraper.logic.lists import ANNOUNCED, ListFormat, ListPart
from taxlien.services.scraper.logic.pages import PageRequest
from taxlien.services.scraper.logic.sites import Site, SiteError

PAGE_ROWS = 10_000
MAX_PAGES = 5_000
_SAFE = ":$*(),"


def beginning(site: Site) -> list[PageRequest]:
    """Return the first page. Raises ``SiteError`` for a site whose ``start`` names none."""
    text(site, "mapping")
    if "dataset" not in site.start:
        return [PageRequest(key="list", kind="download", path=text(site, "path"))]
    query = {"$select": "count(*)", **_given(site.start, "where")}
    return [PageRequest(key="count", kind="count", path=_resource(site, "json", query))]


def pages_of_rows(site: Site, count: int) -> Iterator[PageRequest]:
    """Return the pages that hold ``count`` rows, in the order of their row ids: that order stays."""
    rows = page_rows(site)
    for part in range(parts_of(site, count)):
        query = {
            "$limit": str(rows),
            "$offset": str(part * rows),
            "$order": ":id",
            **_given(site.start, "select"),
            **_given(site.start, "where"),
        }
        yield PageRequest(
            key=f"rows {part}",
            kind="rows",
            path=_resource(site, list_format(site), query),
            context={"part": str(part)},
        )


def parts_of(site: Site, count: int) -> int:
    """Return how many pages ``count`` rows are."""
    return -(-count // page_rows(site))


def page_rows(site: Site) -> int:
    """Return how many rows are asked for at once. Raises ``SiteError``."""
    given = str(site.start.get("page_rows", PAGE_ROWS))
    if not given.isdecimal() or not 1 <= int(given) <= 50_000:
        raise SiteError("start.page_rows", f"{given!r} is not a number from 1 to 50,000")
    return int(given)


def list_format(site: Site) -> ListFormat:
    """Return whether rows come as CSV or JSON. Raises ``SiteError``."""
    given = str(site.start.get("format", "csv"))
    if given == "csv":
        return "csv"
    if given == "json":
        return "json"
    raise SiteError("start.format", f"{given!r} is neither csv nor json")


def piece(site: Site, part: int = 0, **known: Any) -> ListPart:
    """Return what a page of the site's list is: ``known`` fields of ``ListPart`` on top."""
    dataset = site.start.get("dataset")
    path = f"/d/{dataset}" if dataset else text(site, "path")
    usual = f"{site.name}.{list_format(site)}"
    return ListPart(
        file_name=str(site.start.get("file_name", usual)),
        url=f"{site.base_url.rstrip('/')}{path}",
        mapping=text(site, "mapping"),
        parameters={name: str(value) for name, value in _parameters(site).items()},
        format=list_format(site) if dataset else "whole",
        part=part,
        **known,
    )


def announced(site: Site, count: int) -> ListPart:
    """Return what the count says of the list."""
    return piece(site, ANNOUNCED, parts=parts_of(site, count), promised=count)


def saved(name: str, site: Site) -> PageRequest:
    """Return the request a saved file stands for."""
    stem = name.rsplit("/", 1)[-1]
    if "dataset" in site.start:
        return PageRequest(key=f"file {stem}", kind="rows", path="/", context={"part": "0"})
    return PageRequest(key=f"file {stem}", kind="download", path="/")


def text(site: Site, name: str) -> str:
    """Return a text that ``start`` must have. Raises ``SiteError``."""
    value = site.start.get(name)
    if not isinstance(value, str) or not value:
        raise SiteError(f"start.{name}", "is needed here")
    return value


def _resource(site: Site, ending: str, query: Mapping[str, str]) -> str:
    dataset = quote(text(site, "dataset"), safe="")
    return f"/resource/{dataset}.{ending}?{urlencode(query, quote_via=quote, safe=_SAFE)}"


def _given(start: Mapping[str, Any], name: str) -> dict[str, str]:
    return {f"${name}": str(start[name])} if start.get(name) else {}


def _parameters(site: Site) -> Mapping[str, Any]:
    given = site.start.get("parameters", {})
    if not isinstance(given, Mapping):
        raise SiteError("start.parameters", "is a list of names with values")
    return given
