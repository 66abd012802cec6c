"""Counties' pages become searched liens by themselves, and only what changed moves them.

The product as ``taxlien up`` starts it: with a simulator of county sites, and a collector that reads them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import pytest

from product_runner import RunningProduct, running_product

CERTIFICATES = "realtaxlien/sim_fl_alachua"
DEEDS = "realauction/sim_fl_alachua_realtaxdeed"
REFUSING = "bid4assets/sim_wa_adams"
LISTED_DAYS, DAYS_BACK = 60, 14  # an item is listed so long before its day, and read so long after
MANY = 5
ALACHUA, ADAMS = "12001", "53001"


class Counties:
    """The product's own simulator."""

    def __init__(self, product: RunningProduct) -> None:
        stack = json.loads((product.home / "stack.json").read_text())["environment"]
        self._http = httpx2.Client(base_url=stack["TAXLIEN_SCRAPER_SIMULATOR_URL"], timeout=30)

    def sources(self) -> set[str]:
        return {f"{s['platform']}/{s['name']}" for s in self._http.get("/sites.json").json()}

    def days_on(self, days: int) -> None:
        self._http.post("/simulator/day", json={"days": days}).raise_for_status()

    def fail(self, host: str, *rules: dict[str, Any]) -> None:
        answer = self._http.post("/simulator/faults", json={"host": host, "rules": rules})
        answer.raise_for_status()

    def truth(self, host: str, key: str) -> Any:
        return self._http.get(f"/simulator/truth/{host}/{key}").json()

    def deeds_for_sale(self) -> set[str]:
        """Certificates behind the deeds that Alachua lists, by the simulator's own knowledge."""
        told = [self.sale(days) for days in range(-DAYS_BACK, LISTED_DAYS + 1)]
        items = (one for sale in told for area in ("W", "C") for one in sale.get(area, ()))
        return {one["certificate_number"] for one in items}

    def days_to_a_sale(self) -> int:
        """How many days until Alachua offers so much at once that some of it will be sold."""
        coming = (
            days for days in range(1, LISTED_DAYS) if len(self.sale(days).get("W", ())) >= MANY
        )
        return next(coming)

    def sale(self, days: int) -> Any:
        """Alachua's sale of deeds in so many days."""
        today = date.fromisoformat(self._http.get("/simulator/status").json()["day"])
        return self.truth("fl-alachua.realtaxdeed", f"{today + timedelta(days):%m/%d/%Y}")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """A product that plays every county of the demo, with two hundred parcels each, and collects."""
    home = tmp_path_factory.mktemp("collecting") / "home"
    with running_product(home, settings={"TAXLIEN_SIMULATE_PARCELS": "2400"}) as running:
        yield running


@pytest.fixture(scope="module")
def counties(product: RunningProduct) -> Counties:
    return Counties(product)


@pytest.fixture(scope="module")
def collected(product: RunningProduct, counties: Counties) -> RunningProduct:
    """The product after every played source was published, with nobody's doing."""
    wanted = counties.sources()
    product.wait_until(
        lambda: wanted <= {s["source"] for s in covered(product) if s["last_success_at"]},
        "every played source was collected",
    )
    return product


def covered(product: RunningProduct, **where: str) -> list[dict[str, Any]]:
    """Return every source as the coverage tells of it."""
    items = product.get("/v1/liens/coverage", limit=200, **where)["items"]
    return [source for county in items for source in county["sources"]]


def source_of(product: RunningProduct, name: str, fips: str) -> dict[str, Any]:
    return next(s for s in covered(product, county_fips=fips) if s["source"] == name)


def liens_of(product: RunningProduct, source: str, fips: str, **where: Any) -> dict[str, Any]:
    """Return the catalogue's liens of a source by id."""
    found, cursor = {}, None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = product.get("/v1/liens", county_fips=fips, limit=500, **where, **more)
        found |= {lien["lien_id"]: lien for lien in page["items"] if lien["source"] == source}
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def searched(product: RunningProduct, lien: dict[str, Any]) -> dict[str, Any] | None:
    """Return what an investor finds who looks for the lien's parcel."""
    items = product.get("/v1/search", q=lien["parcel_id"], state=lien["state"], page_size=50)[
        "items"
    ]
    return next((item for item in items if item["lien_id"] == lien["lien_id"]), None)


def test_the_printed_page_says_that_counties_are_played(product: RunningProduct) -> None:
    page = (product.home.parent / f"{product.home.name}.log").read_text()
    assert "county sites are played by a simulator" in page
    assert "synthetic" in page


def test_every_played_source_is_green_and_says_how_old_it_is(
    collected: RunningProduct, counties: Counties
) -> None:
    played = [s for s in covered(collected) if s["source"] in counties.sources()]
    healthy = [s for s in played if s["source"] != REFUSING]
    assert {s["status"] for s in healthy} == {"green"}
    assert all("old, fresh up to" in s["reason"] for s in healthy)
    assert all(s["confidence"] == 0 for s in played)  # a simulator says nothing of the real county


