"""From a saved search to one mail: what an investor waits for between two auctions.

save a search -> import a county's file -> the lien is found, matched, told of once -> stop with one click
"""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from product_person import Person
from product_runner import RunningProduct

pytestmark = pytest.mark.data

POLK_2019 = "realtaxlien_results/fl_polk/2019_results.csv.gz"
POLK_2018 = "realtaxlien_results/fl_polk/2018_results.csv.gz"
LARGE = "50000"
FORTUNE = re.compile(r"\$(?:[5-9]\d|\d{3}),\d{3}")
FIRST_LINES = 1500
PARCEL = "012622-000010-000260"


@pytest.fixture(scope="module")
def investor(product: RunningProduct) -> Person:
    """An investor on trial of premium, whose tier allows to hear at once."""
    someone = Person(product)
    someone.sign_up()
    someone.login()
    product.wait_until(
        lambda: someone.call("GET", "/v1/users/me").status_code == 200, "the profile is there"
    )
    assert someone.call("POST", "/v1/users/me/trial").is_success
    return someone


@pytest.fixture(scope="module")
def lists(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two years of a county as it published them: the first lines, and those of the large amounts."""
    found: dict[str, str] = {}
    for name in (POLK_2019, POLK_2018):
        lines = (
            gzip.decompress((shared_data / name).read_bytes()).decode().splitlines(keepends=True)
        )
        part = tmp_path_factory.mktemp("lists") / Path(name).parent.name / Path(name).name
        part.parent.mkdir()
        rest = [line for line in lines[FIRST_LINES:] if FORTUNE.search(line)]
        part.write_bytes(gzip.compress("".join(lines[:FIRST_LINES] + rest).encode()))
        found[name] = str(part)
    return found


@pytest.fixture(scope="module")
def saved(investor: Person) -> dict[str, Any]:
    """A search saved before the file came, that one lien of it meets; the trial reached search."""
    body = {"name": "Lake house", "query": {"q": PARCEL, "state": "FL"}, "pace": "instant"}
    found: list[dict[str, Any]] = []

    def kept() -> bool:
        answer = investor.call("POST", "/v1/search/saved", body)
        assert answer.status_code in (201, 403), answer.text
        found.extend([answer.json()] if answer.status_code == 201 else [])
        return bool(found)

    investor.product.wait_until(kept, "search heard of the trial")
    return found[0]


@pytest.fixture(scope="module")
def mail(investor: Person, saved: dict[str, Any], lists: dict[str, str]) -> dict[str, Any]:
    """The mail that came after the import."""
    investor.product.run("import", lists[POLK_2019])
    return investor.mail(saved["name"])


def alerts(person: Person) -> list[dict[str, Any]]:
    return [one for one in person.mails() if "Lake house" in one["subject"]]


def test_the_mail_names_the_lien_with_its_price_and_payoff(
    mail: dict[str, Any], investor: Person
) -> None:
    [lien] = investor.product.get("/v1/search", q=PARCEL, state="FL", year=2018)["items"]
    assert PARCEL in mail["text"]
    assert "$1,875.34" in mail["text"]
    assert lien["payoff"]["holder_proceeds"] == "1969.11"
    assert "$1,969.11" in mail["text"]
    assert any(lien["lien_id"] in link for link in mail["links"])


def test_it_came_once_and_the_same_file_again_brings_no_other(
    mail: dict[str, Any], investor: Person, lists: dict[str, str]
) -> None:
    product = investor.product
    large = {"state": "FL", "county": "12105", "year": "2017", "price_min": LARGE}
    marker = {"name": "Large ones", "query": large, "pace": "instant"}
    investor.does("POST", "/v1/search/saved", marker, 201)
    product.run("import", lists[POLK_2019])
    product.run("import", lists[POLK_2018])
    assert investor.mail("Large ones")  # which was matched after all that the first file brought
    assert [one["id"] for one in alerts(investor)] == [mail["id"]]


def test_one_click_stops_these_mails_and_no_others(mail: dict[str, Any], investor: Person) -> None:
    headers = investor.source(mail["id"])
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.search(r"<(https?://[^>]+)>", "".join(headers["List-Unsubscribe"].split()))
    assert address is not None
    answer = httpx2.post(address[1], data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    wishes = json.dumps(investor.does("GET", "/v1/notifications/preferences"))
    assert "saved_search_matches" in wishes
