"""Tyler iasWorld as a platform: what a page of datalets, of results or of a gate says."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.reading_cells import said, words
from taxlien.services.scraper.logic.reading_pages import (
    is_challenge,
    is_truncated,
    is_unavailable,
)
from taxlien.services.scraper.logic.reading_tables import document
from taxlien.services.scraper.logic.settling import FORM_STATE, WALL, Settling
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .datalets import Banner, Datalet, banner, datalets, hidden
from .money import liens, read_money
from .property import parcel_number, read_property

_NOTHING = (
    "did not find any records",
    "no records found",
    "no records were found",
    "0 records found",
)
_NO_DATA = (*_NOTHING, "no data available", "no data found", "no information available")
_LOST = ("session has expired", "session has timed out", "session timed out", "session expired")
_NAMES = {
    "name",
    "name s",
    "names",
    "owner",
    "owner name",
    "owners",
    "owner 1",
    "current owner",
    "owner s",
}

_VOLATILE = (
    re.compile(
        rb"/\(S\([0-9a-z]{20,40}\)\)/"
    ),  # sessions without cookies have their number in the path
    re.compile(rb'hdSession(?:Id)?" value="[^"]*"'),
)


class IasWorld:
    """Public access of Tyler's iasWorld."""

    name = "iasworld"
    parser_version = "1"
    settling = Settling((*FORM_STATE, *WALL, *_VOLATILE))

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Return the first page of each parcel wanted."""
        return walking.start(site, scope)

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says."""
        return read_page(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Return the request of a page saved as ``name``."""
        return walking.page_of_file(name, site)


def read_page(page: Page, site: Site) -> Reading:
    """Say what the page says."""
    if is_truncated(page.text):
        return Reading(verdict="truncated", reason="the document has no end")
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="more open elements than any page has")
    tree = document(page.text)
    found = datalets(tree)
    head = banner(tree)
    if found or head.parcel_id:
        return _read_record(page, tree, found, head, site)
    return _read_other(page, tree)


def _read_record(
    page: Page, tree: LexborHTMLParser, found: list[Datalet], head: Banner, site: Site
) -> Reading:
    into = Gathering()
    read_property(found, head, site, into)
    _read_owner(found, head, into)
    notes = read_money(found, hidden(tree, "hdTaxYear"), into)
    for field, what in (("values", "values"), ("taxes", "taxes"), ("transfers", "sales")):
        into.miss(field, f"no datalet of {what} on this page")
    key = hidden(tree, "hdXPin", "hdPin")
    parcel_id, origin = _parcel_id(page, found, head, key)
    if parcel_id is None or (not found and not into.has_anything()):
        if any(said_so in page.text.lower() for said_so in _NO_DATA):
            return Reading(verdict="not_found", reason="a record without any data")
        return Reading(
            verdict="unrecognised", reason="a record that says nothing, nor that it does"
        )
    if not _is_asked_for(page, (parcel_id, key, *into.other_ids.values())):
        return Reading(verdict="no_session", reason="the record of another parcel than asked for")
    return Reading(
        parcels=(into.parcel(parcel_id, origin, "not on this page"),),
        liens=tuple(liens(found, parcel_id)),
        follow=walking.further_modes(page, tree, key or parcel_id, site),
        notes=tuple(notes),
    )


def _parcel_id(
    page: Page, found: list[Datalet], head: Banner, key: str | None
) -> tuple[str | None, str]:
    """Return the parcel's number with the spaces inside it: they are part of it."""
    if head.parcel_id:
        return head.parcel_id, f"banner: {head.label}"
    row = parcel_number(found)
    if row is not None:
        return row
    if key:
        return key, "hidden field: pin"
    context = page.request.context
    asked = context.get("pin") or context.get("saved_as")
    return asked or None, "the page names none; it was asked for by this number"


def _is_asked_for(page: Page, numbers: tuple[str | None, ...]) -> bool:
    asked = words(page.request.context.get("pin"))
    return not asked or asked in {words(number) for number in numbers if number}


def _read_owner(found: list[Datalet], head: Banner, into: Gathering) -> None:
    """Note whether the banner or a datalet of owners holds a name."""
    owners = [
        d for d in found if d.about & {"owner", "owners", "mailing"} and "history" not in d.about
    ]
    named = any(said(row.text) for d in owners for row in d.rows if words(row.label) in _NAMES)
    named = named or any(
        said(row[at])
        for d in owners
        for grid in d.grids
        if (at := grid.column(tuple(_NAMES))) is not None
        for row in grid.rows
    )
    if head.owner is not None or owners:
        into.take(
            "owner_published",
            bool(head.owner or named),
            "banner" if head.owner else "owner datalet",
        )
    into.miss("owner_published", "no banner and no datalet of owners on this page")


def _read_other(page: Page, tree: LexborHTMLParser) -> Reading:
    """A page without a record: results, a gate, or an honest nothing."""
    follow = walking.results(page, tree)
    if follow:
        return Reading(follow=follow, notes=(f"{len(follow)} results",))
    text = page.text.lower()
    if any(words_ in text for words_ in _NOTHING):
        if page.request.kind == "datalet":
            return Reading(verdict="not_found", reason="the site knows no such parcel")
        return Reading(verdict="empty", reason="the search found no records")
    if tree.css_first("#btAgree, [name=btAgree]") is not None:
        return Reading(verdict="no_session", reason="the site's disclaimer was not agreed to")
    if page.request.kind == "datalet" and tree.css_first("#frmMain [name=inpParid]") is not None:
        return Reading(verdict="no_session", reason="the search again, in place of the record")
    if any(words_ in text for words_ in _LOST):
        return Reading(verdict="no_session", reason="the session has ended")
    if is_challenge(page.text):
        return Reading(verdict="challenge", reason="the site asks whether we are human")
    if is_unavailable(page.text) or _says_it_is_away(tree):
        return Reading(verdict="unavailable", reason="the server apologises")
    return Reading(verdict="unrecognised", reason="no datalet, no result, and no word why")


def _says_it_is_away(tree: LexborHTMLParser) -> bool:
    """Whether the notice of maintenance shows: every page of the application carries it, hidden."""
    for hidden_one in tree.css("[style*='display:none'], [style*='display: none']"):
        hidden_one.decompose()
    return tree.body is not None and "system is currently unavailable" in tree.body.text().lower()
