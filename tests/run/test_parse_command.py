"""``taxlien parse``: one JSON object, exact amounts, and an end that says how it went."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulated_counties import SimulatedCounties, simulator

__all__ = ["simulator"]


def parse(*words: str, page: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "taxlien.run", "parse", *words],
        input=page, capture_output=True, check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip


def test_a_page_from_standard_input_gives_the_record_as_json(
    simulator: SimulatedCounties,
) -> None:
    site = simulator.sites("qpublic")[0]
    host, key = site["base_url"].rsplit("/", 1)[-1], site["start"]["first_keys"][0]
    ids = site["ids"]
    page = simulator.ask(
        f"/{host}/Application.aspx?AppID={ids['app_id']}&LayerID={ids['layer_id']}"
        f"&PageTypeID=4&PageID={ids['report_page_id']}&KeyValue={key}"
    )
    done = parse("-", "--platform", "qpublic", page=page)
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout, parse_float=Decimal)
    truth = simulator.truth(host, key)
    assert found["verdict"] == "ok"
    assert (found["parcel_id"], found["situs_address"]) == (key, truth["situs_address"])
    assert found["acres"] == Decimal(truth["acres"])
    assert found["owner_published"] is True
    assert "owner" not in {name for name in found if name != "owner_published"}
    assert len(found["values"]) == len(truth["values"])
    assert {"year", "kind", "amount", "label"} == found["values"][0].keys()
    assert all(isinstance(value["amount"], int | Decimal) for value in found["values"])
    for name in ("taxes", "certificates", "sales", "auction_items", "sale_days"):
        assert isinstance(found[name], list)


def test_a_page_that_no_parser_knows_ends_with_1_and_says_why(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><body>Welcome to the county</body></html>")
    done = parse(str(page), "--platform", "iasworld")
    assert done.returncode == 1
    assert json.loads(done.stdout)["verdict"] in done.stderr.decode()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--platform", "nosuch"], "no platform nosuch"),
        (["--platform", "qpublic", "--site", "xx_nowhere"], "no site xx_nowhere"),
        (["--platform", "qpublic", "--site", "../beacon/sites/x"], "no site"),
    ],
)
def test_an_unknown_platform_or_site_ends_with_2_and_names_the_known(
    words: list[str], why: str
) -> None:
    done = parse("-", *words, page=b"<html></html>")
    assert done.returncode == 2
    assert why in done.stderr.decode()
    assert "there are" in done.stderr.decode()


def test_a_file_that_is_not_there_ends_with_2() -> None:
    done = parse("/nowhere/page.html", "--platform", "qpublic")
    assert done.returncode == 2
    assert "No such file" in done.stderr.decode()
