"""The product's main job, on real input: a county's list becomes searched, priced liens.

import -> event -> index -> search -> payoff, through the gateway, as an investor would do it.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from product_runner import RunningProduct

pytestmark = pytest.mark.data

POLK_2019 = "realtaxlien_results/fl_polk/2019_results.csv.gz"
BALTIMORE_2016 = "baltimore_md/certificate_sale_results_2016.csv.gz"
AUCTIONS = "baltimore_md/auction_index.csv"


@pytest.fixture(scope="module")
def imported(product: RunningProduct, shared_data: Path) -> RunningProduct:
    """The product after an investor imported two lists and a calendar of sales."""
    before = product.found()
    for name in (AUCTIONS, BALTIMORE_2016, POLK_2019):
        product.run("import", str(shared_data / name))
    wanted = catalogue_count(product)
    assert wanted > before + 40_000
    product.wait_until(lambda: product.found() == wanted, "every imported lien is searchable")
    return product


def catalogue_count(product: RunningProduct) -> int:
    """How many liens the catalogue itself holds, by its own list."""
    total, cursor = 0, None
    while True:
        page = product.get("/v1/liens", limit=1000, **({"cursor": cursor} if cursor else {}))
        total += len(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return total


def test_an_address_of_the_list_is_found_with_its_terms(imported: RunningProduct) -> None:
    answer = imported.get("/v1/search", q="armstrong av", state="MD", price_max=4000, year=2015)
    addresses = [item["address"].lower() for item in answer["items"]]
    assert addresses
    assert all("armstrong" in address for address in addresses)
    hit = next(i for i in answer["items"] if i["parcel_id"] == "042750026")
    assert hit["face_amount"] == "3497.43"
    assert hit["county"] == "Baltimore City"
    assert hit["sale_date"] == "2016-05-13"  # from the imported calendar, not assumed


def test_what_is_opened_is_taken_by_whichever_process_is_asked(imported: RunningProduct) -> None:
    answer = imported.get("/v1/search", q="armstrong av", state="MD", page_size=2, page=2)
    opened = {"search_id": answer["search_id"], "lien_id": answer["items"][0]["lien_id"]}
    for position, status in ((3, 204), (2, 422)):
        sent = imported.http.post("/v1/search/clicks", json={**opened, "position": position})
        assert sent.status_code == status, sent.text


def test_a_thousands_separator_never_becomes_one_dollar(imported: RunningProduct) -> None:
    answer = imported.get("/v1/search", q="012622-000010-000260", state="FL", year=2018)
    assert [item["face_amount"] for item in answer["items"]] == ["1875.34"]


def test_the_payoff_is_the_statute_to_the_cent(imported: RunningProduct) -> None:
    [lien] = imported.get("/v1/search", q="012622-000010-000260", state="FL", year=2018)["items"]
    sold = lien["sale_date"]
    assert sold.startswith("2019-")
    paid = imported.get(f"/v1/liens/{lien['lien_id']}/payoff", on=f"2020{sold[4:]}")
    # 0.25% for a year is 4.69; the minimum of 5% of face is more, and 6.25 goes to the collector.
    assert paid["interest"] == "93.77"
    assert paid["holder_proceeds"] == "1969.11"
    assert paid["owner_payoff"] == "1975.36"
    assert Decimal(paid["roi_pct"]) == Decimal("5.00")
    assert any("197.472" in part["statute"] for part in paid["components"])
    assert lien["payoff"]["holder_proceeds"] == paid["holder_proceeds"]


def test_every_value_says_where_it_was_seen(imported: RunningProduct) -> None:
    [lien] = imported.get("/v1/search", q="012622-000010-000260", state="FL", year=2018)["items"]
    answer = imported.get(f"/v1/liens/{lien['lien_id']}/observations")
    text = json.dumps(answer)
    assert "1875.34" in text
    assert "2019_results.csv.gz" in text
    assert '"line": 2' in text


def test_importing_the_same_file_again_changes_nothing(
    imported: RunningProduct, shared_data: Path
) -> None:
    before = imported.get("/v1/search", q="012622-000010-000260", state="FL", year=2018)["items"]
    total = imported.found()
    imported.run("import", str(shared_data / POLK_2019))
    after = imported.get("/v1/search", q="012622-000010-000260", state="FL", year=2018)["items"]
    assert after == before
    assert imported.found() == total


def test_the_command_line_prints_payoff_and_yield(imported: RunningProduct) -> None:
    printed = imported.run(
        "search", "armstrong av", "--state", "MD", "--max-price", "2000", "--sort", "roi_desc"
    )
    assert "ARMSTRONG" in printed.upper()
    assert "yield" in printed.lower()
    assert "payoff" in printed.lower()


def test_rules_are_answered_through_the_gateway(imported: RunningProduct) -> None:
    rules = imported.get("/v1/liens/rules/FL", on="2026-06-01")
    assert "197.472" in json.dumps(rules)
    missing = imported.http.get("/v1/liens/rules/ZZ")
    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("application/problem+json")
