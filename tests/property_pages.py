"""Small pages in the shapes that property sites serve, with people and parcels that never were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from taxlien.services.scraper.adapters import platforms
from taxlien.services.scraper.logic.pages import Page, PageRequest
from taxlien.services.scraper.logic.sites import Site, parse_site, site_of

PLATFORMS = Path(platforms.__file__).parent
Row = Sequence[str]


def site_file(platform: str, name: str) -> Site:
    """The site file that ships."""
    return parse_site((PLATFORMS / platform / "sites" / f"{name}.yml").read_text())


def played_site(platform: str, **further: object) -> Site:
    """A site that a simulator would play."""
    return site_of(
        {
            "name": "played",
            "platform": platform,
            "title": "A county that never was",
            "county_fips": "12029",
            "base_url": "http://127.0.0.1/played",
            "legal_status": "synthetic",
            **further,
        }
    )


def page_of(text: str, request: PageRequest) -> Page:
    """A page as the fetcher would hand it over."""
    return Page(request=request, url="http://127.0.0.1/", text=text)


def asked(kind: str = "report", **context: str) -> PageRequest:
    """A request with what the parser is told of it."""
    return PageRequest(key="x", kind=kind, path="/", context=context)


def two_columns(rows: Iterable[Row]) -> str:
    """A Schneider table of labels and values. A row of another length is written as it is."""
    return (
        '<table class="tabular-data-two-column">'
        + "".join(
            "<tr>"
            + "".join(
                f'<th scope="row">{c}</th>' if i % 2 == 0 else f"<td><span>{c}</span></td>"
                for i, c in enumerate(row)
            )
            + "</tr>"
            for row in rows
        )
        + "</table>"
    )


def dynamic_summary(rows: Iterable[Row]) -> str:
    """The summary as counties with a dynamic one serve it."""
    pane = "ctlBodyPane_ctl00_ctl01_dynamicSummary"
    return (
        f'<div id="{pane}_divSummary"><table class="tabular-data-two-column">'
        + "".join(
            f"<tr><th scope='row'><strong>{label}</strong></th>"
            f'<td><div id="{pane}_rptrDynamicColumns_ctl{i:02}_pnlSingleValue">'
            f"<span>{value}</span></div></td></tr>"
            for i, (label, value) in enumerate(rows)
        )
        + "</table></div>"
    )


def grid(header: Row, rows: Iterable[Row], *, th_first: bool = True) -> str:
    """A Schneider grid: the first cell of a body row is a row header, the others are plain."""
    head = "".join(f'<th scope="col">{c}</th>' for c in header)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{c}</th>' if i == 0 and th_first else f"<td>{c}</td>"
            for i, c in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="tabular-data"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def valuation(years: Row, rows: Iterable[Row], *, hidden: int = 0) -> str:
    """Values by year with the cells of toggle and sign; the last ``hidden`` years are not shown."""
    head = '<td data-toggle="true">&nbsp;</td><td>&nbsp;</td>' + "".join(
        f'<th class="value-column"{" data-hide=default" if i >= len(years) - hidden else ""}>{y}</th>'
        for i, y in enumerate(years)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{c}</th>' if i == 1 else f"<td>{c}</td>" for i, c in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def owner(name: str, *, tag: str = "span") -> str:
    """The module of owners: a name in an anchor or a span, and the address block under it."""
    return (
        "<span><strong>Owner</strong><br></span>"
        f'<{tag} id="ctlBodyPane_ctl01_ctl01_lstOwner_ctl01_lnkSearch">{name}</{tag}>'
        "<span><div>12 Nowhere Ln</div><div>Elsewhere, FL 32000</div></span>"
    )


def module(number: int, title: str, body: str) -> str:
    """One module under a running number that means nothing."""
    pane = f"ctlBodyPane_ctl{number:02}"
    return (
        f'<section id="{pane}_mSection"><header class="module-header">'
        f'<div id="{pane}_lblName" class="title">{title}</div></header>'
        f'<div class="module-content">{body}</div></section>'
    )


def schneider(
    modules: Sequence[tuple[str, str]],
    *,
    key: str = "A-1",
    app_id: int = 867,
    page_type: int = 4,
    no_data: Sequence[str] = (),
    numbers: Sequence[int] | None = None,
    host: str = "qPublic.net",
    further: str = "",
) -> str:
    """A whole page as the server sends it, without what scripts add to it."""
    numbered = zip(numbers or range(len(modules)), modules, strict=False)
    sections = "".join(module(n, title, body) for n, (title, body) in numbered)
    listed = (
        '<div id="ctlBodyPane_noDataList_pnlNoDataForModules" class="nodata-modulelist">'
        f"<strong>No data available for the following modules:</strong> {', '.join(no_data)}.</div>"
        if no_data
        else ""
    )
    config = (
        f'var mapConfig = {{"AppId":{app_id},"LayerId":16385,"PageId":7232,"PageTypeId":{page_type},'
        f'"KeyValue":"{key}","Tabs":[{{"Name":"Report","PageId":7232,"PageTypeId":4,"nk":true}}]}};'
    )
    return (
        f"<!DOCTYPE html><html><head><title>{host} - Report: {key}</title></head><body>"
        f'<form id="Form1"><input type="hidden" name="__VIEWSTATE" value="/wEP"><script>{config}</script>'
        f'<main id="maincontent">{sections}{listed}</main>{further}</form></body></html>'
    )


def datalet(number: int, title: str, rows: Iterable[Row]) -> str:
    """An iasWorld block: labels and values by turns; a row whose cells begin with ``^`` is a header."""
    body = "".join(
        f"<tr>{''.join(_datalet_cell(i, c) for i, c in enumerate(row))}</tr>" for row in rows
    )
    return (
        f"<div id='datalet_div_{number}' name='X'><table><tr><td class=\"DataletTitleColor\">"
        f"<font>{title}</font></td></tr></table><table id='{title}'>{body}<hr></table></div>"
    )


def _datalet_cell(place: int, text: str) -> str:
    if text.startswith("^"):
        return f'<td class="DataletTopHeading">{text[1:]}</td>'
    kind = "DataletData" if place % 2 or text.startswith("=") else "DataletSideHeading"
    return f'<td class="{kind}">{text.removeprefix("=")}</td>'


def iasworld(
    datalets: Sequence[tuple[str, Sequence[Row]]],
    *,
    parid: str = "R72 1 2    0003",
    owner_name: str = "NOBODY NEVER,  ",
    situs: str = "12   NOWHERE LN",
    first: int = 0,
    further: str = "",
) -> str:
    """A page of datalets with its banner, lenient HTML as the server writes it."""
    blocks = "".join(datalet(first + i, title, rows) for i, (title, rows) in enumerate(datalets))
    return (
        "<!DOCTYPE HTML><html><head><title>County</title></head><body>"
        '<tr id="datalet_header_row"><td><?xml version="1.0" encoding="utf-16"?><table>'
        f'<tr class="DataletHeaderTop"><td class="DataletHeaderTop">PARID: {parid}</td>'
        '<td class="DataletHeaderTop"></td></tr>'
        f'<tr class="DataletHeaderBottom"><td class="DataletHeaderBottom">{owner_name}</td>'
        f'<td class="DataletHeaderBottom">{situs}</td></tr></table></td></tr>'
        f'<div class="holder">{blocks}</div>'
        f'<input type="hidden" id="hdXPin" value="{parid}"><input id="hdTaxYear" value="2024">'
        f"{further}</body></html>"
    )
