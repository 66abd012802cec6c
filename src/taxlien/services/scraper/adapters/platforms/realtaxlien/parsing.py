"""What a page of a certificate site says. The page decides what it is."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from taxlien.services.scraper.logic.lists import ListPart
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
    r"Page\s+([\d,]+)\s+of\s+([\d,]+)\s*\(Displaying\s+([\d,]+)\s+of\s+([\d,]+)\s+records?\)",
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
    if not found.liens and (place is None or place[3] == 0):
        return Reading(verdict="empty", reason="the list holds no certificate", promised=0)
    if request.context.get("page") and place and str(place[0]) != request.context["page"]:
        return Reading(
            verdict="empty", reason=f"the site gave page {place[0]} instead: past the end"
        )
    return Reading(
        liens=found.liens,
        follow=tuple(_after(found, place, request, site)),
        promised=_promised(place),
        notes=found.notes,
    )


def _place(tree: LexborHTMLParser) -> tuple[int, int, int, int] | None:
    """Return page, pages, records shown and records in all, as ``.pageDescriptor`` counts them."""
    for node in tree.css(".pageDescriptor"):
        if said := _DESCRIPTOR.search(squeeze(node.text())):
            page, pages, shown, total = (whole(number) or 0 for number in said.groups())
            return page, pages, shown, total
    return None


def _promised(place: tuple[int, int, int, int] | None) -> int | None:
    """The records this page shows: on a list of one page all of them."""
    if place is None:
        return None
    _, pages, shown, total = place
    return total if pages <= 1 else shown


def _after(
    found: Listed, place: tuple[int, int, int, int] | None, request: PageRequest, site: Site
) -> list[PageRequest]:
    follow: list[PageRequest] = []
    batch = request.context.get("batch")
    if place and batch and place[0] < min(place[1], walking.MOST_PAGES):
        follow.append(walking.list_request(batch, place[0] + 1))
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
    if heading is not None and "batch" in squeeze(heading.text()).lower():
        return Reading(verdict="empty", reason="no batch is held by the county")
    return Reading(verdict="unrecognised", reason="neither a list, a certificate nor batches")
