"""qPublic and Beacon (Schneider Geospatial): parcel reports, a search, a modal with terms.

Beacon is the same application under another title: no page of a Beacon host was there to compare with.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from taxlien.interfaces.scraper import ParcelObserved
from taxlien.run.simulator.plays.freshness import CLOCK, NUMBER, STATE, TICKS, TOKEN, freshened
from taxlien.run.simulator.plays.play import HostCard, safe
from taxlien.run.simulator.plays.schneider_modules import Record, modules_of
from taxlien.run.simulator.plays.schneider_styles import Style, style_of
from taxlien.run.simulator.plays.schneider_truth import observed
from taxlien.run.simulator.serving.messages import Answer, Request, not_found, page, redirect
from taxlien.run.simulator.world.parcels import Parcel
from taxlien.run.simulator.world.world import World

CHAINS = 64
_MAP, _SEARCH, _RESULTS, _REPORT = "1", "2", "3", "4"
_EMPTY_MODULES = ("Condos", "Permits", "Sketch")
_NEXT, _PREVIOUS = "ToolBar1$btnNextRecord", "ToolBar1$btnPrevRecord"
_AGREED = "TermsAgreed"


class SchneiderPlay:
    """One county's application."""

    def __init__(self, card: HostCard) -> None:
        self.card = card
        self.style: Style = style_of(card.county.state, card.county.style)
        self.app_id = 900 + card.county.index
        self.layer_id = 15_000 + 7 * card.county.index
        self.page_ids = {kind: 7_000 + 10 * card.county.index + int(kind) for kind in "1234"}
        self._frame = _framed(card, self)

    def respond(self, request: Request, world: World) -> Answer:
        """Answer: a report, the search, or what an unknown record gives."""
        if request.path.lower() != "/application.aspx":
            return not_found()
        asked = request.parameters
        kind = asked.get("pagetypeid") or {"search": _SEARCH}.get(
            asked.get("pagetype", "").lower(), _REPORT if asked.get("keyvalue") else _SEARCH
        )
        if kind == _REPORT:
            return self._report(request, world, asked.get("keyvalue", ""))
        return self._search(request, world)

    def site(self, world: World) -> dict[str, Any]:
        """Where a run begins: records spread evenly, from which the next ones follow."""
        each = world.each
        firsts = sorted({each * n // CHAINS for n in range(CHAINS)})
        keys = [world.parcel_id(self.card.county, n) for n in firsts]
        required = {"parcel_id": 1.0, "values": 0.99, "legal_description": 0.99}
        return {
            "expected": {"min_records": each, "max_records": each, "required": required},
            "ids": {
                "app_id": str(self.app_id),
                "layer_id": str(self.layer_id),
                "report_page_id": str(self.page_ids[_REPORT]),
                "search_page_id": str(self.page_ids[_SEARCH]),
            },
            "start": {"first_keys": keys, "walk": "next"},
        }

    def truth(self, key: str, world: World) -> ParcelObserved | None:
        """The parcel of that id."""
        held = world.parcel_named(self.card.county, key)
        return observed(self._record(held, world)) if held else None

    def _record(self, held: Parcel, world: World) -> Record:
        county = self.card.county
        return Record(
            county,
            self.style,
            held,
            world.rolls(county, held),
            world.bills(county, held),
            world.transfers(county, held),
            world.millage(county),
        )

    def address(self, kind: str, key: str | None = None) -> str:
        """A link as the application writes it. ``Q`` is a mark: another number in every answer."""
        fields = {
            "AppID": self.app_id,
            "LayerID": self.layer_id,
            "PageTypeID": kind,
            "PageID": self.page_ids[kind],
        }
        tail = f"&KeyValue={quote(key)}" if key else ""
        return f"/Application.aspx?{urlencode(fields)}&Q={NUMBER}{tail}"

    def _report(self, request: Request, world: World, key: str) -> Answer:
        held = world.parcel_named(self.card.county, key)
        if held is None:
            return self._written(
                request, "Report", key, _nothing("No results match your search criteria.")
            )
        step = {_NEXT: 1, _PREVIOUS: -1}.get(
            request.form.get("__EVENTTARGET", "") if request.method == "POST" else "", 0
        )
        if step:
            held = world.parcel(self.card.county, (held.number + step) % world.each)
            if self.card.county.style % 2:
                return self._sent_on(held.parcel_id)
        body = self._modules(self._record(held, world))
        return self._written(request, f"Report: {held.parcel_id}", held.parcel_id, body)

    def _modules(self, record: Record) -> str:
        number, written, empty = self.style.first, [], list(_EMPTY_MODULES)
        for title, module in modules_of(self.style):
            while number in self.style.skips:
                number += 1
            pane = f"ctlBodyPane_ctl{number:02d}"
            body = module(record, pane)
            if body:
                link = safe(self.address(_REPORT, record.parcel.parcel_id))
                written.append(_section(pane, title, body, number, link))
            else:
                empty.insert(0, title)
            number += 1
        return "".join(written) + _NO_DATA.format(", ".join(empty))

    def _search(self, request: Request, world: World) -> Answer:
        """The search page; sent with a parcel id it leads to the report, as a single hit does."""
        if request.method == "POST":
            wanted = next((v for k, v in request.form.items() if k.endswith("txtParcelID")), "")
            if world.parcel_named(self.card.county, wanted.strip()):
                return self._sent_on(wanted.strip())
            nothing = _nothing("No results match your search criteria")
            return self._written(request, "Search Results", "", nothing)
        return self._written(request, "Search", "", _SEARCH_FORM)

    def _sent_on(self, key: str) -> Answer:
        return redirect(f"/{self.card.host}{freshened(self.address(_REPORT, key))}")

    def _written(self, request: Request, title: str, key: str, body: str) -> Answer:
        before, middle, after = self._frame
        kind = _REPORT if title.startswith("Report") else _SEARCH
        agreed = request.cookie(_AGREED) or self.card.county.style % 2
        headers = [] if agreed else [("Set-Cookie", f"{_AGREED}=1; path=/{self.card.host}")]
        text = "".join(
            (
                before.replace("{title}", safe(title)),
                _FORM.replace("{action}", safe(f"./Application.aspx?{request.query}")),
                middle.replace("{config}", self._config(kind, key)),
                body,
                after if agreed else after.replace("</body>", _TERMS + "</body>"),
            )
        )
        return page(freshened(text), headers=headers)

    def _config(self, kind: str, key: str) -> str:
        names = {_MAP: "Map", _SEARCH: "Search", _RESULTS: "Results", _REPORT: "Report"}
        config = {
            "AppId": self.app_id,
            "LayerId": self.layer_id,
            "PageId": self.page_ids[kind],
            "PageTypeId": int(kind),
            "KeyValue": key or None,
            "Tabs": [
                {"Name": name, "PageId": self.page_ids[k], "PageTypeId": int(k), "nk": k == _REPORT}
                for k, name in names.items()
            ],
            "ResultCount": 1 if key else 0,
            "Links": [],
            "DefaultReportUrl": f"{self.address(_REPORT)}&KeyValue={{0}}",
            "LayerView": [{"LayerId": self.layer_id, "LayerName": "Parcels", "Visible": True}],
        }
        return msgspec.json.encode(config).decode()


def _framed(card: HostCard, play: SchneiderPlay) -> tuple[str, str, str]:
    """What stands around the modules: the same for every page of the county."""
    brand = "Beacon" if card.platform == "beacon" else "qPublic.net"
    county = f"{card.county.full_name},  {card.county.state}"
    tabs = "".join(
        f'<li><a href="{safe(play.address(kind))}">{name}</a></li>'
        for kind, name in ((_MAP, "Map"), (_SEARCH, "Search"), (_RESULTS, "Results"))
    )
    before = _BEFORE.replace("{brand}", brand).replace("{county}", county)
    after = _AFTER.replace("{county}", county)
    return before, _MIDDLE.replace("{tabs}", tabs), after


def _section(pane: str, title: str, body: str, number: int, link: str) -> str:
    return (
        f'<section id="{pane}_mSection" class="avoid-page-break">\n    <header id="{pane}_divHeader" '
        f'class="module-header" moduleid="{22364 + number}" defaultvisibility="True">\n        <a href="'
        f'{link}" id="{pane}_btnHeaderToggle" aria-expanded="true" class="toggle-collapse">\n            '
        f'<span id="{pane}_btnToggleVis" class="toggle-collapse-icon icon icon-minus-squared-alt"></span>\n'
        f'            <div id="{pane}_lblName" class="title" role="heading" aria-level="2">{title}</div>\n'
        f'        </a>\n    </header>\n\n    <div class="module-content">\n\t{body}\n\n</div>\n</section>\n'
    )


def _nothing(words: str) -> str:
    return f'<div id="ctlBodyPane_noDataList_pnlNoResults" class="nodata-modulelist">{words}</div>'


_NO_DATA = (
    '<div id="ctlBodyPane_noDataList_pnlNoDataForModules" class="nodata-modulelist">\n\t\n    <strong>No '
    "data available for the following modules:</strong>\n    {}.\n\n</div>\n"
)
_SEARCH_FORM = "".join(
    f'<section id="ctlBodyPane_ctl{n:02d}_mSection"><header class="module-header"><div id="ctlBodyPane_'
    f'ctl{n:02d}_lblName" class="title">Search by {name}</div></header><div class="module-content"><input '
    f'name="ctlBodyPane$ctl{n:02d}$ctl01$txt{field}" type="text" id="ctlBodyPane_ctl{n:02d}_ctl01_txt'
    f'{field}" class="form-control"><a id="ctlBodyPane_ctl{n:02d}_ctl01_btnSearch" href="javascript:'
    f"__doPostBack('ctlBodyPane$ctl{n:02d}$ctl01$btnSearch','')\">Search</a></div></section>\n"
    for n, (name, field) in enumerate(
        (("Name", "Name"), ("Location Address", "Address"), ("Parcel Number", "ParcelID"))
    )
)
_TERMS = (
    '<div class="modal in" role="dialog" style="display:block;"><div class="modal-dialog"><div class='
    '"modal-content"><div class="modal-header"><h3>Terms and Conditions</h3></div><div class="modal-body">'
    "<p>The data is synthetic. There is no warranty that any of it means anything.</p></div><div class="
    '"modal-footer"><a class="btn btn-primary button-1" data-dismiss="modal">Agree</a><a class="btn '
    'btn-default button-2">Disagree</a></div></div></div></div>\n'
)
_BEFORE = """<!DOCTYPE html>
<html lang="en">
<head><meta http-equiv="X-UA-Compatible" content="IE=edge,chrome=1">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<meta name="keywords" content="local,government,courthouse,beacon,real estate,gis,maps">
<meta name="application-name" content=" Beacon Home ">
<link href="/cdn/00000000/css/core.min.css" rel="stylesheet">
<script src="/cdn/00000000/js/core.min.js"></script>
<script>
    Beacon.PageInitialization();
</script>
<title>
\t{brand} - {county} - {title}
</title></head>
<body id="appBody" class="body-background print-layout-1">
"""
_FORM = f"""<form method="post" action="{{action}}" id="Form1">
<div class="aspNetHidden">
<input type="hidden" name="__EVENTTARGET" id="__EVENTTARGET" value="">
<input type="hidden" name="__EVENTARGUMENT" id="__EVENTARGUMENT" value="">
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="{STATE}">
</div>
<div class="aspNetHidden">
<input type="hidden" name="__VIEWSTATEGENERATOR" id="__VIEWSTATEGENERATOR" value="569DB96F">
</div>
"""
_MIDDLE = """<script type="text/javascript">
//<![CDATA[
var mapConfig = {config};Beacon.API.Initialize();
//]]>
</script>
<ul class="nav navbar-nav">{tabs}</ul>
<div class="toolbar">
    <a id="ToolBar1_btnPrevRecord" title="View previous record" aria-label="View previous record"
        href="javascript:__doPostBack('ToolBar1$btnPrevRecord','')"
        ><span class="glyphicon glyphicon-arrow-left"></span></a>
    <a id="ToolBar1_btnNextRecord" title="View next record" aria-label="View next record"
        href="javascript:__doPostBack('ToolBar1$btnNextRecord','')"
        ><span class="glyphicon glyphicon-arrow-right"></span></a>
</div>
<main id="maincontent">
"""
_AFTER = f"""</main>
<section role="complementary"><header class="module-header">
<div class="title" role="heading" aria-level="2">Contact Information</div></header>
<div class="right-pane-block info-pane collapse-content">
<h2 id="InfoPane2_divInfoHeader" class="right-pane-header">Information</h2>
<div class="line1"><span id="InfoPane2_txtLine1">{{county}}</span></div>
<div class="title">Chief Appraiser</div></div></section>
<div class="container-fluid footer-container" role="contentinfo">
<span id="ctlFooter_ctlDisclaimer_txtShortDisclaimer">Synthetic data, drawn from a seed.</span>
<a id="hlkLastUpdated" title="View Data update status" href="/LastUpdated.aspx"
>Last Data Upload: 8/7/2026, {CLOCK}</a></div>
</form>
<!-- Server: PLAYED-{NUMBER}, App: Played, Version: 1 -->
<script>window['__CF$cv$params']={{r:'{TOKEN}',t:'{TICKS}'}};</script>
</body></html>
"""
