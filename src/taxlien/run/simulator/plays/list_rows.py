"""Rows of the lists: an advertised list, a panel of unpaid taxes, the results of a sale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from taxlien.run.simulator.plays.play import money
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.liens import Certificate
from taxlien.run.simulator.world.world import World

Row = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ListRows:
    """A list's columns, how many rows it has, and any of its rows. ``mapping`` is the catalogue's."""

    mapping: str
    columns: tuple[str, ...]
    count: Callable[[World], int]
    row: Callable[[World, County, int], Row]
    parameters: Callable[[World], dict[str, str]]


def _late(world: World) -> int:
    return world.late


def _certificate(world: World, county: County, number: int) -> Certificate:
    return world.certificate(county, world.advertised_year, number)


def _advertised(world: World, county: County, number: int) -> Row:
    certificate = _certificate(world, county, number)
    held = certificate.parcel
    assessed = world.rolls(county, held)[0].assessed
    situs = held.situs or f"{number % 900 + 100} UNNAMED WAY"
    size = f"{20 + number % 80}X{50 + number % 90}"
    return (number + 1, situs, held.parcel_id, size, assessed, money(certificate.face))


def _panel(world: World, county: County, number: int) -> Row:
    """A look at an unpaid tax: first ninety days ago, last today."""
    certificate = _certificate(world, county, number)
    held = certificate.parcel
    roll = world.rolls(county, held)[0]
    before = world.on(world.today - timedelta(90))
    paid = world.paid_on(county, certificate)
    half = money(certificate.face // 2)
    then = "Paid" if paid and paid <= before.today else "Delinquent"
    return (
        county.name,
        held.parcel_id,
        f"07-{held.parcel_id}",
        held.acres,
        roll.market,
        roll.taxable,
        certificate.tax_year,
        before.today.isoformat(),
        then,
        0 if then == "Paid" else money(certificate.face),
        half,
        half,
        world.today.isoformat(),
        "Paid" if paid else "Delinquent",
        0 if paid else money(certificate.face),
        paid.isoformat() if paid and paid > before.today else "",
        39,
    )


def _last_sold(world: World) -> int:
    """The tax year of the last sale that was held."""
    return world.today.year - (1 if world.today >= date(world.today.year, 6, 2) else 2)


def _result(world: World, county: County, number: int) -> Row:
    """A certificate as the sale left it; number 0 and 18 percent where nobody bid."""
    held_on = world.on(date(_last_sold(world) + 1, 6, 1))
    certificate = held_on.certificate(county, _last_sold(world), number)
    struck = certificate.state == "struck_off"
    return (
        certificate.advertising_number,
        0 if struck else number + 1,
        certificate.parcel.parcel_id,
        f"{certificate.rate // 100}.{certificate.rate % 100:02d}",
        f"{money(certificate.face)}",
        "" if struck else str(1000 + number % 97),
    )


def _sale_year(world: World) -> dict[str, str]:
    return {"year": str(world.advertised_year + 1)}


def _result_year(world: World) -> dict[str, str]:
    return {"year": str(_last_sold(world) + 1), "county": "columbia"}


LISTS = {
    "advertised": ListRows(
        "baltimore_md_advertised",
        ("Count", "Address", "block_lot", "lot_size", "assessed_value", "lien"),
        _late,
        _advertised,
        _sale_year,
    ),
    "panel": ListRows(
        "montana_mt",
        (
            *("county", "parcel_id", "geocode", "acres", "market_value", "taxable_value"),
            *("tax_year", "first_seen", "first_status", "first_total_taxes", "first_half"),
            *(
                "second_half",
                "last_seen",
                "last_status",
                "last_total_taxes",
                "paid_first_seen",
                "n",
            ),
        ),
        _late,
        _panel,
        lambda world: {},
    ),
    "results": ListRows(
        "realtaxlien_fl",
        ("ADVNUM", "CERTIFICATE NUMBER", "PARCEL", "WINNINGBID", "FACE AMOUNT", "BIDDER ID"),
        _late,
        _result,
        _result_year,
    ),
}