def test_a_certificate_is_found_and_every_field_says_who_saw_it(collected: RunningProduct) -> None:
    held = liens_of(collected, CERTIFICATES, ALACHUA)
    lien = next(iter(held.values()))
    collected.wait_until(lambda: searched(collected, lien) is not None, "the certificate is found")
    hit = searched(collected, lien)
    assert hit is not None
    assert (hit["kind"], hit["face_amount"]) == ("certificate", lien["face_amount"])
    assert "synthetic" in hit["flags"]
    told = collected.get(f"/v1/liens/{lien['lien_id']}/observations")
    seen = [item for item in told["items"] if item["source"] == CERTIFICATES]
    for item in seen:
        assert item["url"].startswith("http://127.0.0.1:")
        assert datetime.fromisoformat(item["fetched_at"]) <= datetime.now(UTC)
        assert item["parser_version"]
        assert len(item["content_sha256"]) == len(item["page_sha256"]) == 64
    numbers = {item["number"]: item["source"] for item in told["items"]}
    assert told["fields"]["face_amount"]["value"] == lien["face_amount"]
    assert told["fields"]["face_amount"]["source"] == CERTIFICATES
    for field in told["fields"].values():
        assert numbers.get(field["observation"], field["source"]) == field["source"]


def test_another_day_moves_what_changed_and_nothing_else(
    collected: RunningProduct, counties: Counties
) -> None:
    before, listed = liens_of(collected, DEEDS, ALACHUA), counties.deeds_for_sale()
    counties.days_on(counties.days_to_a_sale() + 1)
    printed = collected.run("scrape", DEEDS)
    assert "published" in printed

    def sold() -> list[dict[str, Any]]:
        now = liens_of(collected, DEEDS, ALACHUA)
        changed = [lien for key, lien in now.items() if lien["status"] == "sold"
                   and before.get(key, lien)["status"] == "advertised"]  # fmt: skip
        return [
            lien for lien in changed if (searched(collected, lien) or {}).get("status") == "sold"
        ]

    collected.wait_until(lambda: len(sold()) > 0, "a deed that was sold is found as sold")
    lien = sold()[0]
    day = date.fromisoformat(lien["sale_date"])
    truth = counties.truth("fl-alachua.realtaxdeed", f"{day:%m/%d/%Y}")
    prices = [str(item["winning_bid"]) for item in truth["C"]
              if item["parcel_id"] == lien["parcel_id"] and item["status"] == "sold"]  # fmt: skip
    assert lien["winning_bid"] in prices
    history = collected.get(f"/v1/liens/{lien['lien_id']}/history")["items"]
    assert {"advertised", "sold"} <= {item["status"] for item in history}
    come_to_rest(collected)
    after = liens_of(collected, DEEDS, ALACHUA)
    new = after.keys() - before.keys()
    same = [key for key in before if after[key] == before[key]]
    moved = [key for key in before if after[key]["version"] > before[key]["version"]]
    came = counties.deeds_for_sale() - listed  # in a new year; most days only bring known ones back
    assert {after[key]["certificate_number"] for key in new} == came
    assert same
    assert len(same) + len(moved) == len(before)

    since = datetime.now(UTC)
    assert "0 new or changed" in collected.run("scrape", DEEDS)
    come_to_rest(collected)
    assert liens_of(collected, DEEDS, ALACHUA, updated_since=since.isoformat()) == {}


def come_to_rest(product: RunningProduct) -> None:
    """Wait until the coverage knows of the last run: it is said after all liens of it."""
    rows = json.loads(product.run("sources", "--json"))
    ended = datetime.fromisoformat(next(r["last_success_at"] for r in rows if r["name"] == DEEDS))

    def is_known() -> bool:
        known = datetime.fromisoformat(source_of(product, DEEDS, ALACHUA)["last_success_at"])
        return abs(known - ended) < timedelta(seconds=1)

    product.wait_until(is_known, "everything that was said was heard")


def test_a_host_that_refuses_turns_amber_with_words_until_a_person_resumes_it(
    collected: RunningProduct, counties: Counties
) -> None:
    counties.fail("wa-adams.bid4assets", {"fault": "forbidden", "since": 1})
    collected.run("scrape", REFUSING, check=False)
    collected.wait_until(
        lambda: source_of(collected, REFUSING, ADAMS)["status"] == "amber", "the source is amber"
    )
    reason = source_of(collected, REFUSING, ADAMS)["reason"]
    assert reason == "the source stands still (forbidden): status 403"
    printed = collected.run("sources")
    row = next(line for line in printed.splitlines() if line.startswith(REFUSING))
    assert "stopped" in row
    assert f"{REFUSING} is stopped: forbidden: status 403" in printed
    assert "refuses to be read (forbidden): status 403" in printed
    refused = collected.run("scrape", REFUSING, check=False)
    assert f"{REFUSING} is stopped" in refused

    counties.fail("wa-adams.bid4assets")
    collected.run("sources", "resume", REFUSING)
    collected.wait_until(
        lambda: source_of(collected, REFUSING, ADAMS)["status"] == "green", "it is green again"
    )
    assert "refuses to be read" not in collected.run("sources")
