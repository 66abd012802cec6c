"""The rules that Prometheus alerts by: each asks for metrics that the product has, by labels they have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from taxlien.services.ml.service import alarming, serving, trials, trying

RULES = Path(__file__).parents[2] / "deploy/prometheus"
_METRIC = re.compile(r"\btaxlien_[a-z_]+\b")
_BY = re.compile(r"\bby \(([^)]*)\)")
_LABEL = re.compile(r"\$labels\.(\w+)")
_SHOWN = (alarming, serving, trials, trying)
"""What is imported shows its metrics."""


def exported() -> dict[str, set[str]]:
    """Every metric this process shows, by the name Prometheus stores, with its labels."""
    found: dict[str, set[str]] = {}
    ours = {c for name, c in REGISTRY._names_to_collectors.items() if name.startswith("taxlien_")}
    for collector in ours:
        labels = set(getattr(collector, "_labelnames", ()))
        for family in collector.describe():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = labels
    return found


def rules() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.name} {rule['alert']}", rule)
        for path in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


@pytest.mark.parametrize(
    ("name", "rule"), rules(), ids=lambda it: it if isinstance(it, str) else ""
)
def test_a_rule_asks_for_what_the_product_shows(name: str, rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations", "keep_firing_for"}
    known, asked = exported(), _METRIC.findall(rule["expr"])
    assert asked
    assert set(asked) <= set(known), name
    labels = set.intersection(*(known[metric] for metric in asked))
    grouped = {label.strip() for by in _BY.findall(rule["expr"]) for label in by.split(",")}
    assert grouped <= labels
    assert set(_LABEL.findall(rule["annotations"]["summary"])) <= grouped
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert re.fullmatch(r"\d+[smhd]", rule.get("for", "0s"))


@pytest.mark.parametrize(
    ("name", "rule"), rules(), ids=lambda it: it if isinstance(it, str) else ""
)
def test_a_rule_is_promql(name: str, rule: dict[str, Any]) -> None:
    assert promql_parser.parse(rule["expr"])
