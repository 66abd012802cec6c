"""What a page of RealAuction's sale sites says. The page decides what it is, the request what it lacks."""

from __future__ import annotations

import msgspec
from selectolax.lexbor import LexborHTMLParser

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.reading_cells import day, whole
from taxlien.services.scraper.logic.reading_pages import is_challenge, is_truncated, is_unavailable
from taxlien.services.scraper.logic.reading_tables import document
from taxlien.services.scraper.logic.sites import Site

from . import walking
from .days import DayPage, day_page, sale_days, says_more, shows_another_month
from .envelopes import Envelope, opened
from .items import ItemsFound, ended_as, items_of, same_items
from .outcomes import Outcome, outcomes_of


def read(page: Page, site: Site) -> Reading:
    """Say what ``page`` says. Raises nothing: see ``Reading.verdict``."""
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="nested deeper than any page")
    envelope = opened(page.text)
    if envelope.broken:
        return Reading(verdict="truncated", reason="the JSON of the answer does not end")
    if envelope.statuses is not None:
        return _another("statuses", page) or _statuses(envelope, page)
    if envelope.foreign:
        return Reading(verdict="unrecognised", reason="JSON, but neither items nor statuses")
    if "AITEM_" in envelope.html:
        return _another("items", page) or _items(envelope, page, site)
    if envelope.ids is not None:
        if envelope.html.strip():
            return Reading(verdict="unrecognised", reason="markup in which no item is known")
        return _another("items", page) or _no_items(envelope, page)
    return _calendar_or_day(envelope.html, page, site)


def _items(envelope: Envelope, page: Page, site: Site) -> Reading:
    context = page.request.context
    found = items_of(envelope.html, context, site)
    notes = list(found.notes)
    if envelope.unknown_tokens:
        notes.append(f"unknown tokens: {', '.join(envelope.unknown_tokens)}")
    promised = len(set(envelope.ids)) if envelope.ids is not None else None
    if found.cut:
        return Reading(
            verdict="truncated",
            reason="the last item is cut off",
            liens=found.liens,
            promised=promised,
            notes=tuple(notes),
        )
    if not found.liens:
        return Reading(verdict="unrecognised", reason="a mark of items, but no item")
    if same_items(found.ids, context):
        return _clamped(page.request, found)
    return Reading(
        liens=found.liens,
        follow=_after_items(page.request, found),
        promised=promised,
        notes=tuple(notes),
    )


def _clamped(request: PageRequest, found: ItemsFound) -> Reading:
    """A page that repeats the one before: the end, unless the day's page promised this one."""
    context = request.context
    if (whole(context.get("pages")) or 0) >= (whole(context.get("page")) or 1):
        return Reading(verdict="no_session", reason="the site gave the page before once more")
    return Reading(verdict="empty", reason="past the last page", notes=found.notes)


def _after_items(request: PageRequest, found: ItemsFound) -> tuple[PageRequest, ...]:
    if request.session is None:
        return ()
    follow: list[PageRequest | None] = [walking.next_page(request.context, found.ids)]
    if request.context.get("area") == "C":
        follow.append(walking.statuses_request(request.context, found.liens))
    return tuple(one for one in follow if one is not None)


def _no_items(envelope: Envelope, page: Page) -> Reading:
    """Tell a true empty from the silent zero of a call without its session."""
    request = page.request
    if envelope.ids:
        reason = "the answer lists items and shows none"
        return Reading(verdict="no_session", reason=reason, promised=len(set(envelope.ids)))
    if request.session is None or not request.steps:
        return Reading(verdict="no_session", reason="empty, and no day was bound to the session")
    if missed := _why_not_empty(request.context):
        return Reading(verdict="no_session", reason=missed)
    return Reading(verdict="empty", reason="no item stands in this area")


def _why_not_empty(context: dict[str, str]) -> str | None:
    if (whole(context.get("pages")) or 0) > 1:
        return f"empty, where the day's page counts {context['pages']} pages"
    on, today = day(context.get("auction_date")), day(context.get("today"))
    waiting = context.get("area") == "W" and on is not None and today is not None and on > today
    if waiting and (whole(context.get("active")) or 0) > 0 and context.get("listed") != "0":
        return f"empty, where the calendar counts {context['active']} active items"
    return None


