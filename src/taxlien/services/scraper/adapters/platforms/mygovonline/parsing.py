"""mygovonline as a platform: the tax bills of an account as JSON, with the certificates sold for them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.reading_pages import is_challenge, is_unavailable
from taxlien.services.scraper.logic.settling import Settling
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.logic.starting import keys_to_start

from .bills import Account, accounts, read_account

_REMARKS = re.compile(r"^(?:[a-z]+_)+|(?:_[a-z]+)+$")


class MyGovOnline:
    """Tax collectors on mygovonline.com."""

    name = "mygovonline"
    parser_version = "1"
    settling = Settling()

    def start(self, site: Site, scope: Scope) -> Sequence[PageRequest]:
        """Return the bills of each account wanted: the site gives no list of them."""
        return [_bills_of(account) for account in keys_to_start(site, scope)]

    def read(self, page: Page, site: Site) -> Reading:
        """Say what ``page`` says."""
        return read_page(page, site)

    def page_of_file(self, name: str, site: Site) -> PageRequest:
        """Return the request of a page saved as ``name``; the name is never held against the page."""
        stem = name.rsplit("/", 1)[-1].split(".", 1)[0]
        return PageRequest(
            key=f"file {stem}", kind="bills", path="/", context={"saved_as": _REMARKS.sub("", stem)}
        )


def _bills_of(account: str) -> PageRequest:
    query = {"mod": "propertytax", "mode": "public_lookup", "action": "lookup", "account": account}
    return PageRequest(
        key=f"account {account}",
        kind="bills",
        path=f"/mod.php?{urlencode(query)}",
        headers={"accept": "application/json"},
        context={"account": account},
    )


def read_page(page: Page, site: Site) -> Reading:
    """Say what the answer says."""
    text = page.text.lstrip("\ufeff \t\r\n")
    if not text.startswith("{"):
        return _no_json(page)
    try:
        answer: Any = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        ends = error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg
        return Reading(
            verdict="truncated" if ends else "unrecognised", reason="the answer is not whole JSON"
        )
    except (ValueError, RecursionError):
        return Reading(verdict="unrecognised", reason="the answer is not JSON that can be read")
    found = accounts(answer)
    if found is None:
        return Reading(verdict="unrecognised", reason="the answer has no list of bills")
    if not found:
        return Reading(verdict="not_found", reason="the answer lists no bill")
    return _of_accounts(page, found)


def _of_accounts(page: Page, found: list[Account]) -> Reading:
    asked = page.request.context.get("account")
    if asked and all(account.number != asked for account in found):
        return Reading(verdict="no_session", reason="the bills of another account than asked for")
    read = [read_account(account) for account in found]
    return Reading(
        parcels=tuple(parcel for parcel, _, _ in read),
        liens=tuple(lien for _, liens, _ in read for lien in liens),
        notes=tuple(note for _, _, notes in read for note in notes),
    )


def _no_json(page: Page) -> Reading:
    if is_challenge(page.text):
        return Reading(verdict="challenge", reason="the site asks whether we are human")
    if is_unavailable(page.text):
        return Reading(verdict="unavailable", reason="the server apologises")
    return Reading(verdict="unrecognised", reason="the answer is not JSON")
