"""``taxlien search``: the product's main question, asked through the gateway, answered as a table."""

from __future__ import annotations

from typing import Annotated, Any

import typer

_Words = Annotated[str, typer.Argument(help="Words of an address, place, parcel or certificate.")]
_States = Annotated[list[str] | None, typer.Option(help="Two letters or a name; may be repeated.")]
_Counties = Annotated[list[str] | None, typer.Option(help="FIPS code or name; may be repeated.")]
_Statuses = Annotated[list[str] | None, typer.Option(help="Such as sold, unsold, advertised.")]
_Years = Annotated[list[str] | None, typer.Option(help="Tax year; may be repeated.")]
_Types = Annotated[list[str] | None, typer.Option("--type", help="Kind of lien, or property type.")]
_Classes = Annotated[
    list[str] | None, typer.Option("--class", help="Such as residential, vacant_land.")
]
_Flags = Annotated[list[str] | None, typer.Option(help="Such as vacant, homestead, sliver.")]
_Truth = Annotated[str | None, typer.Option(help="true or false, as published.")]
_Dollars = Annotated[str | None, typer.Option(help="US dollars.")]
_Yearly = Annotated[str | None, typer.Option(help="Percent in twelve months.")]
_OfValue = Annotated[str | None, typer.Option(help="Percent of the published market value.")]
_Acres = Annotated[str | None, typer.Option(help="Acres.")]
_Points = Annotated[str | None, typer.Option(help="Risk, 1 (safest) to 100.")]
_Day = Annotated[str | None, typer.Option(help="YYYY-MM-DD, the county's date.")]
_Order = Annotated[str | None, typer.Option(help="Such as roi_desc, price_asc.")]
_Page = Annotated[int, typer.Option(help="From 1.")]
_PageSize = Annotated[int, typer.Option(help="1 to 100.")]
_AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as it came.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    words: _Words = "",
    state: _States = None,
    county: _Counties = None,
    min_price: _Dollars = None,
    max_price: _Dollars = None,
    min_rate: _Yearly = None,
    max_rate: _Yearly = None,
    min_ltv: _OfValue = None,
    max_ltv: _OfValue = None,
    min_face: _Dollars = None,
    max_face: _Dollars = None,
    min_market_value: _Dollars = None,
    max_market_value: _Dollars = None,
    min_acres: _Acres = None,
    max_acres: _Acres = None,
    min_score: _Points = None,
    max_score: _Points = None,
    auction_from: _Day = None,
    auction_to: _Day = None,
    redeem_from: _Day = None,
    redeem_to: _Day = None,
    status: _Statuses = None,
    year: _Years = None,
    type: _Types = None,  # noqa: A002 - the name of the parameter everywhere
    of_class: _Classes = None,
    flag: _Flags = None,
    not_flag: _Flags = None,
    homestead: _Truth = None,
    sort: _Order = None,
    page: _Page = 1,
    page_size: _PageSize = 20,
    as_json: _AsJson = False,
) -> None:
    """Find liens; show what each costs and what it pays twelve months after the sale."""
    options = {name: value for name, value in locals().items() if name != "as_json"}
    import asyncio
    import json

    answer = asyncio.run(_ask(_parameters(options)))
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        _show(answer)


def _parameters(options: dict[str, Any]) -> dict[str, Any]:
    """Return what was given under the names of ``GET /v1/search``: ``price_min`` for ``min_price``."""
    named = {"words": "q", "of_class": "class"}
    for option in options:
        end, _, of = option.partition("_")
        if end in ("min", "max"):
            named[option] = f"{of}_{end}"
    given = {named.get(k, k): v for k, v in options.items() if v not in (None, "", [])}
    return {**given, "facets": "false"}


def _show(answer: dict[str, Any]) -> None:
    from taxlien.run.commands.search_table import print_hits

    if answer["not_published"]:
        typer.echo(f"Not known of any lien yet: {', '.join(answer['not_published'])}.", err=True)
    if understood := [chip["label"] for chip in answer["chips"] if chip["applied"]]:
        words = f", and the words: {answer['words']}" if answer["words"] else ""
        typer.echo(f"understood: {', '.join(understood)}{words}", err=True)
    if not answer["items"]:
        typer.echo(_nothing(answer), err=True)
        raise typer.Exit(1)
    print_hits(answer)
    if answer["near_matches"]:
        typer.echo("Few liens have exactly these words: near ones are shown too.")
    for warning in dict.fromkeys(
        w for item in answer["items"] for w in (item["payoff"] or {}).get("warnings", ())
    ):
        typer.echo(f"note: {warning}")


async def _ask(parameters: dict[str, Any]) -> dict[str, Any]:
    from taxlien.kit.http.client import ServiceClient
    from taxlien.kit.http.errors import CallFailed
    from taxlien.kit.settings import KitSettings, SettingsError, read_settings
    from taxlien.run import environment

    environment.load()
    try:
        url = read_settings(KitSettings).require("gateway_url")
    except SettingsError as error:
        typer.echo(f"TAXLIEN is not running here: start it with `taxlien up`. ({error})", err=True)
        raise typer.Exit(3) from None
    try:
        async with ServiceClient("the gateway", url) as client:
            answer: dict[str, Any] = await client.get_json("/v1/search", parameters)
    except CallFailed as error:
        refused = (error.upstream or {}).get("detail") if error.upstream_status == 422 else None
        typer.echo(refused or f"{error.detail}. Is `taxlien up` running? ({url})", err=True)
        raise typer.Exit(2 if refused else 3) from None
    return answer


def _nothing(answer: dict[str, Any]) -> str:
    if answer["total"]:
        return (
            f"There is no page {answer['page']}: {answer['total']:,} liens fill {answer['pages']}."
        )
    return (
        "No lien was found. Try fewer words or filters; `taxlien search` alone shows what there is."
    )
