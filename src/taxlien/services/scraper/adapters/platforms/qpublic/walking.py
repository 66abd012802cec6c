"""Which pages of a Schneider site are asked for, and what leads from one to the next.

A site's ``ids`` are ``app_id``, ``layer_id``, ``report_page_id``, ``search_page_id`` (or ``app``, the name
in the address). Its ``start`` may name ``first_key``, the parcel a walk begins with (or several
``first_keys``), and ``walk: next`` to follow the link to the next record from there. Otherwise a run looks
up the parcels of its scope.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading, Scope
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.logic.starting import keys_to_start

_NEXT = "ToolBar1$btnNextRecord"
_REMARKS = re.compile(r"^(?:[a-z]+_)+|(?:_[a-z]+)+$")
_NUMBERS = {
    name: re.compile(rf'"{key}":(\d+)')
    for name, key in (("app_id", "AppId"), ("layer_id", "LayerId"), ("page_type", "PageTypeId"))
}
_KEY_VALUE = re.compile(r'"KeyValue":"((?:[^"\\]|\\.){0,200})"')
_REPORT_TAB = re.compile(r'\{"Name":"[^"]*","PageId":(\d+),"PageTypeId":4\b')
_MAX_KEYS = 2_000
_AFTER = "after "


class MapConfig(msgspec.Struct, frozen=True):
    """What the page's script says of itself: which site, which kind of page, which record."""

    app_id: str | None = None
    layer_id: str | None = None
    page_type: str | None = None
    key_value: str | None = None
    report_page_id: str | None = None


def map_config(text: str) -> MapConfig:
    """Read the few values needed of ``var mapConfig = {...}``, without reading its many layers."""
    begin = text.find("mapConfig")
    begin = text.find("{", begin) if begin >= 0 else -1
    if begin < 0:
        return MapConfig()
    head = text[begin : begin + 6_000]
    numbers = {name: m[1] for name, known in _NUMBERS.items() if (m := known.search(head))}
    key = _KEY_VALUE.search(head)
    tab = _REPORT_TAB.search(head)
    return MapConfig(
        **numbers,
        key_value=_unescaped(key[1]) if key else None,
        report_page_id=tab[1] if tab else None,
    )


def _unescaped(text: str) -> str | None:
    try:
        return msgspec.json.decode(f'"{text}"', type=str)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None


def start(site: Site, scope: Scope) -> Sequence[PageRequest]:
    """Return the reports of the scope's parcels, or the record the site's walk begins with."""
    walk = str(site.start.get("walk", ""))
    keys = keys_to_start(site, scope)
    if not keys:
        return []
    if "app_id" not in site.ids or "layer_id" not in site.ids or "report_page_id" not in site.ids:
        return [_search_by_name(site, keys)] if site.ids.keys() & {"app", "app_id"} else []
    config = MapConfig(
        app_id=site.ids["app_id"],
        layer_id=site.ids["layer_id"],
        report_page_id=site.ids["report_page_id"],
    )
    follows = {} if scope.parcels or not walk else {"walk": walk}
    return [report(config, key, follows) for key in keys]


def begins_elsewhere(page: Page, reading: Reading, site: Site) -> bool:
    """Tell whether a walk came to the record that another walk of the site begins with."""
    if not page.request.key.startswith(_AFTER):
        return False
    firsts = site.start.get("first_keys") or ()
    return any(parcel.parcel_id in firsts for parcel in reading.parcels)


def report(config: MapConfig, key: str, context: dict[str, str] | None = None) -> PageRequest:
    """Return the request for one parcel's report. ``Q`` is left out: any value of it works."""
    query = {
        "AppID": config.app_id or "",
        "LayerID": config.layer_id or "",
        "PageTypeID": "4",
        "PageID": config.report_page_id or "",
        "KeyValue": key,
    }
    return PageRequest(
        key=f"report {key}",
        kind="report",
        path=f"/Application.aspx?{urlencode(query)}",
        context={"key_value": key, **(context or {})},
    )


def address_of(page: Page) -> str | None:
    """Return the path of the record that a page shows, whatever was sent to get it."""
    config = map_config(page.text)
    if not (config.app_id and config.layer_id and config.report_page_id and config.key_value):
        return None
    return report(config, config.key_value).path


def _search_by_name(site: Site, keys: Sequence[str]) -> PageRequest:
    """The search page tells the numbers that the address of a report needs."""
    name = {"App": site.ids["app"]} if "app" in site.ids else {"AppID": site.ids["app_id"]}
    return PageRequest(
        key="search",
        kind="search",
        path=f"/Application.aspx?{urlencode({**name, 'PageType': 'Search'})}",
        context={"keys": "\n".join(keys[:_MAX_KEYS])},
    )


def reports_wanted(page: Page, config: MapConfig) -> tuple[PageRequest, ...]:
    """Return the reports that a search page was fetched for, now that their address is known."""
    wanted = [key for key in page.request.context.get("keys", "").split("\n") if key]
    if not config.app_id or not config.layer_id or not config.report_page_id:
        return ()
    return tuple(report(config, key) for key in wanted)


def key_of_link(href: str) -> str | None:
    """Return the ``KeyValue`` of a link to a report."""
    try:
        query = dict(parse_qsl(urlsplit(href).query))
    except ValueError:
        return None
    return query.get("KeyValue") if query.get("PageTypeID") == "4" else None


def report_of_link(href: str, context: dict[str, str] | None = None) -> PageRequest | None:
    """Return the request a link to a report stands for."""
    key = key_of_link(href)
    if key is None:
        return None
    query = dict(parse_qsl(urlsplit(href).query))
    config = MapConfig(query.get("AppID"), query.get("LayerID"), "4", None, query.get("PageID"))
    return report(config, key, context)


def next_record(page: Page, tree: LexborHTMLParser, config: MapConfig) -> tuple[PageRequest, ...]:
    """Return the next record of a walk: by its link, or by the form's own post where there is none."""
    if page.request.context.get("walk") != "next" or not config.key_value:
        return ()
    link = tree.css_first("#ToolBar1_btnNextRecord")
    href = (link.attributes.get("href") or "") if link is not None else ""
    context = {"walk": "next"}
    linked = report_of_link(href, context)
    if linked is not None:
        return (linked,) if linked.context["key_value"] != config.key_value else ()
    if _NEXT not in href:
        return ()
    hidden = {
        name: field.attributes.get("value") or ""
        for field in tree.css("input[type=hidden][name^=__]")
        if (name := field.attributes.get("name"))
    }
    path = report(config, config.key_value).path
    return (
        PageRequest(
            key=f"{_AFTER}{config.key_value}",
            kind="report",
            path=path,
            method="POST",
            form={**hidden, "__EVENTTARGET": _NEXT, "__EVENTARGUMENT": ""},
            context=context,
        ),
    )


def page_of_file(name: str, site: Site) -> PageRequest:
    """Return the request of a saved page. Its name is a hint at the parcel, never held against the page."""
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return PageRequest(
        key=f"file {stem}", kind="report", path="/", context={"saved_as": _REMARKS.sub("", stem)}
    )
