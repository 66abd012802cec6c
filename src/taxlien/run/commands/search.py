"""``taxlien search``: the product's main question, asked through the gateway, answered as a table."""

from __future__ import annotations

from typing import Annotated, Any

import typer

_Many = list[str] | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    words: Annotated[
        str, typer.Argument(help="Words of an address, place, parcel or certificate number.")
    ] = "",
    state: Annotated[_Many, typer.Option(help="Two letters or a name; may be repeated.")] = None,
    county: Annotated[_Many, typer.Option(help="FIPS code or name; may be repeated.")] = None,
    min_price: Annotated[str | None, typer.Option(help="US dollars.")] = None,
    max_price: Annotated[str | None, typer.Option(help="US dollars.")] = None,
    min_rate: Annotated[str | None, typer.Option(help="Percent in twelve months.")] = None,
    max_rate: Annotated[str | None, typer.Option(help="Percent in twelve months.")] = None,
    status: Annotated[_Many, typer.Option(help="Such as sold, unsold, advertised.")] = None,
    year: Annotated[_Many, typer.Option(help="Tax year; may be repeated.")] = None,
    type: Annotated[  # noqa: A002 - the name of the parameter everywhere
        _Many, typer.Option("--type", help="Kind of lien, or property type.")
    ] = None,
    sort: Annotated[str | None, typer.Option(help="Such as roi_desc, price_asc.")] = None,
    page: Annotated[int, typer.Option(help="From 1.")] = 1,
    page_size: Annotated[int, typer.Option(help="1 to 100.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as it came.")] = False,
) -> None:
    """Find liens; show what each costs and what it pays twelve months after the sale."""
    import asyncio
    import json

    from taxlien.run.commands.search_table import print_hits

    parameters = {
        "q": words,
        "state": state,
        "county": county,
        "price_min": min_price,
        "price_max": max_price,
        "rate_min": min_rate,
        "rate_max": max_rate,
        "status": status,
        "year": year,
        "type": type,
        "sort": sort,
        "page": page,
        "page_size": page_size,
        "facets": "false",
    }
    answer = asyncio.run(_ask({k: v for k, v in parameters.items() if v not in (None, "", [])}))
    if as_json:
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
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
