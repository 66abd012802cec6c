"""What a page of a Schneider site says: a report, a list of results, or that there is nothing."""

from __future__ import annotations

import re
from collections import defaultdict

from selectolax.lexbor import LexborHTMLParser, LexborNode

from taxlien.interfaces.scraper import LienObserved
from taxlien.services.scraper.logic.certificate_rows import liens_of
from taxlien.services.scraper.logic.gathering import Gathering
from taxlien.services.scraper.logic.nesting import is_bottomless
from taxlien.services.scraper.logic.pages import Page, PageRequest, Reading
from taxlien.services.scraper.logic.reading_cells import squeeze, words
from taxlien.services.scraper.logic.reading_pages import (
    is_challenge,
    is_truncated,
    is_unavailable,
)
from taxlien.services.scraper.logic.reading_tables import Grid, cell_text, document, grid_of
from taxlien.services.scraper.logic.sites import Site
from taxlien.services.scraper.logic.tax_rows import taxes_of
from taxlien.services.scraper.logic.transfer_rows import transfers_of

from .buildings import read_buildings
from .labelled import pairs
from .land import read_land
from .owners import read_owner
from .summary import read_summary
from .titles import Part, part_of
from .valuation import read_valuation
from .walking import MapConfig, map_config, next_record, report_of_link, reports_wanted

Modules = dict[Part | None, list[tuple[str, LexborNode]]]

_FIELDS_OF: dict[Part, tuple[str, ...]] = {
    "owner": ("owner_published",),
    "valuation": ("values",),
    "buildings": ("building_sqft", "year_built"),
    "sales": ("transfers",),
    "taxes": ("taxes",),
}
_ABSENT = {
    "owner_published": "no Owner module on the page",
    "values": "no Valuation module on the page",
    "building_sqft": "no Buildings module on the page",
    "year_built": "no Buildings module on the page",
    "transfers": "no Sales module on the page",
    "taxes": "no module of taxes on the page",
}
_MUCH = 500
_NOTHING = "no results match your search criteria"
_UPLOADED = re.compile(r"Last Data Upload:\s*([\d/]{6,10}(?:,?\s*[\d:]{4,8}\s*[AP]M)?)")
_AGREE = re.compile(r"terms|disclaimer|agree", re.IGNORECASE)


def read_page(page: Page, site: Site) -> Reading:
    """Say what the page says."""
    if is_truncated(page.text):
        return Reading(verdict="truncated", reason="the document has no end")
    if is_bottomless(page.text):
        return Reading(verdict="unrecognised", reason="more open elements than any page has")
    config = map_config(page.text)
    tree = document(page.text)
    modules = modules_of(tree, site)
    if modules.keys() - {None} and config.page_type not in {"2", "3"}:
        wrong = _not_the_page_asked_for(page, config, site)
        return wrong or _read_report(page, tree, modules, config, site)
    return _read_other(page, tree, config, site)


def modules_of(tree: LexborHTMLParser, site: Site) -> Modules:
    """Return the page's modules by what their titles make them; the number in their ids means nothing."""
    found: Modules = defaultdict(list)
    for section in tree.css("section[id$=_mSection]"):
        title = section.css_first("header .title")
        if title is not None and (name := cell_text(title)):
            found[part_of(name, site)].append((name, section))
    return found


def _not_the_page_asked_for(page: Page, config: MapConfig, site: Site) -> Reading | None:
    """A report of another site or parcel is not read: what it says is true, but not of what was asked."""
    context = page.request.context
    if "saved_as" in context:
        return None
    app_id = site.ids.get("app_id")
    if app_id and config.app_id and config.app_id != app_id:
        return Reading(verdict="unrecognised", reason=f"a page of application {config.app_id}")
    asked = squeeze(context.get("key_value")).upper()
    if asked and config.key_value and squeeze(config.key_value).upper() != asked:
        return Reading(verdict="no_session", reason="the report of another parcel than asked for")
    return None


def _read_report(
    page: Page, tree: LexborHTMLParser, modules: Modules, config: MapConfig, site: Site
) -> Reading:
    into = Gathering()
    for title, module in modules["summary"]:
        read_summary(module, title, site, into)
    if "parcel_id" not in into.found:
        _read_untitled_summary(modules, site, into)
    for title, module in modules["owner"]:
        read_owner(module, title, into)
    notes = [remark for t, m in modules["valuation"] for remark in read_valuation(m, t, into)]
    for title, module in modules["land"]:
        read_land(module, title, into)
    if modules["buildings"]:
        read_buildings(modules["buildings"], into)
    notes += _read_grids(modules, into)
    empty = modules_without_data(tree)
    _note_absent(empty, modules, into, site)
    named = "parcel_id" in into.found
    parcel_id, origin = _parcel_id(page, config, into)
    liens = _liens(modules, parcel_id or "")
    if not named and not into.has_anything() and not liens:
        if not empty:
            return Reading(verdict="unrecognised", reason="no data, and no word that there is none")
        return Reading(verdict="not_found", reason="a report without any data")
    if parcel_id is None:
        return Reading(verdict="unrecognised", reason="a report that names no parcel")
    if empty:
        notes.append(f"no data: {', '.join(empty)}")
    if (uploaded := _UPLOADED.search(page.text)) is not None:
        notes.append(f"data uploaded {squeeze(uploaded[1])}")
    return Reading(
        parcels=(into.parcel(parcel_id, origin, "not on this page"),),
        liens=tuple(liens),
        follow=next_record(page, tree, config),
        notes=tuple(notes),
    )


