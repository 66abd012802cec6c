"""What a page of a certificate site says. The page decides what it is."""

from __future__ import annotations

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from taxlien.services.scraper.logic.lists import ListPart
from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.reading_cells import squeeze, whole
from taxlien.services.scraper.logic.reading_pages import is_challenge, is_truncated, is_unavailable
from taxlien.services.scraper.logic.reading_tables import document
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .certificates import certificate_of
from .downloads import download_of
from .lists import Listed, listed_certificates

_DESCRIPTOR = re.compile(
    r"Page\s+([\d,]+)\s+of\s+([\d,]+)\s*\(Displaying\s+(?:([\d,]+)\s*(?:-|to)\s*)?([\d,]+)\s+of\s+([\d,]+)"
    r"\s+records?\)",
    re.IGNORECASE,
)
_CLOSED = re.compile(
    r"\bis (?:currently |temporarily )?(?:unavailable|not available)|no longer available"
    r"|not available at this time",
    re.IGNORECASE,
)
_BATCH = re.compile(r"itemSetDID=(\d{1,9})", re.IGNORECASE)
_NOTHING = re.compile(
    r"no (?:records|certificates|items|results)(?: were)? (?:found|match)", re.IGNORECASE
)


def read(page: Page, site: Site) -> Reading:
    """Say what ``page`` says. Raises nothing: see ``Reading.verdict``."""
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="nested deeper than any page")
    text = page.text
    if not text.strip():
        return Reading(verdict="truncated", reason="an empty answer")
    if not text.lstrip("\ufeff \r\n\t").startswith("<"):
        return _download(page, site)
    if is_truncated(text):
        return Reading(verdict="truncated", reason="the page does not end")
    tree = document(text)
    if tree.css_first(".popup-header") is not None:
        if text.count("<div") > text.count("</div"):
            return Reading(verdict="truncated", reason="the popup does not end")
        return certificate_of(tree, page, site)
    if (
        tree.css_first("[id='searchResults']") is not None
        or tree.css_first("tr[id^='cert']") is not None
    ):
        return _list(tree, page.request, site)
    if page.request.kind == "batches" and (batches := _batches(text)):
        return Reading(follow=tuple(walking.list_request(batch, 1) for batch in batches))
    return _nothing(tree, text)


def _download(page: Page, site: Site) -> Reading:
    found = download_of(page.text, page.request.context, site)
    if found is None:
        return Reading(
            verdict="unrecognised", reason="text, but none of the files this site offers"
        )
    if not found.rows:
        return Reading(verdict="empty", reason="the file has no row", promised=0)
    context = page.request.context
    if "mapping" in context:
        given = {k.removeprefix("with_"): v for k, v in context.items() if k.startswith("with_")}
        part = ListPart(
            file_name=context.get("file_name", ""),
            url=page.url,
            mapping=context["mapping"],
            parameters=given,
            rows=found.rows,
        )
        return Reading(lists=(part,))
    lost = found.rows - len(found.liens)
    notes = (f"{lost} rows do not fit the header",) if lost else ()
    return Reading(liens=found.liens, promised=found.rows, notes=notes)


def _list(tree: LexborHTMLParser, request: PageRequest, site: Site) -> Reading:
    found = listed_certificates(tree, request.context, site)
    place = _place(tree)
    if not found.liens:
        if (place is not None and place.total == 0) or _NOTHING.search(squeeze(_text_of(tree))):
            return Reading(verdict="empty", reason="the list holds no certificate", promised=0)
        return Reading(verdict="unrecognised", reason="a list without a row, and no word why")
    asked = whole(request.context.get("page"))
    if place and asked and place.page != asked:
        if asked <= place.pages:
            return Reading(
                verdict="no_session", reason=f"page {place.page} came instead of {asked}"
            )
        return Reading(verdict="empty", reason="past the last page")
    return Reading(
        liens=found.liens,
        follow=tuple(_after(found, place, request, site)),
        promised=_promised(place),
        notes=found.notes,
    )


def _text_of(tree: LexborHTMLParser) -> str:
    return tree.body.text(separator=" ") if tree.body is not None else ""


class Place(NamedTuple):
    """Where a page stands in its list. ``shown`` is null where the site may count all pages so far."""

    page: int
    pages: int
    shown: int | None
    total: int


def _place(tree: LexborHTMLParser) -> Place | None:
    """Read ``Page 1 of 1 (Displaying 27 of 27 records)``; ``Displaying 51 - 100 of 120`` too."""
    for node in tree.css(".pageDescriptor"):
        if said := _DESCRIPTOR.search(squeeze(node.text())):
            page, pages, first, last, total = (whole(number) or 0 for number in said.groups())
            if first:
                return Place(page, pages, last - first + 1, total)
            # A page is never as large as what all pages but one hold: then it is a count so far.
            so_far = page > 1 and last * (pages - 1) >= total
            return Place(page, pages, None if so_far else last, total)
    return None


def _promised(place: Place | None) -> int | None:
    """The records this page shows: on a list of one page all of them."""
    if place is None:
        return None
    return place.total if place.pages <= 1 else place.shown


def _after(
    found: Listed, place: Place | None, request: PageRequest, site: Site
) -> list[PageRequest]:
    follow: list[PageRequest] = []
    batch = request.context.get("batch")
    if place and batch and place.page < min(place.pages, walking.MOST_PAGES):
        follow.append(walking.list_request(batch, place.page + 1))
    if site.quirks.get("details") == "yes" and request.session is not None:
        context = {"held": found.held} if found.held else {}
        follow += [walking.details_request(number, context) for number in found.ids]
    return follow


def _batches(text: str) -> list[str]:
    return list(dict.fromkeys(_BATCH.findall(text)))


def _nothing(tree: LexborHTMLParser, text: str) -> Reading:
    heading = tree.css_first("[id='contentTitle']")
    if _CLOSED.search(text):
        return Reading(
            verdict="unavailable", reason="the list is closed: the site says when it opens"
        )
    if _NOTHING.search(text):
        return Reading(verdict="empty", reason="the site says that nothing was found", promised=0)
    if is_challenge(text):
        return Reading(
            verdict="challenge", reason="a page that asks whether we are human, or says no"
        )
    if is_unavailable(text):
        return Reading(verdict="unavailable", reason="the server apologises")
    if heading is not None and "batch" in squeeze(heading.text()).lower() and _no_row(tree):
        return Reading(verdict="empty", reason="no batch is held by the county")
    return Reading(verdict="unrecognised", reason="neither a list, a certificate nor batches")


def _no_row(tree: LexborHTMLParser) -> bool:
    """Whether the table of batches has its header and nothing else."""
    header = tree.css_first("tr.searchResultHeader")
    return header is not None and len(tree.css("tr")) == 1
