"""Payoffs a second on one core: the fast path, the full engine, the JSON path, and two peers.

    python bench/payoff.py [--seconds 1.0]

The peers do one state's arithmetic and nothing else (no rule, date, statute or check): the same in
bare ``Decimal``, and a naive one in floats that is wrong by a cent now and then. They run in the
same process, interleaved with ours, and the table gives the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from taxlien.interfaces.rulebook import load_rulebook
from taxlien.law.cases import answer_line
from taxlien.law.facts import Case, Payment
from taxlien.law.payoff import payoff
from taxlien.law.pricing import Pricer

CENT = Decimal("0.01")
COUNT = 20_000
ROUNDS = 5


def liens(seed: int) -> list[tuple[str, str, date, Decimal, Decimal | None, Decimal | None]]:
    """State, county, sale date, face, bid and premium, spread like a file of several states."""
    chance = random.Random(seed)
    made = []
    for _ in range(COUNT):
        state, county = chance.choice(
            [("FL", "12105"), ("AZ", "04013"), ("CO", "08069"), ("MD", "24510"), ("NJ", "34013")]
        )
        sold = date(chance.randint(2006, 2014), 6, 1) + timedelta(days=chance.choice([0, 1, 150]))
        face = Decimal(chance.randint(5_000, 900_000)) / 100
        bid = Decimal(chance.randint(1, 64)) / 4 if state in {"FL", "AZ", "NJ"} else None
        made.append((state, county, sold, face, bid, Decimal(0) if state != "CO" else face / 20))
    return [(s, c, d, f, b, None if p is None else p.quantize(CENT)) for s, c, d, f, b, p in made]


def bare_decimal(face: Decimal, rate: Decimal, months: int) -> tuple[Decimal, Decimal]:
    interest = (face * rate * months / 1200).quantize(CENT, ROUND_HALF_UP)
    total = face + interest
    return total, ((total - face) * 100 / face).quantize(CENT, ROUND_HALF_UP)


def naive_float(face: float, rate: float, months: int) -> tuple[float, float]:
    total = face + round(face * rate * months / 1200, 2)
    return total, round((total - face) / face * 100, 2)


def rate_of(run: Callable[[], int]) -> float:
    started = time.process_time()
    return run() / (time.process_time() - started)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    rulebook, made = load_rulebook(), liens(7)
    quick = Pricer(rulebook)
    cases = [
        Case(state=s, county_fips=c, sale_date=d, face_amount=f, bid_rate_pct=b,
             premium=p or Decimal(0), redeemed_on=d + timedelta(days=300))
        for s, c, d, f, b, p in made
    ]  # fmt: skip
    with_tax = [
        Case(state=x.state, county_fips=x.county_fips, sale_date=x.sale_date,
             face_amount=x.face_amount, bid_rate_pct=x.bid_rate_pct, redeemed_on=x.redeemed_on,
             subsequent_taxes=(Payment(x.sale_date + timedelta(days=90), Decimal("450.00")),))
        for x in cases if x.state != "FL"
    ]  # fmt: skip
    lines = [
        json.dumps({"id": n, "state": x.state, "county_fips": x.county_fips,
                    "sale_date": str(x.sale_date), "face_amount": str(x.face_amount),
                    "bid_rate_pct": None if x.bid_rate_pct is None else str(x.bid_rate_pct),
                    "premium": str(x.premium), "redeemed_on": str(x.redeemed_on)})
        for n, x in enumerate(cases)
    ]  # fmt: skip
    floats = [(float(f), float(b or 10), 12) for _, _, _, f, b, _ in made]
    decimals = [(f, b or Decimal(10), 12) for _, _, _, f, b, _ in made]

    def priced() -> int:
        for s, c, d, f, b, p in made:
            quick.price(s, c, "certificate", d, f, b, p)
        return len(made)

    def computed(given: list[Case]) -> int:
        for case in given:
            found = payoff(case, rulebook)
            _ = found.owner_payoff, found.holder_proceeds
        return len(given)

    runs: dict[str, Callable[[], int]] = {
        "fast path: Pricer.price (owner, holder, ROI, yield)": priced,
        "full engine: payoff(), lines and statutes": lambda: computed(cases),
        "full engine with a subsequent tax": lambda: computed(with_tax),
        "JSON line in, JSON line out, with XIRR": lambda: sum(
            1 for line in lines if answer_line(line, rulebook)
        ),
        "peer: the arithmetic alone in bare Decimal": lambda: sum(
            1 for f, r, m in decimals if bare_decimal(f, r, m)
        ),
        "peer: the arithmetic alone in naive floats": lambda: sum(
            1 for f, r, m in floats if naive_float(f, r, m)
        ),
    }
    measured: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            measured[name].append(rate_of(run))
    peer = statistics.median(measured["peer: the arithmetic alone in bare Decimal"])
    print(f"{'payoffs a second on one core (CPU time)':<55}{'median':>12}{'x bare Decimal':>16}")
    for name, rates in measured.items():
        median = statistics.median(rates)
        print(f"{name:<55}{median:>12,.0f}{median / peer:>16.2f}")


if __name__ == "__main__":
    main()