def _read_untitled_summary(modules: Modules, site: Site, into: Gathering) -> None:
    """Some counties' summary has a title of its own: it is the module with a row of the parcel's number."""
    for title, module in modules[None]:
        if any(words(label) in {"parcel id", "parcel number", "pin"} for label, _ in pairs(module)):
            read_summary(module, title, site, into)
            return


def _parcel_id(page: Page, config: MapConfig, into: Gathering) -> tuple[str | None, str]:
    """Return the parcel's number: the summary's, else the page's key, else the one that was asked for."""
    found = into.found.pop("parcel_id", None)
    if found is not None:
        return str(found), into.origins.pop("parcel_id")
    if config.key_value:
        return config.key_value, "mapConfig: KeyValue"
    context = page.request.context
    asked = context.get("key_value") or context.get("saved_as")
    return asked or None, "the page names none; it was asked for by this number"


def _grids(module: LexborNode) -> list[Grid]:
    return [grid for table in module.css("table") if (grid := grid_of(table)) is not None]


def _read_grids(modules: Modules, into: Gathering) -> list[str]:
    """Read sales and tax bills. Returns remarks on rows that had to be left out."""
    remarks = []
    for title, module in modules["sales"]:
        for grid in _grids(module):
            sales, unfit = transfers_of(grid)
            into.add_transfers(sales, f"{title}: by row")
            if unfit:
                remarks.append(f"{title}: {unfit} rows do not fit the header and were left out")
        into.miss("transfers", f"{title} lists no sale that could be read")
    for title, module in modules["taxes"]:
        for grid in _grids(module):
            into.add_taxes(taxes_of(grid), f"{title}: by row")
        into.miss("taxes", f"{title} lists no bill that could be read")
    return remarks


def _liens(modules: Modules, parcel_id: str) -> list[LienObserved]:
    return [
        lien
        for title, module in modules["certificates"]
        for grid in _grids(module)
        for lien in liens_of(grid, parcel_id, title)
    ]


def modules_without_data(tree: LexborHTMLParser) -> list[str]:
    """Return the titles of the modules that the site says it has no data for."""
    listed = tree.css_first("[id$=_pnlNoDataForModules]") or tree.css_first(".nodata-modulelist")
    if listed is None:
        return []
    names = cell_text(listed).partition(":")[2].rstrip(". ")
    return [name for piece in names.split(",") if (name := squeeze(piece))]


def _note_absent(empty: list[str], modules: Modules, into: Gathering, site: Site) -> None:
    for title in empty:
        part = part_of(title, site)
        if part is not None and not modules[part]:
            for field in _FIELDS_OF.get(part, ()):
                into.miss(field, f"the site says it has no data for {title}")
    for field, reason in _ABSENT.items():
        into.miss(field, reason)


def _knows_nothing(tree: LexborHTMLParser, site: Site) -> bool:
    """Whether the site says itself that it has not even a summary. Other modules it lacks of any parcel."""
    return any(part_of(title, site) == "summary" for title in modules_without_data(tree))


def _read_other(page: Page, tree: LexborHTMLParser, config: MapConfig, site: Site) -> Reading:
    """A page without a report: results, an honest nothing, or something that has to be told apart."""
    follow = _results(tree)
    if follow:
        return Reading(follow=follow, notes=(f"{len(follow)} results",))
    if _NOTHING in page.text.lower():
        if page.request.kind == "report":
            return Reading(verdict="not_found", reason="the site knows no such parcel")
        return Reading(verdict="empty", reason="no results match the search")
    wanted = reports_wanted(page, config)
    if wanted:
        return Reading(follow=wanted)
    if config.app_id is None and is_challenge(page.text):
        return Reading(verdict="challenge", reason="the site asks whether we are human")
    if config.page_type == "4" and _knows_nothing(tree, site):
        return Reading(verdict="not_found", reason="a report without any module")
    if _wants_agreement(tree) and not _says_much(tree):
        return Reading(verdict="no_session", reason="the site's terms were not agreed to")
    if is_unavailable(page.text):
        return Reading(verdict="unavailable", reason="the server apologises")
    searches = tree.css_first("[id$=_btnSearch], [id*=_txtParcelID]") is not None
    if config.page_type == "2" and searches and page.request.kind == "report":
        return Reading(verdict="not_found", reason="the site answers with its search page")
    return Reading(verdict="unrecognised", reason="no module, no result, and no word why")


def _results(tree: LexborHTMLParser) -> tuple[PageRequest, ...]:
    links = tree.css("a[id*=lnkParcelID]") or tree.css("table[id*=gvwParcelResults] a[href]")
    requests = [report_of_link(link.attributes.get("href") or "") for link in links]
    return tuple({r.key: r for r in requests if r is not None}.values())


def _says_much(tree: LexborHTMLParser) -> bool:
    """Whether there is a whole page under the terms: agreeing to them would show no more of it."""
    main = tree.css_first("main")
    return main is not None and len(cell_text(main)) > _MUCH


def _wants_agreement(tree: LexborHTMLParser) -> bool:
    modal = tree.css_first("div.modal.in, div.modal.show, #divDisclaimer, div.modal")
    return modal is not None and _AGREE.search(cell_text(modal)) is not None
