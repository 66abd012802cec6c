"""``make up`` as a newcomer meets it: demo data, a page of addresses, a clean end, a quick return."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from product_runner import RunningProduct, running_product
from taxlien.run.demo.generate import demo_plan
from taxlien.run.demo.models import PAST_SETTING

INTERNAL = ("/internal/liens/export", "/internal/openapi.json", "/metrics")


@dataclass(frozen=True)
class FirstDay:
    """What was seen of a product between its first start and its end."""

    home: Path
    page: str
    demo: int
    items: list[dict[str, Any]]
    internal: dict[str, int]
    pids: list[int]


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> FirstDay:
    """A product came up where there was none, was asked, and was stopped as Ctrl-C does."""
    home = tmp_path_factory.mktemp("up") / "home"
    with running_product(home, "--no-simulate") as product:
        return FirstDay(
            home=home,
            page=(home.parent / f"{home.name}.log").read_text(),
            demo=product.found(),
            items=product.get("/v1/search", q="", page_size=5)["items"],
            internal={path: product.http.get(path).status_code for path in INTERNAL},
            pids=pids_of(product),
        )


def predicted(product: RunningProduct, token: str, lien: dict[str, Any]) -> dict[str, Any]:
    """What is said of the redemption of a lien; nothing while the model is being loaded."""
    case = {name: lien[name] for name in ("state", "county_fips", "sale_date", "face_amount")}
    bearer = {"authorization": f"Bearer {token}"}
    answer = product.http.post("/v1/ml/predict/redemption", json=case, headers=bearer)
    return answer.json()["predictions"][0] if answer.status_code == 200 else {}


def signed_in(product: RunningProduct) -> str:
    password = json.loads((product.home / "secrets.json").read_text())["demo_investor_password"]
    who = {"email": "investor@demo.taxlien.online", "password": password}
    return product.http.post("/v1/auth/login", json=who).json()["access_token"]


def pids_of(product: RunningProduct) -> list[int]:
    parts = json.loads((product.home / "stack.json").read_text())["parts"].values()
    return [part["pid"] for part in parts if part["pid"]]


def test_the_product_comes_up_stops_whole_and_keeps_its_data(first_day: FirstDay) -> None:
    assert first_day.demo == demo_plan().size
    assert first_day.items
    assert all("synthetic" in item["flags"] for item in first_day.items)
    assert first_day.pids
    assert not [pid for pid in first_day.pids if psutil.pid_exists(pid)]
    with running_product(first_day.home, "--no-simulate", settings={PAST_SETTING: "1"}) as again:
        assert again.found() == first_day.demo
        token, [lien] = (
            signed_in(again),
            again.get("/v1/search", q="", state="CO", page_size=1)["items"],
        )
        said: dict[str, Any] = {}
        again.wait_until(
            lambda: said.update(predicted(again, token, lien)) or said.get("basis") == "model",
            "a demo lien has a model",
        )
        assert said["trained_on"] == "synthetic"


def test_the_printed_page_names_the_next_step(first_day: FirstDay) -> None:
    assert "taxlien import" in first_day.page
    assert "/docs" in first_day.page
    assert "synthetic" in first_day.page


def test_internal_paths_are_not_reachable_from_outside(first_day: FirstDay) -> None:
    assert first_day.internal == dict.fromkeys(INTERNAL, 404)
