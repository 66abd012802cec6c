"""``make up`` as a newcomer meets it: demo data, a page of addresses, a clean end, a quick return."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from product_runner import RunningProduct, running_product
from taxlien.run.demo.generate import demo_plan


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("up") / "home"


def pids_of(product: RunningProduct) -> list[int]:
    parts = json.loads((product.home / "stack.json").read_text())["parts"].values()
    return [part["pid"] for part in parts if part["pid"]]


def test_the_product_comes_up_stops_whole_and_keeps_its_data(home: Path) -> None:
    with running_product(home, "--no-simulate") as first:
        demo = first.found()
        assert demo == demo_plan().size
        items = first.get("/v1/search", q="", page_size=5)["items"]
        assert all("synthetic" in item["flags"] for item in items)
        pids = pids_of(first)
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    with running_product(home, "--no-simulate") as again:
        assert again.found() == demo


def test_the_printed_page_names_the_next_step(home: Path) -> None:
    with running_product(home):
        page = (home.parent / f"{home.name}.log").read_text()
    assert "taxlien import" in page
    assert "/docs" in page
    assert "synthetic" in page


def test_internal_paths_are_not_reachable_from_outside(home: Path) -> None:
    with running_product(home, "--no-simulate") as product:
        for path in ("/internal/liens/export", "/internal/openapi.json", "/metrics"):
            assert product.http.get(path).status_code == 404, path
