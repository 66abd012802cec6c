"""The real parsers, let loose on what the simulator plays, find exactly what is true there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from agreed_counties import Collected, collected, differences
from taxlien.run.simulator.serving.simulator import Simulator
from visited_counties import played

COUNTIES = 15
AUTUMN = date(2026, 11, 28)
SEASON = date(2026, 5, 10)  # when certificates are advertised
HOSTS = played(counties=COUNTIES).plays


def hosts(*platforms: str) -> list[str]:
    return [host for host, play in HOSTS.items() if play.card.platform in platforms]


@pytest.fixture(scope="module", params=[AUTUMN, SEASON], ids=["autumn", "season"])
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """Counties of 700 parcels, so that lists have several pages."""
    return played(counties=COUNTIES, parcels=COUNTIES * 700, today=request.param)


def wrong(pairs: Iterator[tuple[str, Any, Any]]) -> dict[str, Any]:
    return {key: found for key, read, true in pairs if (found := differences(read, true))}


def assert_complete(found: Collected) -> None:
    assert set(found.verdicts) <= {"ok", "empty"}
    assert found.short == []


@pytest.mark.parametrize("host", hosts("qpublic", "beacon", "iasworld"))
def test_every_variant_of_a_property_page_is_read_to_the_truth(
    simulator: Simulator, host: str
) -> None:
    found, play = collected(simulator, host), simulator.plays[host]
    assert_complete(found)
    assert len(found.parcels) == 25
    truths = {key: play.truth(key, simulator.world) for key in found.parcels}
    assert wrong((key, found.parcels[key], truths[key]) for key in truths) == {}


@pytest.mark.parametrize("host", hosts("realauction"))
def test_every_item_of_a_sale_is_read_to_the_truth(simulator: Simulator, host: str) -> None:
    found, play = collected(simulator, host), simulator.plays[host]
    assert_complete(found)
    # What an item's list says is completed by the answer to how it ended.
    last = {key: lien for (_, key), lien in sorted(found.liens.items(), key=lambda e: e[0][0])}
    assert wrong((key, last[key], play.truth(key, simulator.world)) for key in last) == {}
    listed = [
        item.item_id
        for day in {key[:10] for key in last}
        for items in play.truth(day, simulator.world).values()  # type: ignore[union-attr]
        for item in items
    ]
    assert sorted(listed) == sorted(key[11:] for key in last)
    assert found.sale_days > 0


@pytest.mark.parametrize("host", hosts("realtaxlien"))
def test_every_certificate_and_its_parcel_is_read_to_the_truth(
    simulator: Simulator, host: str
) -> None:
    found, play = collected(simulator, host), simulator.plays[host]
    assert_complete(found)
    truths = {key: play.truth(key, simulator.world) for _, key in found.liens}
    of_kind = {"list": "listed", "certificate": "lien"}
    assert (
        wrong((key, lien, truths[key][of_kind[kind]]) for (kind, key), lien in found.liens.items())
        == {}
    )
    parcels = {true["parcel"].parcel_id: true["parcel"] for true in truths.values()}
    assert wrong((key, read, parcels[key]) for key, read in found.parcels.items()) == {}
    county, world = play.card.county, simulator.world
    held = [n for year in play.batches(world) for n in world.held(county, year - 1)]  # type: ignore[attr-defined]
    coming = world.late if world.today == SEASON else 0
    assert len({key for kind, key in found.liens if kind == "list"}) == len(held) + coming


@pytest.mark.parametrize("host", hosts("lienhub"))
def test_every_row_of_the_list_and_of_the_county_is_read_to_the_truth(
    simulator: Simulator, host: str
) -> None:
    found, play = collected(simulator, host), simulator.plays[host]
    assert_complete(found)
    counts = play.truth("counts", simulator.world)
    true = {
        (kind, str(lien.certificate_number or lien.advertising_number), lien.tax_year): lien
        for kind in ("advertised", "held")
        for n in range(counts[kind])  # type: ignore[index]
        if (lien := play.truth(f"{kind}/{n}", simulator.world))
    }
    read = {
        ("held" if kind == "held" else "advertised", number, lien.tax_year): lien
        for (kind, number), lien in found.liens.items()
    }
    assert read.keys() == true.keys()
    assert wrong((str(key), read[key], true[key]) for key in true) == {}


@pytest.mark.parametrize("host", hosts("bid4assets"))
def test_every_item_of_a_storefront_is_read_to_the_truth(simulator: Simulator, host: str) -> None:
    found, play = collected(simulator, host), simulator.plays[host]
    assert_complete(found)
    truths = {key: play.truth(key.rpartition("/")[2], simulator.world) for _, key in found.liens}
    of_kind = {"items": "listed", "auction": "page"}
    assert (
        wrong((key, lien, truths[key][of_kind[kind]]) for (kind, key), lien in found.liens.items())
        == {}
    )
    last = {key.rpartition("/")[2] for _, key in found.liens}
    open_now = play.truth("storefronts", simulator.world)
    assert sorted(last) == sorted(i for items in open_now.values() for i in items)  # type: ignore[union-attr]
    assert found.sale_days > 0
