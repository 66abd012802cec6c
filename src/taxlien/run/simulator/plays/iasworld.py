"""iasWorld (Tyler): datalets of a parcel by mode or all at once, a search, and a disclaimer before it.

Every second county asks every visitor to agree first; the others give records to whoever has their address,
as the county does whose page was there to compare with.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from taxlien.interfaces.scraper import ParcelObserved
from taxlien.run.simulator.plays.freshness import freshened
from taxlien.run.simulator.plays.iasworld_datalets import MODES, Record, banner, datalets
from taxlien.run.simulator.plays.iasworld_truth import observed
from taxlien.run.simulator.plays.play import HostCard, safe
from taxlien.run.simulator.serving.messages import Answer, Request, not_found, page, redirect
from taxlien.run.simulator.world.parcels import Parcel
from taxlien.run.simulator.world.world import World

MOST_PARCELS = 2_000
RESULTS_A_PAGE = 15
PRINT_VIEW = "PROFILEALL_PUB"

_AGREED = "DISCLAIMER"
_FOUND = "SearchFound"


class IasWorldPlay:
    """One county's public access."""

    def __init__(self, card: HostCard) -> None:
        self.card = card
        self.jur = f"{card.county.fips[2:]}"
        self.gated = card.county.style % 2 == 1

    def respond(self, request: Request, world: World) -> Answer:
        """Answer whatever the case of its path: IIS does not care."""
        path = request.path.lower()
        if path == "/search/disclaimer.aspx":
            return self._disclaimer(request)
        if self.gated and not request.cookie(_AGREED):
            here = quote(f"..{request.path}?{request.query}", safe="")
            return redirect(f"/{self.card.host}/Search/Disclaimer.aspx?FromUrl={here}")
        match path:
            case "/search/commonsearch.aspx":
                return self._search(request, world)
            case "/datalets/datalet.aspx":
                return self._datalet(request, world)
            case "/datalets/printdatalet.aspx":
                return self._record(request.parameters.get("pin", ""), tuple(MODES), world)
            case _:
                return not_found()

    def site(self, world: World) -> dict[str, Any]:
        """There is no list of parcels on such a site: the ids to look up are given."""
        county, count = self.card.county, min(world.each, MOST_PARCELS)
        parcels = [world.parcel_id(county, n * world.each // count) for n in range(count)]
        ids = {"jur": self.jur, "tax_year": str(world.rolls_out)}
        quirks = {}
        match county.style % 3:
            case 0:
                ids["print_view"] = PRINT_VIEW
            case 1:
                ids |= {"mode": "profile", "modes": "residential,values,sales,charges"}
            case _:
                ids |= {"modes": "residential,values,sales,charges"}
                quirks["deep_link"] = "no"
        return {
            "expected": {
                "min_records": count,
                "max_records": count,
                "required": {"parcel_id": 1.0, "land_use": 0.99},
            },
            "ids": ids,
            "quirks": quirks,
            "start": {"parcels": parcels},
        }

    def truth(self, key: str, world: World) -> ParcelObserved | None:
        """The parcel of that id, spaces and all."""
        held = world.parcel_named(self.card.county, key)
        return observed(self._of(held, world)) if held else None

    def _of(self, held: Parcel, world: World) -> Record:
        county = self.card.county
        return Record(
            county,
            held,
            world.rolls(county, held),
            world.bills(county, held),
            world.transfers(county, held),
        )

    def _disclaimer(self, request: Request) -> Answer:
        if request.method == "POST":
            target = request.parameters.get("fromurl", "../search/commonsearch.aspx?mode=parid")
            # Never to another host, whatever the address says.
            target = target.removeprefix("..").lstrip("/\\")
            cookie = f"{_AGREED}=1; path=/{self.card.host}"
            return Answer(
                status=302,
                headers=[("Location", f"/{self.card.host}/{target}"), ("Set-Cookie", cookie)],
            )
        return _page(_DISCLAIMER.format(action=safe(f"./Disclaimer.aspx?{request.query}")))

    def _search(self, request: Request, world: World) -> Answer:
        form = request.form if request.method == "POST" else {}
        if form.get("hdAction") == "Link":
            return self._by_link(request, form.get("hdLink", ""), world)
        wanted = form.get("inpParid", "")
        if not form or not wanted:
            return _page(_SEARCH.format(rows="", note=""))
        if held := world.parcel_named(self.card.county, wanted):
            return self._hit(held)
        hits = [
            parcel_id
            for n in range(min(world.each, 2_000))
            if (parcel_id := world.parcel_id(self.card.county, n)).startswith(wanted)
        ][:RESULTS_A_PAGE]
        if not hits:
            return _page(_SEARCH.format(rows="", note="Your search did not find any records."))
        rows = "".join(
            f"<tr class='SearchResults' onclick=\"javascript:selectSearchRow('../Datalets/Datalet.aspx?"
            f"sIndex=0&amp;idx={n}')\"><td>{safe(hit)}</td></tr>\n"
            for n, hit in enumerate(hits, 1)
        )
        answer = _page(_SEARCH.format(rows=rows, note=""))
        found = quote("|".join(hits), safe="")
        answer.headers.append(("Set-Cookie", f"{_FOUND}={found}; path=/{self.card.host}"))
        return answer

    def _hit(self, held: Parcel) -> Answer:
        """A single hit goes to its record; the session remembers what was found."""
        found = quote(held.parcel_id, safe="")
        return Answer(
            status=302,
            headers=[
                ("Location", f"/{self.card.host}/Datalets/Datalet.aspx?sIndex=0&idx=1"),
                ("Set-Cookie", f"{_FOUND}={found}; path=/{self.card.host}"),
            ],
        )

    def _by_link(self, request: Request, link: str, world: World) -> Answer:
        number = link.rpartition("idx=")[2]
        return self._found(request, number, "profile", world)

    def _datalet(self, request: Request, world: World) -> Answer:
        asked = request.parameters
        mode = asked.get("mode", "profile").lower()
        if "pin" in asked:
            return self._record(asked["pin"], (mode,), world)
        return self._found(request, asked.get("idx", "1"), mode, world)

    def _found(self, request: Request, number: str, mode: str, world: World) -> Answer:
        """The n-th record of the session's search; without a session the site says so, with 200."""
        found = (request.cookie(_FOUND) or "").split("|")
        if not found[0] or not number.isdecimal() or not 0 < int(number) <= len(found):
            return _page(_EXPIRED)
        return self._record(found[int(number) - 1], (mode,), world)

    def _record(self, pin: str, modes: tuple[str, ...], world: World) -> Answer:
        held = world.parcel_named(self.card.county, pin)
        if held is None or not set(modes) <= MODES.keys():
            return _page(_SEARCH.format(rows="", note="Your search did not find any records."))
        record = self._of(held, world)
        year, mode = world.rolls_out, modes[0]
        deep = (
            f"UseSearch=no&amp;pin={safe(pin)}&amp;jur={self.jur}&amp;taxyr={year}&amp;LMparent=20"
        )
        menu = "".join(
            f"<li class='{'sel' if name == mode else 'unsel'}'><a href='../datalets/datalet.aspx?mode={name}"
            f"&amp;{deep}' target=''><span>{label}</span></a></li>"
            for name, label in MODES.items()
        )
        hidden = "".join(
            f'<input name="{name}" type="hidden" id="{name}" value="{safe(value)}" />\n'
            for name, value in (
                ("hdPin", pin),
                ("hdJur", self.jur),
                ("hdTaxYear", str(year)),
                ("hdMode", mode.upper()),
                ("hdXPin", pin),
                ("hdXJur", self.jur),
                ("hdXTaxYr", str(year)),
            )
        )
        return _page(
            _RECORD.format(
                county=self.card.county.full_name,
                menu=menu,
                action=f"./datalet.aspx?mode={mode}&amp;UseSearch=NO&amp;pin={safe(pin.replace(' ', '+'))}",
                banner=banner(record),
                datalets=datalets(record, modes),
                hidden=hidden,
            )
        )


def _page(text: str) -> Answer:
    return page(freshened(text))


_HEAD = """<!DOCTYPE HTML>
<html lang='en-US'><head runat='server'>
<title>{county}</title>
<meta http-equiv='Content-Type' content='text/html; charset=UTF-8'/>
<meta http-equiv='Keywords' content='CAMA, Assessment Administration, Tax'>
<meta http-equiv='Description' content='iasWorld'>
<meta name='Copyright' content='Tyler Technologies Inc, Akanda Solutions, LLC'>
</head><body id='thebody' class='normalpage' ><div id='pagewrapper'>
<div id='divSMaint' style='display:none;'><table role='presentation'><tr id='trSMaint' class='MessageBar'>
<td id='tdSMaint'>
&nbsp;The System is currently unavailable due to maintenance.  Please check again later.</td>
</tr></table></div>
<div id='topmenu'><ul><li class='sel'><a href='../search/commonsearch.aspx?mode=address' target=''>
<span>Property Records</span></a></li></ul></div>
"""
_RECORD = (
    _HEAD
    + """<nav><div id='sidemenu'><ul class='navigation'>{menu}</ul></div></nav><section><div id='bodyarea' >
<form name="frmMain" method="POST" action="{action}" id="frmMain" style="position:relative;&#32;top:-5px;">
<div>
<input type="hidden" name="__EVENTTARGET" id="__EVENTTARGET" value="" />
<input type="hidden" name="__EVENTARGUMENT" id="__EVENTARGUMENT" value="" />
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="%FRESH_STATE%" />
<input type="hidden" name="__EVENTVALIDATION" id="__EVENTVALIDATION" value="%FRESH_STATE%" />
</div>
<div class='contentpanel'>
<table style="vertical-align:top;" width=600px cellpadding="2" cellspacing="2">
<tr><td valign="top" width="80%">
<table border="0" cellpadding="0" cellspacing="0" width="100%" class="WidgetBar" align="center">
<tr id="datalet_header_row"><td>{banner}</td></tr>
<tr><td><div class="holder">{datalets}</div></td></tr>
</table></td></tr></table></div>
<input name="DTLNavigator$txtFromTo" type="text" value="1 of 1" id="DTLNavigator_txtFromTo" />
{hidden}</form></div></section></div></body></html>
"""
)
_DISCLAIMER = (
    _HEAD.format(county="Disclaimer")
    + """<form name="Form1" method="post" action="{action}" id="Form1">
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="%FRESH_STATE%" />
<p>Nothing here is a record of anything. You may continue if you know that.</p>
<button type="submit" name="btAgree" id="btAgree" value="">Agree</button></form></div></body></html>
"""
)
_SEARCH = (
    _HEAD.format(county="Search")
    + """<form name="frmMain" method="post" action="./commonsearch.aspx?mode=parid" id="frmMain">
<input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="%FRESH_STATE%" />
<input name="hdAction" type="hidden" id="hdAction" value="Search" />
<input name="hdLink" type="hidden" id="hdLink" value="" />
<input name="inpParid" type="text" id="inpParid" />
<button type="submit" name="btSearch" id="btSearch" value="Search">Search</button>
<p>{note}</p><table id='searchResults'>{rows}</table></form></div></body></html>
"""
)
_EXPIRED = (
    _HEAD.format(county="Session")
    + "<p>Your session has expired. Please begin your search again.</p></div></body></html>\n"
)
