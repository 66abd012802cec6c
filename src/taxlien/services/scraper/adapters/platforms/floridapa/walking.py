"""Which pages of a GrizzlyLogic site are asked for: one for each parcel, by its number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlencode

from taxlien.services.scraper.logic.pages import PageRequest, Scope
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.logic.starting import keys_to_start

_REMARKS = re.compile(r"(?:_[a-z]+)+$")


def start(site: Site, scope: Scope) -> Sequence[PageRequest]:
    """Return the page of each parcel wanted: the site gives no list of them."""
    return [
        PageRequest(
            key=f"parcel {pin}",
            kind="parcel",
            path=f"/gis/?{urlencode({'pin': pin})}",
            context={"pin": pin},
        )
        for pin in keys_to_start(site, scope)
    ]


def page_of_file(name: str, site: Site) -> PageRequest:
    """Return the request of a saved page. Its name is a hint at the parcel, never held against the page."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return PageRequest(
        key=f"file {stem}", kind="parcel", path="/", context={"saved_as": _REMARKS.sub("", stem)}
    )
