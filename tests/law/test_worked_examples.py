"""Every worked example and negative test, as JSON cases with their exact figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from taxlien.law.cases import answer, answer_line
from taxlien.law.rulebook import RuleBook

EXAMPLES = [
    json.loads(line)
    for line in Path(__file__).with_name("worked_examples.jsonl").read_text("utf-8").splitlines()
]


def expected(case: dict[str, Any]) -> dict[str, Any]:
    return {k.removeprefix("expected_"): v for k, v in case.items() if k.startswith("expected_")}


@pytest.mark.parametrize("case", EXAMPLES, ids=[case["id"] for case in EXAMPLES])
def test_worked_example_gives_its_exact_figures(case: dict[str, Any], rulebook: RuleBook) -> None:
    found = answer(case, rulebook)
    wanted = expected(case)
    assert found["id"] == case["id"]
    if "error" in wanted:
        assert found["error"]["code"] == wanted["error"], found
        return
    assert "error" not in found, found
    assert {key: found[key] for key in wanted} == wanted


def test_the_documented_example_is_reproduced_literally(rulebook: RuleBook) -> None:
    line = (
        '{"id": "a1", "state": "CO", "county_fips": "08069", "sale_date": "2003-11-19",'
        ' "face_amount": "2104.88", "bid_rate_pct": null, "premium": "0", "price": null,'
        ' "homestead": null,'
        ' "subsequent_taxes": [{"paid_on": "2004-08-01", "amount": "45.38"}],'
        ' "costs": [{"kind": "recording_fee", "paid_on": "2003-11-19", "amount": "10.00"}],'
        ' "redeemed_on": "2004-05-20"}'
    )
    assert json.loads(answer_line(line, rulebook)) == {
        "id": "a1",
        "rule": "CO/lien/1990-01-01",
        "interest": "135.06",
        "penalty": "0.00",
        "owner_payoff": "2239.94",
        "holder_proceeds": "2239.94",
        "outlay": "2104.88",
        "roi_pct": "6.42",
        "xirr_pct": "13.2",
        "components": [
            {
                "label": "interest on face",
                "amount": "135.06",
                "months": 7,
                "rate_pct": "11",
                "statute": "Colo. Rev. Stat. 39-12-103(3)",
            }
        ],
        "warnings": [],
        "unrecovered_costs": "10.00",
    }


def test_arizona_counts_fifteen_and_seven_months(rulebook: RuleBook) -> None:
    case = next(case for case in EXAMPLES if case["id"] == "T2")
    parts = answer(case, rulebook)["components"]
    assert [(p["months"], p["amount"]) for p in parts] == [(15, "1000.00"), (7, "112.00")]


def test_new_jersey_charges_eight_percent_below_fifteen_hundred_of_the_whole_delinquency(
    rulebook: RuleBook,
) -> None:
    found = answer(
        {
            "id": 1,
            "state": "NJ",
            "sale_date": "2022-01-10",
            "face_amount": "500.00",
            "bid_rate_pct": "0",
            "subsequent_taxes": [{"paid_on": "2022-01-10", "amount": "2000.00"}],
            "redeemed_on": "2023-01-10",
        },
        rulebook,
    )
    parts = [(p["amount"], p["rate_pct"]) for p in found["components"] if "tax" in p["label"]]
    assert parts == [("80.00", "8"), ("180.00", "18")]


def test_a_low_confidence_rule_carries_a_visible_warning(rulebook: RuleBook) -> None:
    found = answer(
        {
            "id": "ny",
            "state": "NY",
            "sale_date": "2020-02-01",
            "face_amount": "1000",
            "bid_rate_pct": "10",
            "redeemed_on": "2021-02-01",
        },
        rulebook,
    )
    assert found["interest"] == "100.00"
    assert any("low confidence" in warning for warning in found["warnings"])


@pytest.mark.parametrize(
    "state", ["AK", "ID", "KS", "ME", "NH", "NY", "OK", "OR", "UT", "VA", "WA"]
)
def test_low_confidence_states_never_answer_without_a_warning(
    state: str, rulebook: RuleBook
) -> None:
    found = answer(
        {
            "id": state,
            "state": state,
            "sale_date": "2020-02-01",
            "face_amount": "1000",
            "bid_rate_pct": None,
            "price": "2000",
            "redeemed_on": "2021-02-01",
        },
        rulebook,
    )
    assert "error" in found
    assert any("low confidence" in warning for warning in found["warnings"])
