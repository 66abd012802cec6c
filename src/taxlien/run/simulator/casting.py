"""Who plays what: the hosts of every played county, after the platforms that its state uses."""

from __future__ import annotations

from collections.abc import Iterator

from taxlien.run.simulator.plays.bid4assets import Bid4AssetsPlay
from taxlien.run.simulator.plays.iasworld import IasWorldPlay
from taxlien.run.simulator.plays.lienhub import LienHubPlay
from taxlien.run.simulator.plays.lists import ListPlay, Published
from taxlien.run.simulator.plays.play import HostCard, Play
from taxlien.run.simulator.plays.realauction import RealAuctionPlay
from taxlien.run.simulator.plays.realtaxlien import RealTaxLienPlay
from taxlien.run.simulator.plays.schneider import SchneiderPlay
from taxlien.run.simulator.world.auctions import SaleKind
from taxlien.run.simulator.world.counties import County, list_counties
from taxlien.run.simulator.world.world import World


def cast(world: World, *, drops: bool = False) -> dict[str, Play]:
    """All played hosts of a world, by host; with ``drops`` a county that hands its lists over as files."""
    plays = [play for county in world.counties for play in _plays(county)]
    return {play.card.host: play for play in (*plays, *_lists(drops=drops))}


def _card(county: County, platform: str, title: str, variant: str = "") -> HostCard:
    slug = county.slug.replace("_", "-")
    return HostCard(
        host=f"{slug}.{variant or platform}",
        platform=platform,
        name=f"sim_{county.slug}" + (f"_{variant}".replace("-", "_") if variant else ""),
        title=f"{county.full_name}, {county.state} (simulated): {title}",
        county=county,
    )


def _plays(county: County) -> Iterator[Play]:
    """The hosts of one county, after what its state uses."""
    match county.state:
        case "FL":
            yield _schneider(county)
            yield _auctions(county, "tax deeds", "realtaxdeed", "tax_deed")
            # One portal may mix types.
            kinds: tuple[SaleKind, ...] = ("foreclosure", "tax_deed")
            mixed = kinds if county.style % 5 == 4 else kinds[:1]
            yield _auctions(county, "foreclosures", "realforeclose", *mixed)
            if county.style % 2:
                yield LienHubPlay(_card(county, "lienhub", "tax certificates"))
            else:
                yield RealTaxLienPlay(_card(county, "realtaxlien", "tax certificates"))
        case "GA":
            yield _schneider(county)
        case "OH":
            yield IasWorldPlay(_card(county, "iasworld", "auditor"))
            yield _auctions(county, "sheriff sales", "sheriffsaleauction", "foreclosure")
        case "PA":
            yield IasWorldPlay(_card(county, "iasworld", "assessor"))
            yield _auctions(county, "sheriff sales", "pa-realforeclose", "foreclosure")
            yield Bid4AssetsPlay(_card(county, "bid4assets", "tax sales"))
        case "CO":
            yield _auctions(county, "treasurer deeds", "treasurersdeedsale", "tax_deed")
        case "AZ":
            yield RealTaxLienPlay(_card(county, "realtaxlien", "tax liens", "arizonataxsale"))
        case "WA" | "NJ" | "MD":
            yield Bid4AssetsPlay(_card(county, "bid4assets", "tax sales"))


def _schneider(county: County) -> SchneiderPlay:
    platform = "beacon" if county.style % 4 == 1 else "qpublic"
    return SchneiderPlay(_card(county, platform, "property appraiser"))


def _auctions(county: County, title: str, variant: str, *kinds: SaleKind) -> RealAuctionPlay:
    return RealAuctionPlay(_card(county, "realauction", title, variant), kinds)


def _lists(*, drops: bool) -> Iterator[Play]:
    """Publishers of whole lists: a portal, a download, and files that somebody puts into a folder."""
    portal, download, dropped = list_counties()
    one = Published("socrata", "advertised", "sim1-late")
    yield ListPlay(_card(portal, "open_data", "advertised list", "opendata"), one)
    one = Published("download", "panel", "delinquent.csv")
    yield ListPlay(_card(download, "open_data", "unpaid taxes", "opendata"), one)
    if drops:
        one = Published("drop", "results", "columbia_{year}_results.csv")
        yield ListPlay(_card(dropped, "file_drop", "sale results", "drops"), one)
    else:
        one = Published("download", "results", "columbia_results.csv")
        yield ListPlay(_card(dropped, "open_data", "sale results", "opendata"), one)