def _statuses(envelope: Envelope, page: Page) -> Reading:
    ends = outcomes_of(envelope.statuses or {})
    items = _items_along(page.request)
    if not items and not ends:
        return Reading(verdict="empty", reason="the answer says nothing of any item")
    if not items:
        return Reading(
            liens=tuple(_alone(number, end, page.request) for number, end in ends.items())
        )
    known = {lien.item_id: lien for lien in items}
    silent = sum(1 for number in known if ends.get(number or "") is None)
    return Reading(
        liens=tuple(ended_as(lien, ends.get(number or "")) for number, lien in known.items()),
        notes=(f"no status yet of {silent} of {len(known)} items",) if silent else (),
    )


def _items_along(request: PageRequest) -> list[LienObserved]:
    try:
        return msgspec.json.decode(request.context.get("items", "[]"), type=list[LienObserved])
    except (msgspec.DecodeError, msgspec.ValidationError):
        return []


def _alone(number: str, end: Outcome | None, request: PageRequest) -> LienObserved:
    """An item of which only the status answer is there, as in a saved file."""
    on = (end.on if end else None) or day(request.context.get("auction_date"))
    lien = LienObserved(
        kind="foreclosure",
        status="closed",
        parcel_id=None,
        item_id=number,
        sale_date=on,
        missing={
            "parcel_id": "a status answer names items by number only",
            "kind": "a status answer does not say what is sold: foreclosure stands for any debt",
        }
        | ({} if on else {"sale_date": "neither the answer nor the request names the day"}),
    )
    return ended_as(lien, end)


def _another(shown: str, page: Page) -> Reading | None:
    """Refuse a page of another kind than was asked for, as a site sends that forgot who asks.

    What a saved file is nobody asked: its name may mislead.
    """
    asked = page.request.kind
    if asked == shown or page.request.key.startswith("file/"):
        return None
    return Reading(verdict="no_session", reason=f"the site gave its {shown} page, not {asked}")


def _calendar_or_day(html: str, page: Page, site: Site) -> Reading:
    if not html.strip():
        return Reading(verdict="truncated", reason="an empty answer")
    if is_truncated(html):
        return Reading(verdict="truncated", reason="the page does not end")
    tree = document(html)
    if tree.css_first(".CALBOX") is not None:
        return _another("calendar", page) or _calendar(tree, page, site)
    seen = day_page(tree)
    if seen is not None:
        return _another("day", page) or _day(page, seen)
    if is_challenge(html):
        return Reading(
            verdict="challenge", reason="a page that asks whether we are human, or says no"
        )
    if is_unavailable(html):
        return Reading(verdict="unavailable", reason="the server apologises")
    return Reading(verdict="unrecognised", reason="neither a calendar, a sale day nor items")


def _calendar(tree: LexborHTMLParser, page: Page, site: Site) -> Reading:
    month = page.request.context.get("month")
    if shows_another_month(tree, month):
        reason = f"the site shows another month than {month}"
        return Reading(verdict="no_session", reason=reason)
    sales = sale_days(tree, site)
    if not sales and says_more(tree):
        return Reading(verdict="unrecognised", reason="days with items, and none is read as one")
    if not sales:
        return Reading(verdict="empty", reason="no sale in this month")
    today = day(page.request.context.get("today"))
    return Reading(sales=sales, follow=tuple(walking.days_to_visit(sales, site, today)))


def _day(page: Page, seen: DayPage) -> Reading:
    """The day's page has no item itself: it counts pages, and says which day the session is at."""
    context = page.request.context
    asked = day(context.get("auction_date"))
    if asked and seen.shown and seen.shown != asked:
        reason = f"the site shows {seen.shown}, not the day asked for"
        return Reading(verdict="no_session", reason=reason)
    on = asked or seen.shown
    if on is None:
        return Reading(verdict="unrecognised", reason="a sale day's page that names no day")
    return Reading(follow=tuple(walking.areas_of_day(seen, on, context)))
