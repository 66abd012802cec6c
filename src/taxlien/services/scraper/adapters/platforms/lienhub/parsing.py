"""What a page of LienHub says. The page decides what it is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import ItemStatus, LienObserved
from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.reading_cells import squeeze, whole
from taxlien.services.scraper.logic.reading_pages import is_challenge, is_truncated, is_unavailable
from taxlien.services.scraper.logic.reading_tables import document
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .rows import Cells, certificate, rows_of_csv, rows_of_json, rows_of_table

_UNIQUE = re.compile(r"unique_id=([0-9A-Fa-f]{8,64})")
_YEAR = re.compile(
    r"\b(20\d\d)\b[^<]{0,60}?\b(?:Tax (?:Lien|Certificate)|Certificate Sale)", re.IGNORECASE
)
_SALE = re.compile(r"tax (?:lien auction|certificate sale)|certsale", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:will be |not (?:yet )?(?:been )?|no longer )(?:available|posted|published|advertised)"
    r"|\bno (?:items|certificates|list)\b",
    re.IGNORECASE,
)
_LIST_NAMED = re.compile(r"(?:view|print|download|see)\b.{0,40}\b(?:list|advertis)", re.IGNORECASE)
_SEASON = range(4, 7)  # months in which Florida's lists are out
_NEXT = re.compile(r"next\s*(?:>|»|&gt;)", re.IGNORECASE)


def read(page: Page, site: Site) -> Reading:
    """Say what ``page`` says. Raises nothing: see ``Reading.verdict``."""
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="nested deeper than any page")
    text = page.text.lstrip("\ufeff \t\r\n")
    if not text:
        return Reading(verdict="truncated", reason="an empty answer")
    if text.startswith("{"):
        return _held_json(text, page.request, site)
    if not text.startswith("<"):
        return _csv(text, page)
    if is_truncated(text):
        return Reading(verdict="truncated", reason="the page does not end")
    tree = document(text)
    table = tree.css_first("table.adv_list") or tree.css_first("table.dataTable:not(#certs)")
    if table is not None:
        return _list(tree, table, page.request, site)
    held = tree.css_first("table#certs")
    if held is not None:
        return _held(tree, held, page.request, site)
    return _main_or_wall(tree, text, page, site)


def _list(tree: LexborHTMLParser, table: LexborNode, request: PageRequest, site: Site) -> Reading:
    rows, unfit = rows_of_table(table)
    liens = _certificates(rows, "advertised", _tax_year(tree, request))
    if not liens:
        if unfit:
            return Reading(verdict="unrecognised", reason="no row of the list fits its header")
        if not _knows_header(table) or rows:
            return Reading(verdict="unrecognised", reason="a list whose rows nobody knows")
        return Reading(verdict="empty", reason="the list has no row", promised=0)
    first = liens[0].advertising_number or liens[0].parcel_id or ""
    if first and first == request.context.get("before"):
        return Reading(verdict="empty", reason="the site gave its last page again: the end")
    following = _next(tree, liens, first, request, site)
    return Reading(
        liens=liens,
        follow=(following,) if following else (),
        promised=len(rows) + unfit,
        notes=(f"{unfit} rows do not fit the header",) if unfit else (),
    )


def _knows_header(table: LexborNode) -> bool:
    """Whether the table is the list as it is known: then no row is none."""
    return any("account" in squeeze(cell.text()).lower() for cell in table.css("th, td"))


def _next(
    tree: LexborHTMLParser,
    liens: Sequence[LienObserved],
    first: str,
    request: PageRequest,
    site: Site,
) -> PageRequest | None:
    """The page after this one. Where neither link nor full page promises one, this is the last."""
    number = whole(request.context.get("page")) or 1
    more = any(_NEXT.search(link.text()) for link in tree.css("a, button, input[type='button']"))
    if request.session is None or number >= walking.MOST_PAGES:
        return None
    if not (more or len(liens) >= walking.ROWS_A_PAGE):
        return None
    hidden = _hidden(tree)
    context = {**request.context, "before": first}
    return walking.page_request(site, number + 1, hidden, context)


def _hidden(tree: LexborHTMLParser) -> dict[str, str]:
    """Return the hidden fields of the form that turns the pages: it has the token SEC."""
    forms = tree.css("form")
    turning = [form for form in forms if form.css_first("input[name='page_number']") is not None]
    turning = turning or [form for form in forms if form.css_first("input[name='SEC']") is not None]
    fields: dict[str, str] = {}
    for node in turning[0].css("input[type='hidden'][name]") if turning else ():
        fields[node.attributes.get("name") or ""] = node.attributes.get("value") or ""
    return fields


def _certificates(
    rows: Sequence[Cells], status: ItemStatus, tax_year: int | None
) -> tuple[LienObserved, ...]:
    built = (certificate(row, status, tax_year) for row in rows)
    return tuple(one for one in built if one is not None)


def _tax_year(tree: LexborHTMLParser, request: PageRequest) -> int | None:
    """A sale is for the tax of the year before; the title names the sale's year."""
    title = tree.css_first("title")
    heading = tree.css_first("h1, h2")
    for node in (title, heading):
        if node is not None and (named := _YEAR.search(squeeze(node.text()))):
            return int(named[1]) - 1
    return whole(request.context.get("tax_year"))


