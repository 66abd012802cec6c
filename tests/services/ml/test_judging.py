"""A challenger wins only beyond noise, and on parcels that taught nobody."""

from __future__ import annotations

import numpy as np

from taxlien.services.ml.logic.bootstrap import compare
from taxlien.services.ml.logic.frozen import is_frozen, split
from taxlien.services.ml.logic.table import table_of


def losses(gain: float, cases: int = 400, per_parcel: int = 1):
    random = np.random.default_rng(1)
    champion = random.random(cases)
    challenger = champion - gain + np.repeat(random.normal(0, 0.2, cases // per_parcel), per_parcel)
    return champion, challenger, np.arange(cases) // per_parcel


def test_a_gain_beyond_noise_is_better_and_one_within_is_not() -> None:
    clear, doubtful, worse = (compare(*losses(gain)) for gain in (0.05, 0.005, -0.05))
    assert clear.better
    assert clear.low < clear.difference < clear.high < 0
    assert not doubtful.better
    assert doubtful.low < 0 < doubtful.high
    assert not worse.better
    assert worse.low > 0


def test_cases_of_one_parcel_are_no_evidence_of_their_own() -> None:
    alone, together = compare(*losses(0.02)), compare(*losses(0.02, per_parcel=40))
    assert (together.cases, together.clusters) == (400, 10)
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_the_same_losses_are_compared_the_same_way_again() -> None:
    assert compare(*losses(0.02)) == compare(*losses(0.02))


def test_what_cannot_be_measured_counts_for_nobody() -> None:
    champion, challenger, cluster = losses(0.05)
    champion[:100], challenger[300:] = np.nan, np.nan
    found = compare(champion, challenger, cluster)
    assert (found.cases, found.better) == (200, True)
    nothing = compare(np.full(3, np.nan), np.zeros(3), np.arange(3))
    assert (nothing.cases, nothing.better) == (0, False)


def test_one_parcel_in_twenty_judges_and_stays_so() -> None:
    rows = [
        {"lien_id": str(n), "county_fips": "08069", "parcel_key": str(n // 2), "tax_year": 2000 + n}
        for n in range(4_000)
    ]
    taught, judged = split(table_of(rows))
    assert 60 < len(judged) / 2 < 140
    assert not set(taught["parcel_key"]) & set(judged["parcel_key"])
    assert len(taught) + len(judged) == 4_000
    # Written down: another choice would let champions be judged by what taught them.
    assert [n for n in range(60) if is_frozen("08069", str(n))] == [0, 7, 10, 30, 44]
