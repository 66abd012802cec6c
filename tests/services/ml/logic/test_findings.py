"""Weaknesses are read off figures, and simple ways are what they say they are."""

from __future__ import annotations

import numpy as np

from taxlien.services.ml.adapters.pictures import drawn
from taxlien.services.ml.logic import findings, peers
from taxlien.services.ml.logic.findings import Findings


def test_what_speaks_against_a_model_is_said_and_nothing_else() -> None:
    rng = np.random.default_rng(3)
    miss, rate = rng.random(400), rng.random(400) + 0.5
    low = np.zeros(400)
    good = Findings(
        (findings.compared("bids", "mean miss", miss, {"the rate": rate}),),
        held=(findings.held("bids", low, low + 8, np.linspace(0, 10, 400)),),
    )
    assert findings.weaknesses(good) == []
    years = np.repeat([2019, 2020], 200)
    bad = Findings(
        (findings.compared("bids", "mean miss", rate, {"the rate": miss}),),
        (findings.honesty("chance", np.full(400, 0.9), (rng.random(400) < 0.5) * 1.0),),
        (findings.by_year("bids", "mean miss", years, rate, ("the rate", miss)),),
        (findings.held("bids", low, low + 5, np.linspace(0, 10, 400)),),
        findings.shifted(["face"], rng.random((500, 1)), rng.random((500, 1)) + 2),
    )
    told = "\n".join(findings.weaknesses(bad))
    assert told.count("no better than the rate") == 2
    for words in ("in 2019, 2020", "held 50.0 %", "(ECE), n = 400", "1 of 1 features", "face"):
        assert words in told
    assert findings.joined(good, bad).compared == good.compared + bad.compared


def test_few_cases_are_neither_strength_nor_weakness() -> None:
    few = findings.compared("bids", "mean miss", np.ones(10), {"the rate": np.zeros(10)})
    assert findings.weaknesses(Findings((few,))) == []


def test_pictures_of_the_same_figures_are_the_same_bytes_without_a_date() -> None:
    said, came = np.linspace(0, 1, 100), (np.arange(100) % 3 == 0) * 1.0
    found = Findings(honesty=(findings.honesty("chance", said, came),))
    [(name, content)] = drawn(found).items()
    assert (name, drawn(found)[name]) == ("reliability.svg", content)
    assert b"dc:date" not in content
    assert drawn(Findings()) == {}


def test_a_logistic_regression_finds_the_odds_and_bears_what_is_unknown() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(4_000, 2))
    chance = 1 / (1 + np.exp(-(1.5 * rows[:, 0] - 0.5)))
    came = (rng.random(4_000) < chance) * 1.0
    rows[::7, 1] = np.nan
    said = peers.logistic(rows, came, rows)
    assert np.abs(said - chance).mean() < 0.03
    assert np.isfinite(peers.logistic(rows[:50], came[:50], np.full((2, 2), np.nan))).all()


def test_a_place_without_rows_is_told_what_holds_for_all() -> None:
    places = np.array([b"a", b"a", b"b"])
    asked = np.array([b"a", b"c"])
    assert peers.rate_of(places, np.array([1.0, 0.0, 1.0]), asked).tolist() == [0.5, 2 / 3]
    assert peers.middle_of(places, np.array([1.0, 3.0, 9.0]), asked).tolist() == [2.0, 3.0]