def _csv(text: str, page: Page) -> Reading:
    found = rows_of_csv(text)
    if found is None:
        return Reading(verdict="unrecognised", reason="text that is no list")
    rows, unfit = found
    liens = _certificates(rows, "advertised", whole(page.request.context.get("tax_year")))
    if not liens:
        return Reading(verdict="empty", reason="the list has no row", promised=0)
    notes = (f"{unfit} rows do not fit the header",) if unfit else ()
    return Reading(liens=liens, promised=len(rows) + unfit, notes=notes)


def _held(tree: LexborHTMLParser, table: LexborNode, request: PageRequest, site: Site) -> Reading:
    """The page fetches its rows by script. Where it gives a token for that, so do we."""
    token = tree.css_first("meta[name='csrf_token']")
    value = token.attributes.get("content") if token is not None else None
    if value and request.session is not None:
        return Reading(follow=(walking.held_request(site, value, 0),))
    rows, unfit = rows_of_table(table)
    liens = _certificates(rows, "available", None)
    if not liens and (rows or unfit or request.session is not None):
        return Reading(verdict="unrecognised", reason="neither the script's token nor rows")
    if not liens:
        return Reading(verdict="empty", reason="the county holds no certificate", promised=0)
    return Reading(liens=liens, promised=len(rows) + unfit)


def _held_json(text: str, request: PageRequest, site: Site) -> Reading:
    try:
        answer: Any = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return Reading(verdict="truncated", reason="the JSON of the answer does not end")
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        return Reading(verdict="unrecognised", reason="JSON, but no rows of certificates")
    liens = _certificates(rows_of_json(data), "available", None)
    total = answer.get("recordsTotal")
    total = total if isinstance(total, int) else None
    start, token = whole(request.context.get("start")) or 0, request.context.get("token")
    end = start + len(data)
    if not liens and (data or total is None):
        return Reading(verdict="unrecognised", reason="rows that are no certificates")
    if not liens and not total:
        return Reading(verdict="empty", reason="the county holds no certificate", promised=0)
    more = data and token and total and end < total
    follow = (walking.held_request(site, token, end),) if more and token else ()
    expected = min(total - start, walking.HELD_AT_ONCE) if total is not None else len(data)
    return Reading(liens=liens, follow=follow, promised=max(expected, len(data)))


def _main_or_wall(tree: LexborHTMLParser, text: str, page: Page, site: Site) -> Reading:
    request, at = page.request, page.fetched_at
    unique = _list_id(tree)
    tax_year = _tax_year(tree, request)
    if unique:
        context = {"tax_year": str(tax_year)} if tax_year else {}
        return Reading(follow=(walking.list_request(site, unique, context),))
    title = tree.css_first("title")
    if is_challenge(text) or (title is not None and "forbidden" in title.text().lower()):
        return Reading(
            verdict="challenge", reason="a page that asks whether we are human, or says no"
        )
    if _SALE.search(text) and request.kind == "main" and not _names_a_list(tree):
        said = _LATER.search(squeeze(tree.body.text(separator=" "))) if tree.body else None
        if said or _out_of_season(at):
            return Reading(verdict="empty", reason="no list is advertised outside the season")
    if is_unavailable(text):
        return Reading(verdict="unavailable", reason="the server apologises")
    return Reading(verdict="unrecognised", reason="neither a list nor a sale's main page")


def _names_a_list(tree: LexborHTMLParser) -> bool:
    """Whether the page offers a list, though not under an address that is known here."""
    links = tree.css("a, button, input[type='button']")
    return any(_LIST_NAMED.search(squeeze(link.text())) for link in links)


def _out_of_season(at: datetime | None) -> bool:
    return at is not None and at.month not in _SEASON


def _list_id(tree: LexborHTMLParser) -> str | None:
    """Return the session's id from the link to the advertised list."""
    for link in tree.css("a[href*='advertised_list']"):
        href = unescape(link.attributes.get("href") or "")
        if found := _UNIQUE.search(href):
            return found[1]
    return None
