"""Who plays what: the hosts of every played county, after the platforms that its state uses."""

from __future__ import annotations

from collections.abc import Iterator

from taxlien.run.simulator.plays.play import HostCard, Play
from taxlien.run.simulator.plays.realauction import RealAuctionPlay
from taxlien.run.simulator.plays.schneider import SchneiderPlay
from taxlien.run.simulator.world.auctions import SaleKind
from taxlien.run.simulator.world.counties import County
from taxlien.run.simulator.world.world import World


def cast(world: World) -> dict[str, Play]:
    """All played hosts of a world, by host."""
    return {play.card.host: play for county in world.counties for play in _plays(county)}


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
    if county.state in {"FL", "GA"}:
        platform = "beacon" if county.style % 4 == 1 else "qpublic"
        yield SchneiderPlay(_card(county, platform, "property appraiser"))
    if county.state == "FL":
        yield RealAuctionPlay(
            _card(county, "realauction", "tax deeds", "realtaxdeed"), ("tax_deed",)
        )
        kinds: tuple[SaleKind, ...] = (
            ("foreclosure", "tax_deed") if county.style % 5 == 4 else ("foreclosure",)
        )
        yield RealAuctionPlay(_card(county, "realauction", "foreclosures", "realforeclose"), kinds)
    elif county.state == "OH":
        card = _card(county, "realauction", "sheriff sales", "sheriffsaleauction")
        yield RealAuctionPlay(card, ("foreclosure",))
    elif county.state == "PA":
        card = _card(county, "realauction", "sheriff sales", "pa-realforeclose")
        yield RealAuctionPlay(card, ("foreclosure",))
    elif county.state == "CO":
        card = _card(county, "realauction", "treasurer deeds", "treasurersdeedsale")
        yield RealAuctionPlay(card, ("tax_deed",))
