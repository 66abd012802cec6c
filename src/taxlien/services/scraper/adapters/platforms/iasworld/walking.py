"""Which pages of an iasWorld site are asked for, and what leads from one to the next.

A site's ``ids``: ``jur``, ``mode`` (the profile's), ``tax_year``, ``print_view`` (the name of the view that
prints every datalet at once: one page for each parcel) and ``modes`` (further modes, by commas, for sites
without that view). ``quirks``: ``deep_link: no`` where records are only reached through a search.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from selectolax.lexbor import LexborHTMLParser

from taxlien.services.scraper.logic.pages import FormStep, Page, PageRequest, Scope, Step
from taxlien.services.scraper.logic.reading_cells import words
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.logic.starting import keys_to_start

_SELECT = re.compile(r"selectSearchRow\(\s*['\"]([^'\"]+)['\"]\s*\)")
_SUFFIX = re.compile(r"(?:_[a-z]+)+$")


def start(site: Site, scope: Scope) -> Sequence[PageRequest]:
    """Return the first page of each parcel wanted: there is no list of all of them."""
    return [_first_page(site, pin) for pin in keys_to_start(site, scope)]


def _first_page(site: Site, pin: str) -> PageRequest:
    if site.quirks.get("deep_link") == "no":
        return _searched(site, pin)
    jur, year = site.ids.get("jur", ""), site.ids.get("tax_year", "")
    if "print_view" in site.ids:
        query = {
            "pin": pin,
            "gsp": site.ids["print_view"],
            "taxyear": year,
            "jur": jur,
            "all": "all",
        }
        path = f"/datalets/PrintDatalet.aspx?{urlencode(query)}"
    else:
        mode = site.ids.get("mode", "profile")
        path = _datalet(mode, pin, {"jur": jur, "taxyr": year})
    return PageRequest(
        key=f"parcel {pin}", kind="datalet", path=path, steps=_gate(site), context={"pin": pin}
    )


def _datalet(mode: str, pin: str, further: dict[str, str]) -> str:
    query = {"mode": mode, "UseSearch": "no", "pin": pin, **{k: v for k, v in further.items() if v}}
    return f"/datalets/datalet.aspx?{urlencode(query)}"


def _gate(site: Site) -> tuple[Step, ...]:
    """The disclaimer is agreed to only where the publisher's terms were read and accepted."""
    if not site.terms.accept:
        return ()
    path = "/Search/Disclaimer.aspx?FromUrl=../search/commonsearch.aspx?mode=parid"
    return (Step(path=path, form=FormStep(selector="#Form1", fields={"btAgree": ""})),)


def _searched(site: Site, pin: str) -> PageRequest:
    """Records that only a search reaches: the session holds its result, the first record is idx=1."""
    search = Step(
        path="/search/commonsearch.aspx?mode=parid",
        form=FormStep(selector="#frmMain", fields={"inpParid": pin, "btSearch": "Search"}),
    )
    return PageRequest(
        key=f"parcel {pin}",
        kind="datalet",
        path="/Datalets/Datalet.aspx?sIndex=0&idx=1",
        session=f"search {pin}",
        steps=(*_gate(site), search),
        context={"pin": pin},
    )


def further_modes(
    page: Page, tree: LexborHTMLParser, pin: str, site: Site
) -> tuple[PageRequest, ...]:
    """Return the modes of the side menu that the site file asks for, of this very parcel."""
    wanted = {mode for m in site.ids.get("modes", "").split(",") if (mode := m.strip().lower())}
    if not wanted or "mode" in page.request.context:
        return ()
    found: dict[str, PageRequest] = {}
    for link in tree.css("a[href*='datalet.aspx?mode=']"):
        query = _query(link.attributes.get("href") or "")
        mode = query.get("mode", "").lower()
        if mode in wanted and words(query.get("pin")) == words(pin) and mode not in found:
            further = {name: query.get(name, "") for name in ("jur", "taxyr")}
            found[mode] = PageRequest(
                key=f"{mode} {pin}",
                kind="datalet",
                path=_datalet(mode, pin, further),
                steps=page.request.steps,
                session=page.request.session,
                context={"pin": pin, "mode": mode},
            )
    return tuple(found.values())


def _query(href: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(urlsplit(href).query))
    except ValueError:
        return {}


def results(page: Page, tree: LexborHTMLParser) -> tuple[PageRequest, ...]:
    """Return the records of a list of results: each is the same form, sent with the row's link."""
    form = {
        name: field.attributes.get("value") or ""
        for field in tree.css("input[type=hidden]")
        if (name := field.attributes.get("name"))
    }
    found: dict[str, PageRequest] = {}
    for row in tree.css("tr.SearchResults"):
        link = _SELECT.search(row.attributes.get("onclick") or "")
        if link is None:
            continue
        found.setdefault(
            link[1],
            PageRequest(
                key=f"{page.request.key} result {link[1]}",
                kind="datalet",
                path=page.request.path,
                method="POST",
                form={**form, "hdLink": link[1], "hdAction": "Link"},
                session=page.request.session,
                steps=page.request.steps,
            ),
        )
    return tuple(found.values())


def page_of_file(name: str, site: Site) -> PageRequest:
    """Return the request of a saved page. Its name is a hint at the parcel, never held against the page."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return PageRequest(
        key=f"file {stem}", kind="datalet", path="/", context={"saved_as": _SUFFIX.sub("", stem)}
    )
